// sallyport audit show: the record as a person reads it, also while the gateway runs; from its
// folder, or with --server from the gateway itself.
// sallyport audit verify: whether it is whole and unchanged; exit 1 names what is not.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "admin/api/request_rows.h"
#include "app/command.h"
#include "app/commands/audit_rows.h"
#include "app/gateway_options.h"
#include "audit/history.h"
#include "audit/revocation_story.h"
#include "audit/segment_name.h"
#include "audit/verify.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/terminal_text.h"
#include "config/instance.h"
#include "store/store.h"

namespace sallyport::app {
namespace {

struct ShowOptions {
  GatewayOptions gateway;
  std::string directory;  ///< of the record, once the gateway is known
  std::string store;
  std::size_t last = 50;
  std::string id;
  std::string person;
  std::string since;
  std::string outcome;
  std::string reason;
  std::string model;
  std::string revocation;
  bool json = false;
};

struct VerifyOptions {
  GatewayOptions gateway;
  std::string directory;
  bool json = false;
};

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// A folder that is not there is a wrong argument, one that cannot be read is the environment.
Exit refuse(const Error& error, const std::string& directory, bool json) {
  print_error(with_old_place(error, directory, config::kOldAudit, "--directory"), json);
  std::error_code ignored;
  bool there = std::filesystem::is_directory(directory, ignored);
  return there ? Exit::kEnvironment : Exit::kWrongInput;
}

// Without a record "no records match" would read as "nothing happened".
bool holds_record(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (audit::parse_segment_name(entry.path().filename().string())) return true;
  }
  return false;
}

Exit refuse_empty(const std::string& directory, bool json) {
  print_error({"audit.empty", fmt::format("there is no audit record in {}", directory),
               "name the directory that the configuration has as audit.directory"},
              json);
  return Exit::kWrongInput;
}

// --- show ---

// "2026-11-21", "2026-11-21T08:15" or "90m", "2h", "7d" ago; as the record writes times.
std::optional<std::string> parse_since(std::string text) {
  if (text.empty()) return text;
  constexpr std::string_view kPattern = "0000-00-00T00:00:00";
  if (text.ends_with('Z')) text.pop_back();
  if (text.size() >= 4 && text.size() <= kPattern.size()) {
    bool matches = std::ranges::equal(text, kPattern.substr(0, text.size()), [](char c, char p) {
      return p == '0' ? is_digit(c) : c == p;
    });
    if (matches) return text;
  }
  auto unit = text.back();
  text.pop_back();
  if (text.empty() || text.size() > 6 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  auto count = std::stol(text);
  auto seconds = unit == 's'   ? count
                 : unit == 'm' ? count * 60
                 : unit == 'h' ? count * 3600
                 : unit == 'd' ? count * 86400
                               : -1;
  if (seconds < 0) return std::nullopt;
  return format_time(system_clock().wall() - std::chrono::seconds(seconds));
}

// --- show --revocation ---

Exit show_revocation(const ShowOptions& options) {
  if (!options.gateway.server.empty()) {
    return show_story_from_server(options.gateway, options.revocation, options.json);
  }
  auto story = audit::read_revocation_story(options.directory, options.revocation);
  if (!story) return refuse(story.error(), options.directory, options.json);
  if (story->steps.empty() && !holds_record(options.directory)) {
    return refuse_empty(options.directory, options.json);
  }
  return print_story(*story, options.revocation, options.json);
}

// For CLI11: what is wrong, or nothing.
std::string refuse_outcome(const std::string& outcome) {
  std::string_view left = admin::kOutcomes;
  while (!left.empty()) {
    auto end = std::min(left.find('|'), left.size());
    if (left.substr(0, end) == outcome) return {};
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  std::string names(admin::kOutcomes);
  std::ranges::replace(names, '|', ' ');
  return fmt::format("{} is no outcome; there are {}", outcome, names);
}

Exit run_show(const ShowOptions& options) {
  if (!options.revocation.empty()) return show_revocation(options);
  auto since = parse_since(options.since);
  if (!since) {
    print_error({"usage.since", fmt::format("\"{}\" is no time", options.since),
                 "write --since 2026-11-21T08:00 (UTC), or 15m, 2h, 7d for that long ago"},
                options.json);
    return Exit::kWrongInput;
  }
  if (!options.gateway.server.empty()) {
    return show_from_server({options.gateway, options.last, options.id, options.person, *since,
                             options.outcome, options.reason, options.model, options.json});
  }
  std::unique_ptr<store::NameReader> names;  // null: nobody asked for names
  if (!options.store.empty()) {
    auto location = options.store.find(':') == std::string::npos
                        ? store::location_of_file(std::filesystem::absolute(options.store))
                        : options.store;
    auto opened = store::open_names(location);
    if (!opened) {
      print_error(opened.error(), options.json);
      return opened.error().code == store::kStoreLocation ? Exit::kWrongInput : Exit::kEnvironment;
    }
    names = std::move(*opened);
  }
  audit::HistoryQuery query{options.last, options.id, options.person, *since};
  query.outcome = options.outcome;
  query.reason = options.reason;
  query.model = options.model;
  auto rows = audit::read_history(options.directory, query);
  if (!rows) return refuse(rows.error(), options.directory, options.json);
  if (rows->empty() && !holds_record(options.directory)) {
    return refuse_empty(options.directory, options.json);
  }
  const auto name_of = [&names](const audit::Row& row) {
    if (!names || row.person.empty()) return std::string();
    return names->find(row.person).value_or("");
  };
  if (options.json) {
    print_json(*rows, name_of);
  } else if (rows->empty()) {
    bool by_person = !options.person.empty();
    print(fmt::format("no records match{}\n",
                      by_person ? "; --person takes issuer/tenant/object id, or the object id "
                                  "alone, not a name"
                                : ""));
  } else {
    print_table(*rows, name_of);
    if (!options.id.empty()) print_lines(*rows);
  }
  return options.id.empty() || !rows->empty() ? Exit::kDone : Exit::kNo;
}

// --- verify ---

void print_chain(const audit::ChainReport& chain) {
  print(fmt::format("{}  {}  segments {}  lines {}  requests {}  running {}  interrupted {}{}\n",
                    chain.name, chain.live ? "live " : "ended", chain.segments, chain.lines,
                    chain.requests, chain.running, chain.interrupted,
                    chain.torn ? "  torn: its last line is incomplete" : ""));
  if (!chain.head_hash.empty()) {
    print(fmt::format("  head {} {}\n", chain.head_sequence, chain.head_hash));
  }
}

void print_finding(const audit::Finding& finding) {
  auto place = finding.file.empty() ? finding.chain : finding.file;
  if (finding.line != 0) place += fmt::format(":{}", finding.line);
  print(fmt::format("{}: {}: {}\n", place, finding.code, finding.message));
  if (!finding.expected.empty())
    print(fmt::format("  expected {}\n", for_terminal(finding.expected)));
  if (!finding.found.empty()) print(fmt::format("  found    {}\n", for_terminal(finding.found)));
}

void print_text(const audit::VerifyReport& report) {
  std::ranges::for_each(report.chains, print_chain);
  std::ranges::for_each(report.findings, print_finding);
  if (report.more_findings > 0) print(fmt::format("and {} more\n", report.more_findings));
  if (report.intact()) {
    print(fmt::format("intact: {} chains, {} lines\n", report.chains.size(), report.lines));
  } else {
    auto findings = report.findings.size() + report.more_findings;
    print(fmt::format("NOT INTACT: {} finding{} in {} chains, {} lines\n", findings,
                      findings == 1 ? "" : "s", report.chains.size(), report.lines));
  }
}

Exit run_verify(const VerifyOptions& options) {
  auto report = audit::verify(options.directory);
  if (!report) return refuse(report.error(), options.directory, options.json);
  if (report->chains.empty()) return refuse_empty(options.directory, options.json);
  if (options.json) {
    print(audit::report_json(*report));
  } else {
    print_text(*report);
  }
  return report->intact() ? Exit::kDone : Exit::kNo;
}

// Runs the command with the directory of the gateway that is meant, unless it is a server.
template <typename Options>
Exit with_directory(Options& options, Exit (*run)(const Options&)) {
  if (!options.gateway.server.empty()) return run(options);
  auto directory = audit_directory_of(options.gateway);
  if (!directory) {
    print_error(directory.error(), options.json);
    return Exit::kWrongInput;
  }
  options.directory = std::move(*directory);
  return run(options);
}

}  // namespace

void add_audit_command(CLI::App& root, Exit& exit) {
  auto* audit = root.add_subcommand("audit", "Read and verify the audit record");
  audit->require_subcommand(1);

  auto show_options = std::make_shared<ShowOptions>();
  auto* show = audit->add_subcommand("show", "Requests, refusals and events in the order of time");
  add_gateway_options(*show, show_options->gateway, GatewayWay::kRecord);
  show->add_option("--last", show_options->last, "The newest so many; 0: all")
      ->capture_default_str();
  show->add_option("--id", show_options->id, "One request, in full");
  show->add_option("--person", show_options->person,
                   "One person: issuer/tenant/object id, or the object id alone");
  show->add_option("--since", show_options->since, "2026-11-21T08:00 (UTC), or 15m, 2h, 7d ago");
  show->add_option("--outcome", show_options->outcome, "That ended so: complete, refused, ...")
      ->check(CLI::Validator(refuse_outcome, "OUTCOME"));
  show->add_option("--reason", show_options->reason, "With this code (docs/errors.md)");
  show->add_option("--model", show_options->model, "As it was asked for");
  show->add_option("--revocation", show_options->revocation,
                   "The story of one revocation, by its id");
  show->add_option("--store", show_options->store, "The store, to show names instead of ids")
      ->excludes("--server");
  show->add_flag("--json", show_options->json, "One JSON object");
  show->callback([show_options, &exit] { exit = with_directory(*show_options, run_show); });

  auto verify_options = std::make_shared<VerifyOptions>();
  auto* verify = audit->add_subcommand("verify", "Check every chain; exit 1 if one is not whole");
  add_gateway_options(*verify, verify_options->gateway, GatewayWay::kDirectory);
  verify->add_flag("--json", verify_options->json, "One JSON object");
  verify->callback([verify_options, &exit] { exit = with_directory(*verify_options, run_verify); });
}

}  // namespace sallyport::app
