// sallyport config check [FILE] [--json]: what the gateway would do with a file, or every reason why
// it would not start. `config reload [--dry-run]` has the running gateway read its file again, over
// its administrator's API: exit code 1 where the answer is no and nothing was changed. `config
// reference` prints the reference page (docs/configuration.md).
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/api_client.h"
#include "app/command.h"
#include "app/gateway_options.h"
#include "base/json_reader.h"
#include "config/configuration.h"
#include "config/effective.h"
#include "config/reference.h"
#include "config/summary.h"

namespace sallyport::app {
namespace {

void print(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

Exit run_check(const std::string& path, bool json) {
  auto loaded = config::load(path, config::system_environment());
  bool good = loaded.configuration.has_value();
  if (json) {
    print(stdout, config::summary_json(loaded) + '\n');
  } else {
    print(good ? stdout : stderr, config::summary_text(loaded));
  }
  return good ? Exit::kDone : Exit::kWrongInput;
}

struct ReloadOptions {
  GatewayOptions gateway;
  bool dry_run = false;
  bool json = false;
};

/// An answer of /configuration/reload, or a problem.
struct ReloadAnswer {
  std::string sha256_before, sha256;
  std::vector<config::KeyChange> changed;
  std::vector<std::string> findings;  ///< as `config check` prints them
  std::string code, detail, next_step;
};

std::string read_text(JsonReader& json) {
  JsonText value;
  if (json.peek() == JsonKind::kText) return json.text(value) ? value.decode() : std::string();
  json.skip();
  return {};
}

void read_change(JsonReader& json, config::KeyChange& change) {
  JsonText key;
  if (!json.begin_object()) return;
  while (json.next_member(key)) {
    auto text = read_text(json);
    auto* to = key.is("key")   ? &change.key
               : key.is("old") ? &change.before
               : key.is("new") ? &change.after
                               : nullptr;
    if (to != nullptr) *to = std::move(text);
  }
}

int read_place(JsonReader& json) {
  std::string_view number;
  if (!json.number(number)) return 0;
  return static_cast<int>(std::min<std::uint64_t>(whole_number(number).value_or(0), 1 << 30));
}

std::string read_finding(JsonReader& json) {
  config::Finding finding;
  JsonText key;
  if (!json.begin_object()) return {};
  while (json.next_member(key)) {
    auto* text = key.is("file")        ? &finding.file
                 : key.is("key")       ? &finding.key
                 : key.is("message")   ? &finding.message
                 : key.is("nearest")   ? &finding.nearest
                 : key.is("next_step") ? &finding.next_step
                                       : nullptr;
    if (text != nullptr) {
      *text = read_text(json);
    } else if (key.is("line")) {
      finding.place.line = read_place(json);
    } else if (key.is("column")) {
      finding.place.column = read_place(json);
    } else if (key.is("severity")) {
      bool warning = read_text(json) == "warning";
      finding.severity = warning ? config::Severity::kWarning : config::Severity::kError;
    } else {
      json.skip();
    }
  }
  return config::text(finding);
}

std::optional<ReloadAnswer> read_reload(std::string_view body) {
  ReloadAnswer answer;
  JsonReader json(body);
  JsonText key;
  if (!json.begin_object()) return std::nullopt;
  while (json.next_member(key)) {
    auto* text = key.is("sha256")          ? &answer.sha256
                 : key.is("sha256_before") ? &answer.sha256_before
                 : key.is("code")          ? &answer.code
                 : key.is("detail")        ? &answer.detail
                 : key.is("next_step")     ? &answer.next_step
                                           : nullptr;
    if (text != nullptr) {
      *text = read_text(json);
    } else if (key.is("changed") && json.begin_array()) {
      while (json.next_element()) read_change(json, answer.changed.emplace_back());
    } else if (key.is("findings") && json.begin_array()) {
      while (json.next_element()) answer.findings.push_back(read_finding(json));
    } else {
      json.skip();
    }
  }
  if (!json.finish()) return std::nullopt;
  return answer;
}

// What came over a socket must not steer a terminal.
std::string for_terminal(std::string text) {
  for (char& c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return text;
}

void print_reload(const ReloadAnswer& answer, bool dry_run) {
  for (const auto& finding : answer.findings) print(stderr, for_terminal(finding) + "\n");
  for (const auto& change : answer.changed) {
    auto text =
        fmt::format("{}: {} -> {}", change.key, change.before.empty() ? "(nothing)" : change.before,
                    change.after.empty() ? "(nothing)" : change.after);
    print(stdout, for_terminal(std::move(text)) + "\n");
  }
  bool same = answer.sha256 == answer.sha256_before;
  auto keys =
      fmt::format("{} {}", answer.changed.size(), answer.changed.size() == 1 ? "key" : "keys");
  if (dry_run) {
    print(stdout, fmt::format("would be taken over: {} changed; nothing was changed\n", keys));
  } else {
    print(stdout,
          fmt::format("reloaded: {} changed{}\n", keys, same ? ", the file is the same" : ""));
  }
}

Exit run_reload(const ReloadOptions& options) {
  auto path = fmt::format("/api/v1/configuration/reload{}", options.dry_run ? "?dry_run=true" : "");
  auto asked = ask(options.gateway, {.method = "POST", .path = std::move(path)});
  if (!asked) return refuse(asked.error(), options.json);
  auto answer = read_reload(asked->body);
  if (!answer || (asked->status != 200 && answer->code.empty())) {
    print_error(not_understood(*asked, options.gateway, "config.not_understood"), options.json);
    return Exit::kEnvironment;
  }
  if (options.json) {
    print(asked->status == 200 ? stdout : stderr, asked->body);
  } else if (asked->status == 200) {
    print_reload(*answer, options.dry_run);
  } else {
    for (const auto& finding : answer->findings) print(stderr, for_terminal(finding) + "\n");
    print_error({answer->code, answer->detail, answer->next_step});
  }
  return exit_of_status(asked->status);
}

void add_reload(CLI::App& config, Exit& exit) {
  auto options = std::make_shared<ReloadOptions>();
  auto* reload =
      config.add_subcommand("reload", "Have the running gateway read its configuration again");
  add_gateway_options(*reload, options->gateway, GatewayWay::kRunning);
  reload->add_flag("--dry-run", options->dry_run, "Say what would change, and change nothing");
  reload->add_flag("--json", options->json, "The answer as JSON");
  reload->callback([options, &exit] { exit = run_reload(*options); });
}

}  // namespace

void add_config_command(CLI::App& root, Exit& exit) {
  struct Options {
    GatewayOptions gateway;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  auto* config = root.add_subcommand("config", "Check the gateway's configuration");
  config->require_subcommand(1);

  auto* check = config->add_subcommand(
      "check", "Read a configuration as the gateway would, with secrets and certificates");
  add_gateway_options(*check, options->gateway);
  check->add_option("FILE", options->gateway.config, "The configuration")
      ->excludes("--instance")
      ->excludes("--config");
  check->add_flag("--json", options->json, "One JSON object with the findings and the settings");
  check->callback(
      [options, &exit] { exit = run_check(configuration_of(options->gateway), options->json); });

  add_reload(*config, exit);

  auto* reference = config->add_subcommand("reference", "Print the reference page in Markdown");
  reference->group("");  // for the build and the curious, not in --help
  reference->callback([&exit] {
    print(stdout, config::reference_markdown());
    exit = Exit::kDone;
  });
}

}  // namespace sallyport::app
