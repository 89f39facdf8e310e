// sallyport token check [--instance NAME] [--issuer NAME] [--jwks FILE] [--json]: reads a token from
// stdin and shows every check that the gateway makes of it. Needs no running gateway: it fetches
// the issuer's keys itself. Exit code 0: it would be let in; 1: refused; 3: the keys did not come.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <future>
#include <memory>
#include <string>

#include "app/command.h"
#include "app/gateway_options.h"
#include "base/files.h"
#include "base/secret.h"
#include "config/configuration.h"
#include "http/fetch.h"
#include "http/field.h"
#include "identity/discovery.h"
#include "identity/key_source.h"
#include "identity/token_report.h"

namespace sallyport::app {
namespace {

constexpr std::size_t kMostInput = 64 * 1024;

struct Options {
  GatewayOptions gateway;
  std::string issuer;
  std::string jwks;
  bool json = false;
};

using Issuers = std::vector<identity::IssuerSettings>;

// What a person pastes: the token with spaces and line ends around it, perhaps the whole header.
Result<Secret> read_token() {
  if (::isatty(STDIN_FILENO) != 0) {
    fmt::print(stderr,
               "Paste the token, then press Enter and Ctrl-D. (A terminal cuts a line after 4095 "
               "characters: for a longer token use a file, `sallyport token check < FILE`.)\n");
  }
  std::string input(kMostInput, '\0');
  std::size_t size = std::fread(input.data(), 1, input.size(), stdin);
  bool more = size == input.size();
  input.resize(size);
  Secret held(std::move(input));
  std::string_view text = held.reveal();
  constexpr std::string_view kSpace = " \t\r\n";
  auto trim = [&] {
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(kSpace) + 1));
  };
  trim();
  for (std::string_view before : {"authorization:", "x-api-key:", "bearer "}) {
    if (http::name_starts_with(text, before)) text.remove_prefix(before.size());
    trim();
  }
  if (text.empty()) {
    return fail("token.missing", "there is no token on stdin",
                "pipe it in: `sallyport token check < FILE`");
  }
  if (more) return fail("token.too_large", "what stands on stdin is larger than 64 KiB");
  return Secret(text);
}

Result<Issuers> read_issuers(const Options& options) {
  const std::string path = configuration_of(options.gateway);
  auto loaded = config::load(path, config::system_environment());
  if (loaded.issuers.empty()) {
    Error error = config::as_error(loaded.findings);
    error.next_step = next_step_for_config(path);
    return std::unexpected(std::move(error));
  }
  if (options.issuer.empty()) return std::move(loaded.issuers);
  std::string names;
  for (auto& issuer : loaded.issuers) {
    if (issuer.name == options.issuer) return Issuers{std::move(issuer)};
    names += (names.empty() ? "" : ", ") + issuer.name;
  }
  return fail("token.issuer_name", fmt::format("no issuer is named `{}`", options.issuer),
              fmt::format("the configuration has: {}", names));
}

Result<identity::KeySetPtr> fetch(const identity::IssuerSettings& issuer) {
  std::promise<Result<identity::KeySetPtr>> fetched;
  auto answer = fetched.get_future();
  http::Fetcher fetcher;
  identity::fetch_keys(
      fetcher, issuer, std::chrono::seconds(10),
      [&fetched](Result<identity::KeySetPtr> keys) { fetched.set_value(std::move(keys)); });
  return answer.get();
}

identity::SnapshotPtr snapshot_of(const Issuers& issuers, std::optional<std::size_t> with_keys = {},
                                  const identity::KeySetPtr& keys = nullptr) {
  std::vector<identity::IssuerState> states;
  states.reserve(issuers.size());
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    states.emplace_back(issuers[i], with_keys == i ? keys : nullptr);
  }
  return identity::make_snapshot(1, std::move(states));
}

// First without keys, to see whose token it says it is: only that issuer's keys are asked for.
identity::TokenReport check(const Issuers& issuers, const Options& options, const Secret& token) {
  identity::TokenReport report{.explanation = {}, .now = system_clock().wall()};
  auto snapshot = snapshot_of(issuers);
  report.explanation = identity::explain_credential(*snapshot, token.reveal(), report.now);
  auto found = report.explanation.issuer;
  if (!found) return report;
  identity::IssuerSettings settings = issuers[*found];
  if (!options.jwks.empty()) settings.jwks_file = options.jwks;
  report.issuer = &issuers[*found];
  report.keys_from = settings.jwks_file.empty() ? identity::discovery_url(settings.issuer)
                                                : "file " + settings.jwks_file;
  auto keys = fetch(settings);
  if (!keys) {
    report.keys_problem = std::move(keys.error());
    return report;
  }
  report.keys = std::move(*keys);
  snapshot = snapshot_of(issuers, found, report.keys);
  report.explanation = identity::explain_credential(*snapshot, token.reveal(), report.now);
  return report;
}

Exit run_check(const Options& options) {
  rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);  // a token must not end in a core file
  auto issuers = read_issuers(options);
  if (!issuers) {
    print_error(issuers.error(), options.json);
    return Exit::kWrongInput;
  }
  if (!options.jwks.empty()) {
    if (auto read = read_file(options.jwks, identity::kKeySetBytes); !read) {
      print_error(read.error(), options.json);
      return Exit::kWrongInput;
    }
  }
  auto token = read_token();
  if (!token) {
    print_error(token.error(), options.json);
    return Exit::kWrongInput;
  }
  auto report = check(*issuers, options, *token);
  std::string page =
      options.json ? identity::report_json(report) + '\n' : identity::report_text(report);
  std::fwrite(page.data(), 1, page.size(), stdout);
  const auto& verdict = report.explanation.verdict;
  if (verdict) return Exit::kDone;
  bool no_keys = verdict.error().reason == identity::Reason::kKeysUnavailable;
  return no_keys ? Exit::kEnvironment : Exit::kNo;
}

}  // namespace

void add_token_check_command(CLI::App& root, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* check = root.get_subcommand("token")->add_subcommand(
      "check", "Read a token from stdin and show every check that the gateway makes of it");
  add_gateway_options(*check, options->gateway);
  check->add_option("--issuer", options->issuer, "Judge it by this one of `issuers` alone");
  check->add_option("--jwks", options->jwks,
                    "The issuer's key set from a file; nothing is fetched");
  check->add_flag("--json", options->json, "One JSON object");
  check->callback([options, &exit] { exit = run_check(*options); });
}

}  // namespace sallyport::app
