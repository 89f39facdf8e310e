// sallyport token: prints the person's token and nothing else. As `sallyport-token` the credential
// helper of Claude Desktop; also for Claude Code's apiKeyHelper and for curl. Renews ahead of
// expiry in a process of its own, ends within 20 seconds whatever happens, and opens a browser only
// when Claude Desktop says that a person is waiting.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "app/commands/sign_in_parts.h"
#include "base/json_writer.h"
#include "http/fetch.h"
#include "identity/strict_json.h"
#include "signin/refusal.h"
#include "signin/renewal.h"
#include "signin/token_reading.h"
#include "signin/vault.h"

extern char** environ;

namespace sallyport::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{17};   ///< for everything together
constexpr unsigned kHardEnd = 19;  ///< seconds: a key ring or a disk that hangs
constexpr unsigned kRenewalEnd = 40;
constexpr int kLockFd = 3;

struct Options {
  std::string gateway;
  bool json = false;
  std::string renew;  ///< hidden: renew this sign-in under the lock on kLockFd
};

[[noreturn]] void give_up(int) {
  constexpr char kSentence[] =
      "sallyport: the token did not come within 19 seconds: the key ring, the disk or the network "
      "hangs. Next: try again, and run `sallyport whoami` to see which.\n";
  ssize_t written = ::write(STDERR_FILENO, kSentence, sizeof kSentence - 1);
  static_cast<void>(written);
  ::_exit(3);
}

// ---- another process of this program ----------------------------------------------------------

class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID);
    open(STDIN_FILENO, "/dev/null", O_RDONLY);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void open(int fd, const char* path, int flags) {
    posix_spawn_file_actions_addopen(&actions_, fd, path, flags, 0);
  }
  void give(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }

  /// -1 when it could not be started.
  pid_t start(std::vector<std::string> words) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = -1;
    std::string path = own_path();
    int error =
        ::posix_spawn(&child, path.c_str(), &actions_, &attributes_, arguments.data(), environ);
    return error == 0 ? child : -1;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

struct Pipe {
  UniqueFd in, out;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail("token.process", fmt::format("no pipe: {}", std::strerror(errno)));
  }
  // Away from the numbers that the child gives to others.
  Pipe made{UniqueFd(::fcntl(ends[0], F_DUPFD_CLOEXEC, 10)),
            UniqueFd(::fcntl(ends[1], F_DUPFD_CLOEXEC, 10))};
  ::close(ends[0]);
  ::close(ends[1]);
  return made;
}

// What the renewing process says: kRenewed when it went well, else its error as JSON; nothing when
// it was killed.
constexpr std::string_view kRenewed = "renewed\n";
std::string read_until_end(int fd, std::chrono::steady_clock::time_point until, bool& ended) {
  std::string text;
  char buffer[1024];
  ended = false;
  while (text.size() < 16384) {
    auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd wait{fd, POLLIN, 0};
    if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) <= 0) return text;
    ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      ended = n == 0;
      return text;
    }
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return text;
}

Error error_from(std::string_view json) {
  auto document = identity::StrictJson::parse(json, identity::kDocumentJson);
  auto text = [&](std::string_view name) {
    auto member = document ? document->root().member(name) : std::nullopt;
    return member ? std::string(member->text()) : std::string();
  };
  std::string code = text("code");
  std::string_view known = "provider.unreachable";
  for (std::string_view one :
       {signin::kCodeSignInAgain, signin::kProviderRefused, signin::kProviderBusy, http::kFetchTls,
        signin::kVaultLocked, signin::kForeignToken, signin::kExpiredToken}) {
    if (code == one) known = one;
  }
  std::string message = text("message");
  if (message.empty()) message = "the process that renews the sign-in ended too early";
  return {known, std::move(message), text("next_step")};
}

// The renewing process holds the lock and ends by itself, whatever becomes of this one.
Result<void> renew_elsewhere(const signin::BookEntry& entry, UniqueFd lock,
                             std::chrono::steady_clock::time_point until) {
  auto pipe = make_pipe();
  if (!pipe) return std::unexpected(std::move(pipe.error()));
  SpawnPlan plan;
  plan.give(pipe->out.get(), STDOUT_FILENO);
  plan.open(STDERR_FILENO, "/dev/null", O_WRONLY);
  UniqueFd high(::fcntl(lock.get(), F_DUPFD_CLOEXEC, 10));
  plan.give(high.get(), kLockFd);
  if (plan.start({"sallyport", "token", "--renew", entry.id}) < 0) {
    return fail("token.process", "the process that renews the sign-in could not be started");
  }
  pipe->out.reset();
  lock.reset();
  high.reset();
  bool ended = false;
  std::string said = read_until_end(pipe->in.get(), until, ended);
  if (!ended) {
    return fail(signin::kProviderBusy, "the identity provider did not renew the sign-in in time",
                "try again in a minute; the attempt goes on");
  }
  if (said == kRenewed) return {};
  return std::unexpected(error_from(said));
}

// `sallyport token --renew ID`, started by renew_elsewhere(). Nothing that ends a terminal or a
// client ends it; its own time does.
Exit run_renewal(const std::string& id) {
  for (int number : {SIGHUP, SIGINT, SIGTERM, SIGQUIT}) ::signal(number, SIG_IGN);
  ::alarm(kRenewalEnd);
  auto work = [&]() -> Result<void> {
    auto book = signin::SignInBook::open(false);
    if (!book) return std::unexpected(std::move(book.error()));
    const auto* entry = book->find(id);
    if (entry == nullptr) return fail("sign_in.none", "this sign-in is gone");
    auto vault = signin::open_vault(entry->vault, book->vault_options(*entry, false));
    auto session = signin::load_session(*vault, id);
    if (!session) return std::unexpected(std::move(session.error()));
    signin::Web web(session->target.ca_file);
    return signin::renew(*vault, id, web, system_clock(), system_entropy());
  };
  auto done = work();
  if (done) {
    print_line(std::string(kRenewed.substr(0, kRenewed.size() - 1)));
    return Exit::kDone;
  }
  std::string line;
  JsonWriter(line)
      .begin()
      .text("code", done.error().code)
      .text("message", done.error().message)
      .text("next_step", done.error().next_step)
      .end();
  print_line(line);
  return Exit::kNo;
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
  auto words = sign_in_again(gateway);
  auto pipe = make_pipe();
  if (words.empty() || !pipe) return false;
  SpawnPlan plan;
  plan.give(pipe->out.get(), STDOUT_FILENO);
  plan.open(STDERR_FILENO, "/dev/null", O_WRONLY);
  if (plan.start(std::move(words)) < 0) return false;
  pipe->out.reset();
  bool ended = false;
  std::string said = read_until_end(pipe->in.get(), until, ended);
  return ended && said.starts_with("{\"signed_in\":true");
}

Result<signin::Session> find_session(const std::string& gateway,
                                     std::chrono::steady_clock::time_point until) {
  auto book = signin::SignInBook::open(false);
  if (!book) return std::unexpected(std::move(book.error()));
  auto entry = book->choose(gateway);
  if (!entry) return std::unexpected(std::move(entry.error()));
  auto vault = signin::open_vault(entry->vault, book->vault_options(*entry, false));
  auto patience = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
  return signin::current_session(
      *entry, *vault, book->folder(), system_clock(),
      [until](const signin::BookEntry& which, UniqueFd lock) {
        return renew_elsewhere(which, std::move(lock), until);
      },
      std::max(patience, milliseconds(0)));
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
