// The rig's load driver: one load against one port of this machine, one JSON object as the result.
//
//   rig_load --load closed --port 8080 --connections 32 --seconds 5 --tokens FILE --body FILE
//
// Loads: closed, open, streams (loads.h). --field "name: value" adds a header line; --pids are the
// processes whose CPU time and memory are read at the window's edges.
#include <sys/prctl.h>

#include <cstdio>
#include <sstream>

#include "loads.h"
#include "options.h"
#include "process.h"

namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::istringstream text(rig::read_file(path));
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

void print(const rig::Report& report) {
  std::printf(
      "{\"seconds\":%.3f,\"answers\":%llu,\"events\":%llu,\"cpu_us\":%lld,"
      "\"memory_before_kib\":%lld,\"memory_kib\":%lld,\"p50_us\":%.1f,\"p99_us\":%.1f,"
      "\"p999_us\":%.1f,\"first_event_p50_us\":%.1f,\"first_event_p99_us\":%.1f,"
      "\"errors\":%llu,\"first_error\":\"%s\"}\n",
      report.seconds, static_cast<unsigned long long>(report.answers),
      static_cast<unsigned long long>(report.events), static_cast<long long>(report.cpu_us),
      static_cast<long long>(report.memory_before_kib), static_cast<long long>(report.memory_kib),
      report.latency.microseconds_at(0.5), report.latency.microseconds_at(0.99),
      report.latency.microseconds_at(0.999), report.first_event.microseconds_at(0.5),
      report.first_event.microseconds_at(0.99), static_cast<unsigned long long>(report.errors),
      report.first_error.c_str());
}

}  // namespace

int main(int count, char** words) {
  rig::Options options(count, words,
                       {{"load", "closed"},
                        {"port", ""},
                        {"tls", "no"},
                        {"path", "/v1/messages"},
                        {"field", ""},
                        {"tokens", ""},
                        {"body", ""},
                        {"close", "no"},
                        {"connections", "32"},
                        {"rate", "500"},
                        {"ramp", "1000"},
                        {"warm-up", "1"},
                        {"seconds", "5"},
                        {"pids", ""}});
  rig::prepare_process();
  ::prctl(PR_SET_TIMERSLACK, 1);
  rig::RequestShape shape;
  shape.path = options.text("path");
  if (!options.text("field").empty()) shape.fields = options.text("field") + "\r\n";
  if (!options.text("tokens").empty()) shape.tokens = lines_of(options.text("tokens"));
  shape.body = rig::read_file(options.text("body"));
  shape.close = options.text("close") == "yes";
  rig::Plan plan;
  plan.connections = options.count("connections");
  plan.rate = options.number("rate");
  plan.ramp = options.number("ramp");
  plan.warm_up = options.number("warm-up");
  plan.seconds = options.number("seconds");
  plan.first = shape.tokens.size() + plan.connections;
  plan.pids = rig::parse_pids(options.text("pids"));
  auto port = static_cast<std::uint16_t>(options.number("port"));
  SSL_CTX* tls = options.text("tls") == "yes" ? rig::client_context() : nullptr;
  const std::string& load = options.text("load");
  if (load == "closed") {
    print(rig::run_closed(port, tls, shape, plan));
  } else if (load == "open") {
    print(rig::run_open(port, tls, shape, plan));
  } else if (load == "streams") {
    print(rig::run_streams(port, tls, shape, plan));
  } else {
    rig::die("unknown load " + load);
  }
}
