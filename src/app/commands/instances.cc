// sallyport instances [--json]: the gateways of this machine, those that are configured in
// /etc/sallyport and those that run, each asked how it is. Exit code 1 when one is configured and
// not ready.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/socket_client.h"
#include "admin/status.h"
#include "app/command.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/terminal_text.h"
#include "config/instance.h"

namespace sallyport::app {
namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr std::size_t kAtOnce = 32;

/// An instance and what it said of itself.
struct Row {
  config::FoundInstance found;
  std::optional<admin::Status> status;
  std::optional<Error> problem;  ///< why there is none

  [[nodiscard]] bool ready() const { return status && status->ready; }
};

std::string_view state_of(const Row& row) {
  if (row.status) return row.status->ready ? "ready" : "not ready";
  if (row.found.problem) return "wrong";  // its file; it cannot be found by that
  bool stopped =
      row.problem->code == "status.no_socket" || row.problem->code == "status.no_gateway";
  return stopped ? "stopped" : "unknown";
}

Row ask(config::FoundInstance found) {
  Row row{.found = std::move(found), .status = {}, .problem = {}};
  if (row.found.problem) {
    row.problem = row.found.problem;
    return row;
  }
  auto answer = admin::ask_socket(row.found.places.socket, "GET", "/api/v1/status", kPatience);
  if (!answer) {
    row.problem = std::move(answer.error());
    return row;
  }
  auto status = admin::parse_status(answer->body);
  if (answer->status == 200 && status) {
    row.status = std::move(*status);
  } else {
    row.problem = Error{"status.not_a_gateway",
                        fmt::format("what listens on {} is not a gateway", row.found.places.socket),
                        "look at who made it"};
  }
  return row;
}

// Beside each other, so that silent ones cost a second together and not one each.
std::vector<Row> ask_all(std::vector<config::FoundInstance> all) {
  std::vector<Row> rows;
  rows.reserve(all.size());
  for (std::size_t begin = 0; begin < all.size(); begin += kAtOnce) {
    std::vector<std::future<Row>> asked;
    const std::size_t end = std::min(begin + kAtOnce, all.size());
    asked.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      asked.push_back(std::async(std::launch::async, ask, std::move(all[i])));
    }
    for (auto& one : asked) rows.push_back(one.get());
  }
  return rows;
}

std::uint64_t requests_of(const admin::Status& status) {
  std::uint64_t sum = 0;
  for (const auto& worker : status.workers) {
    for (const auto& [outcome, count] : worker.requests) sum += count;
  }
  return sum;
}

std::uint64_t running_of(const admin::Status& status) {
  std::uint64_t sum = 0;
  for (const auto& worker : status.workers) sum += worker.exchanges;
  return sum;
}

std::int64_t seconds_up(const admin::Status& status) {
  auto up = system_clock().wall() - status.started;
  return std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(up).count());
}

std::string age(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 86400) return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86400, seconds / 3600 % 24);
}

std::string_view name_of(const Row& row) {
  return row.found.places.instance.empty() ? "-" : std::string_view(row.found.places.instance);
}

// Its own file, or what a running one that nobody configured here says that it runs with.
std::string file_of(const Row& row) {
  if (row.found.configured) return row.found.places.configuration;
  return row.status ? fmt::format("{} (not in {})", row.status->configuration_path,
                                  config::kConfigurationFolder)
                    : std::string("none");
}

void append_line(std::string& out, const Row& row) {
  std::string version = "-", pid = "-", up = "-", requests = "-";
  if (row.status) {
    version = row.status->version;
    pid = std::to_string(row.status->pid);
    up = age(seconds_up(*row.status));
    requests = std::to_string(requests_of(*row.status));
  }
  out += fmt::format("{:<20} {:<10} {:<9} {:>8} {:>9} {:>10}  {}\n", name_of(row), state_of(row),
                     for_terminal(version), pid, up, requests, for_terminal(file_of(row)));
  if (row.status && !row.status->ready) {
    out += fmt::format("{:<20} {}\n", "", for_terminal(row.status->reason));
  }
  // One that is down has nothing to explain.
  if (row.problem && state_of(row) != "stopped") {
    out += fmt::format("{:<20} {}. Next: {}.\n", "", for_terminal(row.problem->message),
                       for_terminal(row.problem->next_step));
  }
}

std::string text_of(const std::vector<Row>& rows) {
  if (rows.empty()) {
    return fmt::format("no gateway is configured in {}, and none runs\n",
                       config::kConfigurationFolder);
  }
  std::string out = fmt::format("{:<20} {:<10} {:<9} {:>8} {:>9} {:>10}  {}\n", "INSTANCE", "STATE",
                                "VERSION", "PID", "UP", "REQUESTS", "CONFIGURATION");
  for (const Row& row : rows) append_line(out, row);
  return out;
}

void append_json(JsonWriter& json, const Row& row) {
  const auto& places = row.found.places;
  json.begin().text_if("instance", places.instance).text("state", state_of(row));
  json.boolean("configured", row.found.configured).boolean("ready", row.ready());
  if (row.found.configured) json.text("configuration", places.configuration);
  json.text("socket", places.socket);
  if (row.status) {
    const admin::Status& status = *row.status;
    json.text_if("reason", status.reason).text("version", status.version);
    json.number("pid", status.pid).text("started", format_time(status.started));
    json.number("uptime_s", seconds_up(status));
    json.number("requests", static_cast<std::int64_t>(requests_of(status)));
    json.number("running", static_cast<std::int64_t>(running_of(status)));
    json.text("runs_with", status.configuration_path);
  }
  if (row.problem) {
    json.object("problem").text("code", row.problem->code).text("message", row.problem->message);
    json.text_if("next_step", row.problem->next_step).end();
  }
  json.end();
}

std::string json_of(const std::vector<Row>& rows) {
  std::string out;
  JsonWriter json(out);
  json.begin().array("instances");
  for (const Row& row : rows) append_json(json, row);
  json.end_array().end();
  return out + '\n';
}

Exit run_instances(bool json) {
  const auto rows = ask_all(config::find_instances(config::system_environment()));
  const std::string page = json ? json_of(rows) : text_of(rows);
  std::fwrite(page.data(), 1, page.size(), stdout);
  const bool all_ready = std::ranges::all_of(
      rows, [](const Row& row) { return !row.found.configured || row.ready(); });
  return all_ready ? Exit::kDone : Exit::kNo;
}

}  // namespace

void add_instances_command(CLI::App& root, Exit& exit) {
  auto json = std::make_shared<bool>(false);
  auto* command = root.add_subcommand("instances", "The gateways of this machine and how they are");
  command->add_flag("--json", *json, "One JSON object");
  command->callback([json, &exit] { exit = run_instances(*json); });
}

}  // namespace sallyport::app
