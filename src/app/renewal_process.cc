#include "app/renewal_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

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

constexpr unsigned kRenewalEnd = 40;
constexpr int kLockFd = 3;

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

}  // namespace

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

std::optional<std::string> run_elsewhere(std::vector<std::string> words,
                                         std::chrono::steady_clock::time_point until) {
  auto pipe = make_pipe();
  if (words.empty() || !pipe) return std::nullopt;
  SpawnPlan plan;
  plan.give(pipe->out.get(), STDOUT_FILENO);
  plan.open(STDERR_FILENO, "/dev/null", O_WRONLY);
  if (plan.start(std::move(words)) < 0) return std::nullopt;
  pipe->out.reset();
  bool ended = false;
  std::string said = read_until_end(pipe->in.get(), until, ended);
  if (!ended) return std::nullopt;
  return said;
}

}  // namespace sallyport::app
