// `sallyport gateway [--instance NAME | --config FILE]`: runs until SIGTERM or SIGINT; SIGHUP reads the configuration
// again.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "app/command.h"
#include "app/gateway_options.h"
#include "app/service.h"
#include "base/log.h"
#include "base/unique_fd.h"

namespace sallyport::app {
namespace {

// What this process holds must not reach a core file or a debugger of the same user.
void harden() {
  ::prctl(PR_SET_DUMPABLE, 0);
  rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

// Each connection takes up to two descriptors.
void make_room_for_descriptors(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  // The kernel's table of them doubles as it fills, and whoever needs the next half then waits for
  // all processors: ten milliseconds for a worker, at 256, 512, 1,024 and so on. Not so before
  // there are threads, and the table never shrinks.
  const auto most = std::min<rlim_t>(limit.rlim_cur, 2 * connections + 256);
  UniqueFd any(::eventfd(0, EFD_CLOEXEC));
  UniqueFd last(::fcntl(any.get(), F_DUPFD_CLOEXEC, static_cast<int>(most) - 1));
}

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

void print_findings(const config::Findings& findings) {
  for (const auto& finding : findings) fmt::print(stderr, "{}\n", config::text(finding));
}

Exit run(const std::string& path, const std::string& log_format, bool verbose) {
  auto loaded = config::load(path, config::system_environment());
  print_findings(loaded.findings);
  if (!loaded.configuration) {
    fmt::print(stderr,
               "sallyport: the gateway does not start with this configuration. Correct "
               "it and try again; `sallyport config check {}` shows the same.\n",
               path);
    return Exit::kWrongInput;
  }
  harden();
  make_room_for_descriptors(loaded.configuration->limits.connections);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is a full disk to the record, not the end
  sigset_t signals = our_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: they wait here alone
  auto format = log_format == "json"   ? log::Format::kJson
                : log_format == "text" ? log::Format::kText
                                       : log::Format::kAuto;
  log::start(format, verbose ? log::Level::kDebug : log::Level::kInfo);
  auto service = Service::start(std::move(*loaded.configuration));
  if (!service) {
    log::stop();
    print_error(service.error());
    return Exit::kEnvironment;
  }
  for (;;) {
    siginfo_t info{};
    int number = ::sigwaitinfo(&signals, &info);
    if (number == SIGHUP) {
      (*service)->reload("SIGHUP");
    } else if (number == SIGTERM || number == SIGINT) {
      break;
    }
  }
  log::info("gateway.draining");
  (*service)->stop();
  log::info("gateway.stopped");
  service->reset();
  log::stop();
  return Exit::kDone;
}

}  // namespace

void add_gateway_command(CLI::App& root, Exit& exit) {
  auto* command =
      root.add_subcommand("gateway", "Run the gateway: admit, swap the credential, stream, record");
  struct Options {
    GatewayOptions gateway;
    std::string log = "auto";
    bool verbose = false;
  };
  auto options = std::make_shared<Options>();
  add_gateway_options(*command, options->gateway);
  command->add_option("--log", options->log, "Log lines as text or json (auto: text on a terminal)")
      ->check(CLI::IsMember({"auto", "text", "json"}));
  command->add_flag("--verbose", options->verbose, "Log more");
  command->callback([options, &exit] {
    exit = run(configuration_of(options->gateway), options->log, options->verbose);
  });
}

}  // namespace sallyport::app
