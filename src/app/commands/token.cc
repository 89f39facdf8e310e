// sallyport token: prints the person's token and nothing else. As `sallyport-token` the credential
// helper of Claude Desktop; also for Claude Code's apiKeyHelper and for curl. Renews ahead of
// expiry in a process of its own, ends within 20 seconds whatever happens, and opens a browser only
// when Claude Desktop says that a person is waiting.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "app/commands/sign_in_parts.h"
#include "app/renewal_process.h"
#include "base/json_writer.h"
#include "signin/refusal.h"
#include "signin/renewal.h"
#include "signin/vault.h"

namespace sallyport::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{17};   ///< for everything together
constexpr unsigned kHardEnd = 19;  ///< seconds: a key ring or a disk that hangs

struct Options {
  std::string gateway;
  bool json = false;
  std::string renew;  ///< hidden: renew this sign-in under the lock that was handed over
};

[[noreturn]] void give_up(int) {
  constexpr char kSentence[] =
      "sallyport: the token did not come within 19 seconds: the key ring, the disk or the network "
      "hangs. Next: try again, and run `sallyport whoami` to see which.\n";
  ssize_t written = ::write(STDERR_FILENO, kSentence, sizeof kSentence - 1);
  static_cast<void>(written);
  ::_exit(3);
}

// ---- the token --------------------------------------------------------------------------------

bool person_is_waiting() {
  const char* context = std::getenv("CLAUDE_HELPER_CONTEXT");
  return context != nullptr && std::string_view(context) == "interactive";
}

// The words with which the same person signs in to the same place again.
std::vector<std::string> sign_in_again(const std::string& gateway) {
  std::vector<std::string> words{"sallyport", "sign-in", "--json"};
  auto add = [&words](const char* option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  auto book = signin::SignInBook::open(false);
  auto entry = book ? book->choose(gateway) : std::unexpected(book.error());
  if (!entry) return {};
  add("--gateway", entry->gateway);
  add("--issuer", entry->issuer);
  add("--vault", std::string(signin::name_of(entry->vault)));
  add("--passphrase-file", entry->passphrase_file);
  auto vault = signin::open_vault(entry->vault, book->vault_options(*entry, false));
  auto session = signin::load_session(*vault, entry->id);
  if (session && session->machine.given()) return {};  // nobody to ask
  if (session) add("--ca-file", session->target.ca_file);
  if (!entry->gateway.empty()) return words;
  if (!session) return {};
  add("--client", session->target.client);
  for (const auto& scope : session->target.scopes) add("--scope", scope);
  if (session->target.id_token) words.emplace_back("--id-token");
  return words;
}

// Starts the sign-in in the browser, which goes on when our time is over; true when it is done.
bool sign_in_elsewhere(const std::string& gateway, std::chrono::steady_clock::time_point until) {
  auto said = run_elsewhere(sign_in_again(gateway), until);
  return said && said->starts_with("{\"signed_in\":true");
}

Result<signin::Session> find_session(const std::string& gateway,
                                     std::chrono::steady_clock::time_point until) {
  auto book = signin::SignInBook::open(false);
  if (!book) return std::unexpected(std::move(book.error()));
  auto entry = book->choose(gateway);
  if (!entry) return std::unexpected(std::move(entry.error()));
  auto vault = signin::open_vault(entry->vault, book->vault_options(*entry, false));
  auto patience = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
  auto session = signin::current_session(
      *entry, *vault, book->folder(), system_clock(),
      [until](const signin::BookEntry& which, UniqueFd lock) {
        return renew_elsewhere(which, std::move(lock), until);
      },
      std::max(patience, milliseconds(0)));
  // The vault says itself whom its token is for, whatever the book says.
  if (session && !session->target.server.empty()) {
    return fail("sign_in.of_server",
                fmt::format("what the vault holds is for {} alone", session->target.server),
                "sign in to the gateway again");
  }
  return session;
}

void print_token(const signin::Session& session, bool json) {
  std::string line;
  line.reserve(session.token().size() + 64);
  if (json) {
    JsonWriter(line).begin().text("token", session.token().reveal()).end();
  } else {
    line = session.token().reveal();
  }
  line.push_back('\n');
  std::fflush(stdout);
  std::string_view rest = line;  // past stdio, which would keep a copy
  while (!rest.empty()) {
    ssize_t n = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  wipe(line);
}

Exit run_token(const Options& options) {
  protect_memory();
  if (!options.renew.empty()) return run_renewal(options.renew);
  ::signal(SIGALRM, give_up);
  ::alarm(kHardEnd);
  auto until = std::chrono::steady_clock::now() + kPatience;
  auto gateway = gateway_named(options.gateway);
  if (!gateway) return refuse_sign_in(gateway.error(), options.json);
  auto session = find_session(*gateway, until);
  bool sign_in_helps = !session && (session.error().code == signin::kCodeSignInAgain ||
                                    session.error().code == signin::kVaultMissing ||
                                    session.error().code == signin::kVaultLocked);
  if (sign_in_helps && person_is_waiting() && sign_in_elsewhere(*gateway, until)) {
    session = find_session(*gateway, until);
  }
  if (!session) return refuse_sign_in(session.error(), options.json);
  print_token(*session, options.json);
  return Exit::kDone;
}

}  // namespace

int run_credential_helper() {
  return static_cast<int>(run_token({}));
}

void add_token_command(CLI::App& root, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* token = root.add_subcommand(
      "token",
      "Print your token for the gateway and nothing else (the link sallyport-token does "
      "the same)");
  token->add_option("--gateway", options->gateway,
                    "Of which gateway (else SALLYPORT_GATEWAY, else where you signed in last)");
  token->add_flag("--json", options->json, "{\"token\": ...}, as Claude Desktop also takes it");
  token->add_option("--renew", options->renew)->group("");
  token->callback([options, token, &exit] {
    if (token->get_subcommands().empty()) exit = run_token(*options);  // not `token check`
  });
}

}  // namespace sallyport::app
