#include "app/commands/sign_in_parts.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "signin/loopback_listener.h"
#include "signin/metadata.h"
#include "signin/refusal.h"
#include "signin/vault.h"

namespace sallyport::app {

void protect_memory() {
  ::prctl(PR_SET_DUMPABLE, 0);
  rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::signal(SIGPIPE, SIG_IGN);
}

Exit exit_of(const Error& error) {
  std::string_view code = error.code;
  if (code == signin::kGatewayUrl || code == signin::kServerUrl || code == signin::kProviderUrl ||
      code == kSignInOptions) {
    return Exit::kWrongInput;
  }
  bool no = code.starts_with("sign_in.") || code == signin::kProviderRefused ||
            code == signin::kVaultMissing;
  return no && code != signin::kSignInPort ? Exit::kNo : Exit::kEnvironment;
}

Exit refuse_sign_in(const Error& error, bool json) {
  print_error(error, json);
  return exit_of(error);
}

Result<std::string> gateway_named(const std::string& typed) {
  const char* variable = std::getenv("SALLYPORT_GATEWAY");
  std::string gateway = typed.empty() && variable != nullptr ? variable : typed;
  if (gateway.empty()) return gateway;
  return signin::tidy_gateway_url(gateway);
}

Result<signin::BookEntry> entry_named(const signin::SignInBook& book, const std::string& gateway,
                                      const std::string& server) {
  if (!server.empty()) {
    auto tidy = signin::tidy_server_url(server);
    if (!tidy) return std::unexpected(std::move(tidy.error()));
    return book.choose_server(*tidy);
  }
  auto named = gateway_named(gateway);
  if (!named) return std::unexpected(std::move(named.error()));
  return book.choose(*named);
}

std::string time_from(WallTime now, std::int64_t unix_time) {
  std::int64_t seconds = unix_time - unix_seconds(now);
  std::int64_t size = seconds < 0 ? -seconds : seconds;
  std::string amount = size < 120         ? fmt::format("{} seconds", size)
                       : size < 7200      ? fmt::format("{} minutes", size / 60)
                       : size < 2 * 86400 ? fmt::format("{} hours", size / 3600)
                                          : fmt::format("{} days", size / 86400);
  return seconds < 0 ? amount + " ago" : "in " + amount;
}

std::string own_path() {
  std::error_code error;
  auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "/proc/self/exe" : path.string();
}

void print_line(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

}  // namespace sallyport::app
