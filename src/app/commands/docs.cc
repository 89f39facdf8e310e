// sallyport docs api|errors|metrics|record: prints a page of docs/ in Markdown, written from the
// tables that the gateway itself uses. For scripts/docs and the curious, not in --help.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/api/api.h"
#include "admin/api/page_text.h"
#include "app/command.h"
#include "audit/instruments.h"
#include "audit/record_fields.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "gateway/counters.h"
#include "gateway/loop_delay.h"
#include "gateway/refusals_page.h"
#include "identity/revocation_register.h"
#include "store/name_writer.h"
#include "upstream/credential_instruments.h"
#include "upstream/provider.h"

namespace sallyport::app {
namespace {

constexpr std::string_view kMetricsIntroduction = R"(# Metrics

<!-- written by `sallyport docs metrics`; scripts/docs renews it -->

`GET /metrics` at `metrics.listen` and at the local socket answers in the Prometheus text format. Series are there from the start, those of a provider (`upstream`) from the moment its name is configured; no label has a value that a stranger chooses. A histogram has the buckets 1 ms to 10 minutes.

| Name | Type | Labels | What it says |
| --- | --- | --- | --- |
)";

struct Described {
  std::string help;
  std::string type;
  std::map<std::string, std::set<std::string>> labels;
};

// `{a="1",b="2"}` of a sample; `le` is the bucket of a histogram.
void take_labels(std::string_view sample, Described& described) {
  auto open = sample.find('{');
  if (open == std::string_view::npos) return;
  std::string_view rest = sample.substr(open + 1);
  while (!rest.empty() && rest.front() != '}') {
    auto equals = rest.find("=\"");
    auto quote = rest.find('"', equals + 2);
    if (equals == std::string_view::npos || quote == std::string_view::npos) return;
    std::string name(rest.substr(0, equals));
    if (name != "le") described.labels[name].emplace(rest.substr(equals + 2, quote - equals - 2));
    rest.remove_prefix(quote + 1);
    if (rest.starts_with(',')) rest.remove_prefix(1);
  }
}

// Reads what /metrics would answer: "# HELP name text", "# TYPE name type", samples.
std::map<std::string, Described> read_exposition(std::string_view text) {
  std::map<std::string, Described> all;
  Described* current = nullptr;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    bool help = line.starts_with("# HELP ");
    if (help || line.starts_with("# TYPE ")) {
      line.remove_prefix(7);
      auto space = std::min(line.find(' '), line.size() - 1);
      current = &all[std::string(line.substr(0, space))];
      (help ? current->help : current->type) = line.substr(space + 1);
    } else if (current != nullptr) {
      take_labels(line, *current);
    }
  }
  return all;
}

// A register that nobody asks for anything.
class NoLog final : public identity::RevocationLog {
 public:
  Result<std::vector<identity::Revocation>> load() override { return {}; }
  Result<void> append(std::span<const identity::RevocationChange> /*changes*/) override {
    return {};
  }
  Result<void> check() override { return {}; }
};

// Everything that a gateway counts, made as it makes it; tests/conformance/admin compares this page
// with a running one.
std::string metrics_markdown() {
  Metrics metrics;
  const gateway::Counters worker;
  gateway::show_counters(metrics, {&worker});
  std::ignore = gateway::loop_delay_histogram(metrics, "NUMBER");
  audit::Instruments record(metrics);
  upstream::CredentialInstruments credential(metrics, "NAME");
  store::NameTableInstruments names(metrics);
  NoLog log;
  auto revocations = identity::RevocationRegister::open(log, system_clock(), system_entropy(),
                                                        metrics, [](const auto&) {});
  std::string out(kMetricsIntroduction);
  for (const auto& [name, one] : read_exposition(metrics.render())) {
    std::string labels;
    for (const auto& [label, values] : one.labels) {
      labels +=
          fmt::format("{}`{}`: {}", labels.empty() ? "" : "; ", label, fmt::join(values, ", "));
    }
    fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} | {} |\n", name, one.type, labels,
                   one.help);
  }
  return out;
}

// Of one member of the record: header field -> whose it is.
using IdFields = std::map<std::string_view, std::string>;

// "request-id of the provider (Foundry, the Claude API), x-id (Other)."
std::string meaning_of(const IdFields& fields) {
  std::string text;
  for (const auto& [field, titles] : fields) {
    fmt::format_to(std::back_inserter(text), "{}{} ({})", text.empty() ? "" : ", ", field, titles);
  }
  return text + " of the provider.";
}

std::string record_markdown() {
  std::vector<std::pair<std::string_view, IdFields>> members;  // in the order of the rows
  for (const auto& rules : upstream::kProviderRules) {
    for (const auto& id : upstream::kind_of(rules.provider).traits().ids) {
      auto member =
          std::ranges::find_if(members, [&](const auto& one) { return one.first == id.recorded; });
      if (member == members.end()) member = members.insert(members.end(), {id.recorded, {}});
      std::string& titles = member->second[id.field];
      titles.append(titles.empty() ? "" : ", ").append(rules.title);
    }
  }
  std::vector<std::string> meanings;
  std::vector<audit::Field> fields;
  meanings.reserve(members.size());
  fields.reserve(members.size());
  for (const auto& [name, of_fields] : members) {
    fields.push_back({name, "text", meanings.emplace_back(meaning_of(of_fields))});
  }
  return audit::record_markdown(fields);
}

}  // namespace

void add_docs_command(CLI::App& root, Exit& exit) {
  auto* docs = root.add_subcommand("docs", "Print a generated page of docs/ in Markdown");
  docs->group("");
  docs->require_subcommand(1);
  auto add = [&](const char* name, const char* text, std::string (*page)()) {
    docs->add_subcommand(name, text)->callback([page, &exit] {
      std::string written = page();
      std::fwrite(written.data(), 1, written.size(), stdout);
      exit = Exit::kDone;
    });
  };
  add("api", "Every route of the administrator's API",
      [] { return admin::api_markdown(admin::api_routes()); });
  add("errors", "Every refusal of the data plane", gateway::errors_markdown);
  add("metrics", "Every metric", metrics_markdown);
  add("record", "Every member of the record's lines", record_markdown);
}

}  // namespace sallyport::app
