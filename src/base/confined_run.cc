#include "base/confined_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "base/json_reader.h"
#include "base/unique_fd.h"

namespace sallyport {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadAtOnce = 64 * 1024;
constexpr std::size_t kMostOfAnError = 64 * 1024;  ///< of a refusal's JSON

std::unexpected<Error> not_started(std::string_view doing) {
  return fail(
      kParseNotStarted,
      fmt::format("a process that parses the file cannot be started: {}: {}", doing,
                  std::strerror(errno)),
      "look at the limits of this service (processes, descriptors, memory), then try again");
}

// Out of the way of 0, 1 and 2, which the child's are put to one after the other.
bool move_up(UniqueFd& fd) {
  if (!fd) return false;
  fd = UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  return static_cast<bool>(fd);
}

// The file in memory, which the child cannot change: it reads it as its stdin.
Result<UniqueFd> sealed(std::string_view input) {
  UniqueFd file(::memfd_create("parsed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!move_up(file)) return not_started("memfd_create");
  while (!input.empty()) {
    const ssize_t put = ::write(file.get(), input.data(), input.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return not_started("write");
    input.remove_prefix(static_cast<std::size_t>(put));
  }
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (::lseek(file.get(), 0, SEEK_SET) != 0 || ::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) {
    return not_started("seal");
  }
  return file;
}

/// posix_spawn's two objects. It uses vfork: this process has threads, and what it holds is never
/// copied.
class Spawning {
 public:
  Spawning() {
    SALLYPORT_CHECK(::posix_spawn_file_actions_init(&actions_) == 0);
    SALLYPORT_CHECK(::posix_spawnattr_init(&attributes_) == 0);
  }
  ~Spawning() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Spawning(const Spawning&) = delete;
  Spawning& operator=(const Spawning&) = delete;

  /// stdin, stdout, nothing else; the root folder; no signal blocked or ignored.
  [[nodiscard]] bool prepare(int input, int output, int nowhere) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    return ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO) == 0 &&
           ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO) == 0 &&
           ::posix_spawn_file_actions_adddup2(&actions_, nowhere, STDERR_FILENO) == 0 &&
           ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3) == 0 &&
           ::posix_spawn_file_actions_addchdir_np(&actions_, "/") == 0 &&
           ::posix_spawnattr_setsigmask(&attributes_, &none) == 0 &&
           ::posix_spawnattr_setsigdefault(&attributes_, &all) == 0 &&
           ::posix_spawnattr_setflags(&attributes_,
                                      POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0;
  }

  [[nodiscard]] int start(pid_t& child, const std::string& program,
                          std::vector<std::string>& words) const {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    char* environment[] = {nullptr};
    return ::posix_spawn(&child, program.c_str(), &actions_, &attributes_, arguments.data(),
                         environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// A running child; kills and reaps it, whatever happens.
class Child {
 public:
  Child(pid_t pid, UniqueFd output) : pid_(pid), output_(std::move(output)) {
    handle_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  }
  ~Child() {
    if (!reaped_) end();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] bool has_handle() const { return static_cast<bool>(handle_); }
  [[nodiscard]] int handle() const { return handle_.get(); }
  [[nodiscard]] int output() const { return output_.get(); }

  void kill() const { ::kill(pid_, SIGKILL); }  // not reaped yet: nobody else has its number

  /// How it ended; it has, or was killed.
  siginfo_t reap() {
    siginfo_t how{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED) != 0 && errno == EINTR) {
    }
    reaped_ = true;
    return how;
  }

 private:
  void end() {
    kill();
    reap();
  }
  pid_t pid_;
  UniqueFd output_;
  UniqueFd handle_;
  bool reaped_ = false;
};

enum class Cut { kNo, kDeadline, kOutput };

struct Ended {
  siginfo_t how{};
  Cut cut = Cut::kNo;  ///< why it was killed here
  std::string output;
};

// What is there now. False: more than `most`.
bool drain(int pipe, std::string& output, std::size_t most, bool& at_end) {
  while (!at_end) {
    const std::size_t have = output.size();
    output.resize(have + kReadAtOnce);
    const ssize_t got = ::read(pipe, output.data() + have, kReadAtOnce);
    output.resize(have + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (output.size() > most) return false;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return true;  // EAGAIN
    at_end = got == 0;
  }
  return true;
}

// Milliseconds until then, rounded up; 0: it has passed.
int patience(Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 24LL * 3600 * 1000));
}

Ended wait_for(Child& child, Clock::time_point until, std::size_t most) {
  Ended ended;
  bool at_end = false;
  for (;;) {
    std::array<pollfd, 2> watched{
        pollfd{child.handle(), POLLIN, 0},
        pollfd{at_end ? -1 : child.output(), POLLIN, 0},
    };
    const int ready = ::poll(watched.data(), watched.size(), patience(until));
    // Whatever failed there, the deadline below holds.
    const bool gone = ready > 0 && watched[0].revents != 0;
    // Read before the end is acted on: what it wrote last is in the pipe by then.
    if (!drain(child.output(), ended.output, most, at_end)) ended.cut = Cut::kOutput;
    if (gone && ended.cut == Cut::kNo) break;
    if (ended.cut == Cut::kNo && Clock::now() >= until) ended.cut = Cut::kDeadline;
    if (ended.cut != Cut::kNo) {
      child.kill();
      break;
    }
  }
  ended.how = child.reap();
  return ended;
}

// --- what it said ---

std::unexpected<Error> crashed(std::string message) {
  return fail(kParseCrashed, std::move(message),
              "the file is not one that this program can read; if it should be, report it");
}

// The codes of refusals come from another process, and an Error's live for ever: kept once each, as
// many as a program can have.
Result<std::string_view> kept_code(const std::string& code) {
  constexpr std::size_t kMostCodes = 256;
  constexpr std::size_t kLongest = 64;
  const bool plain =
      !code.empty() && code.size() <= kLongest && std::ranges::all_of(code, [](char c) {
        return (c >= 'a' && c <= 'z') || c == '_' || c == '.';
      });
  if (!plain) return crashed("what parses the file refused it without a code");
  static std::mutex mutex;
  static auto* codes = new std::set<std::string, std::less<>>;
  std::lock_guard lock(mutex);
  if (auto known = codes->find(code); known != codes->end()) return std::string_view(*known);
  if (codes->size() >= kMostCodes) return crashed("what parses the file makes up codes");
  return std::string_view(*codes->insert(code).first);
}

Result<std::string> refusal(const std::string& output) {
  JsonReader json(output);
  JsonText key;
  JsonText value;
  std::string code;
  Error error;
  if (output.size() <= kMostOfAnError && json.begin_object()) {
    while (json.next_member(key)) {
      std::string* text = key.is("code")        ? &code
                          : key.is("message")   ? &error.message
                          : key.is("next_step") ? &error.next_step
                                                : nullptr;
      if (text == nullptr) {
        json.skip();
      } else if (json.text(value)) {
        *text = value.decode();
      }
    }
  }
  if (output.size() > kMostOfAnError || !json.finish()) {
    return crashed("what parses the file refused it in words that cannot be read");
  }
  auto kept = kept_code(code);
  if (!kept) return std::unexpected(std::move(kept.error()));
  error.code = *kept;
  return std::unexpected(std::move(error));
}

Result<std::string> answer(std::string output) {
  JsonReader json(output);
  const bool whole = json.skip() && json.finish();
  if (!whole || (json.beyond_ascii() && !is_utf8(output))) {
    return crashed("what parses the file answered something that is no JSON");
  }
  return output;
}

std::unexpected<Error> too_slow(const ConfinedBounds& bounds) {
  return fail(kParseTooSlow,
              fmt::format("reading the file took longer than it may ({} ms, {} s of the processor)",
                          bounds.deadline.count(), bounds.cpu.count()),
              "hand over a smaller file, or one without what makes it slow");
}

std::unexpected<Error> too_much_memory(const ConfinedBounds& bounds) {
  return fail(
      kParseTooMuchMemory,
      fmt::format("reading the file took more memory than it may ({} MiB)", bounds.memory >> 20),
      "hand over a smaller file");
}

std::unexpected<Error> by_signal(int signal, const ConfinedBounds& bounds) {
  if (signal == SIGXCPU) return too_slow(bounds);
  if (signal == SIGSYS) {
    return fail(kParseForbiddenCall,
                "what parses the file asked the system for more than it may, and was ended",
                "take the file for hostile, and keep it for whoever looks into it");
  }
  const char* name = ::sigabbrev_np(signal);
  return crashed(fmt::format("what parses the file ended by SIG{}{}", name == nullptr ? "?" : name,
                             signal == SIGKILL ? ", from outside" : ""));
}

Result<std::string> by_exit(int status, std::string output, const ConfinedBounds& bounds) {
  switch (static_cast<ConfinedExit>(status)) {
    case ConfinedExit::kAnswer:
      return answer(std::move(output));
    case ConfinedExit::kRefused:
      return refusal(output);
    case ConfinedExit::kOutOfMemory:
      return too_much_memory(bounds);
    case ConfinedExit::kNotConfined:
      return fail(kParseNotStarted,
                  "the process that parses the file cannot be confined, and so did not read it",
                  "allow seccomp filters and lower resource limits to this service");
    case ConfinedExit::kUnknownKind:
      return fail(kParseNotStarted, "the program knows no parser of this kind",
                  "start the service again: its program was exchanged");
  }
  return crashed(fmt::format("what parses the file ended with {}", status));
}

Result<std::string> said_by(Ended ended, const ConfinedBounds& bounds) {
  switch (ended.cut) {
    case Cut::kDeadline:
      return too_slow(bounds);
    case Cut::kOutput:
      return fail(kParseAnswerTooLarge,
                  fmt::format("what was read from the file has more than {} bytes", bounds.output),
                  "hand over a smaller file");
    case Cut::kNo:
      break;
  }
  if (ended.how.si_code == CLD_EXITED) {
    return by_exit(ended.how.si_status, std::move(ended.output), bounds);
  }
  return by_signal(ended.how.si_status, bounds);
}

std::vector<std::string> words_of(const ConfinedProgram& program, const ConfinedParser& parser) {
  std::vector<std::string> words = program.words;
  words.emplace_back(parser.name);
  words.push_back(std::to_string(parser.bounds.memory));
  words.push_back(std::to_string(parser.bounds.cpu.count()));
  words.push_back(std::to_string(::getpid()));
  return words;
}

}  // namespace

Result<std::string> run_confined(const ConfinedProgram& program, const ConfinedParser& parser,
                                 std::string_view input) {
  const ConfinedBounds& bounds = parser.bounds;
  const auto until = Clock::now() + bounds.deadline;
  if (input.size() > bounds.input) {
    return fail(
        kParseFileTooLarge,
        fmt::format("the file has {} bytes, and at most {} are read", input.size(), bounds.input),
        "hand over a smaller file");
  }
  auto file = sealed(input);
  if (!file) return std::unexpected(std::move(file.error()));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return not_started("pipe");
  UniqueFd output(ends[0]);
  UniqueFd child_output(ends[1]);
  UniqueFd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!move_up(child_output) || !move_up(nowhere)) return not_started("open");
  if (::fcntl(child_output.get(), F_SETFL, 0) != 0) return not_started("fcntl");  // it may wait
  Spawning spawning;
  if (!spawning.prepare(file->get(), child_output.get(), nowhere.get())) {
    return not_started("posix_spawn");
  }
  auto words = words_of(program, parser);
  pid_t pid = 0;
  if (const int failed = spawning.start(pid, program.path, words); failed != 0) {
    errno = failed;
    return not_started("posix_spawn");
  }
  Child child(pid, std::move(output));
  child_output.reset();
  if (!child.has_handle()) return not_started("pidfd_open");
  return said_by(wait_for(child, until, bounds.output), bounds);
}

}  // namespace sallyport
