// Hostile parsers, each in a process of its own: this same program, which `main` below makes the
// child. Built twice: with sanitizers as a part of base_test, where those that want the filter or the
// bound on memory are left out, and without as confined_test (tests/confined).
#include "base/confined_run.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace sallyport {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kShort{700};
constexpr auto kSoon = seconds(20);  // a machine may be busy; a child that hung would take longer

// --- parsers ---

Result<std::string> count(std::string_view bytes) {
  return fmt::format(R"({{"bytes":{}}})", bytes.size());
}
Result<std::string> refuse(std::string_view) {
  return fail("decode.foreign", "it is \"something else\"", "hand over the right one");
}
Result<std::string> refuse_without_code(std::string_view) {
  return fail("No Code!", "it is something else");
}
Result<std::string> nonsense(std::string_view) {
  return R"({"half":)";
}
Result<std::string> broken_text(std::string_view) {
  return "\"\xff\xfe\"";
}
Result<std::string> flood(std::string_view) {
  return '"' + std::string(3 << 20, 'x') + '"';
}
Result<std::string> loop(std::string_view) {
  for (volatile unsigned turns = 0;; turns = turns + 1) {
  }
}
Result<std::string> sleep_for_ever(std::string_view) {
  int word = 0;
  for (;;) ::syscall(SYS_futex, &word, FUTEX_WAIT, 0, nullptr, nullptr, 0);
}
Result<std::string> eat(std::string_view) {
  std::vector<std::string> all;
  for (;;) all.emplace_back(4 << 20, 'x');
}
Result<std::string> throw_something(std::string_view) {
  throw std::runtime_error("of a library");
}
Result<std::string> trap(std::string_view) {
  __builtin_trap();
}

// Asks the kernel for what no parser needs; that it lives to say so is the failure.
template <long (*ask)()>
Result<std::string> ask_kernel(std::string_view) {
  return fmt::format("{}", ask());
}
long open_socket() {
  return ::socket(AF_INET, SOCK_STREAM, 0);
}
long open_file() {
  return ::open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}
long write_file() {
  return ::open("/tmp/sallyport-confined", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}
long fork_process() {
  return ::fork();
}
long run_program() {
  char* none[] = {nullptr};
  return ::execve("/bin/true", none, none);
}
long kill_parent() {
  return ::kill(::getppid(), SIGKILL);
}
long kill_itself_otherwise() {
  return ::syscall(SYS_tgkill, ::getpid(), ::gettid(), SIGSTOP);
}
long take_code() {
  void* code =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return code == MAP_FAILED ? 0 : 1;
}
long make_code() {
  void* room = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return ::mprotect(room, 4096, PROT_READ | PROT_EXEC);
}
long read_another_process() {
  return ::syscall(SYS_process_vm_readv, ::getpid(), nullptr, 0, nullptr, 0, 0);
}

// What the child was given, looked at before the doors close.
std::string surroundings;  // NOLINT: of a process that lives for one test
void look_around() {
  std::string descriptors;
  DIR* folder = ::opendir("/proc/self/fd");
  const std::string own = std::to_string(::dirfd(folder));
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name.front() != '.' && name != own) descriptors += name;
  }
  ::closedir(folder);
  std::ranges::sort(descriptors);
  char folder_name[64] = {};
  const char* here = ::getcwd(folder_name, sizeof folder_name);
  surroundings = fmt::format(R"({{"descriptors":"{}","folder":"{}","variables":{}}})", descriptors,
                             here == nullptr ? "?" : here, *environ == nullptr ? 0 : 1);
}
Result<std::string> tell_surroundings(std::string_view) {
  return surroundings;
}

constexpr ConfinedBounds kTight{.input = 1U << 20,
                                .output = 1U << 20,
                                .memory = 64U << 20,
                                .cpu = seconds(1),
                                .deadline = seconds(30)};
constexpr ConfinedBounds kBrief{.deadline = kShort};

constexpr ConfinedParser kParsers[] = {
    {.name = "count", .parse = count},
    {.name = "refuse", .parse = refuse},
    {.name = "refuse_without_code", .parse = refuse_without_code},
    {.name = "nonsense", .parse = nonsense},
    {.name = "broken_text", .parse = broken_text},
    {.name = "flood", .parse = flood, .bounds = kTight},
    {.name = "loop", .parse = loop, .bounds = kTight},
    {.name = "loop_beyond_deadline", .parse = loop, .bounds = kBrief},
    {.name = "sleep", .parse = sleep_for_ever, .bounds = kBrief},
    {.name = "sleep_long", .parse = sleep_for_ever, .bounds = {.deadline = seconds(300)}},
    {.name = "eat", .parse = eat, .bounds = kTight},
    {.name = "throw", .parse = throw_something},
    {.name = "trap", .parse = trap},
    {.name = "surroundings", .parse = tell_surroundings, .prepare = look_around},
    {.name = "open_socket", .parse = ask_kernel<open_socket>},
    {.name = "open_file", .parse = ask_kernel<open_file>},
    {.name = "write_file", .parse = ask_kernel<write_file>},
    {.name = "fork", .parse = ask_kernel<fork_process>},
    {.name = "exec", .parse = ask_kernel<run_program>},
    {.name = "kill_parent", .parse = ask_kernel<kill_parent>},
    {.name = "kill_itself_otherwise", .parse = ask_kernel<kill_itself_otherwise>},
    {.name = "take_code", .parse = ask_kernel<take_code>},
    {.name = "make_code", .parse = ask_kernel<make_code>},
    {.name = "read_another_process", .parse = ask_kernel<read_another_process>},
};

const ConfinedParser& parser_of(std::string_view name) {
  return *std::ranges::find(kParsers, name, &ConfinedParser::name);
}

ConfinedProgram this_program() {
  return {{"test", "parse-child"}};
}

Result<std::string> run(std::string_view kind, std::string_view input = "<file/>") {
  return run_confined(this_program(), parser_of(kind), input);
}

std::string_view code_of(const Result<std::string>& result) {
  return result ? "answered" : result.error().code;
}

// --- tests ---

TEST(ConfinedRun, GivesTheParsersAnswer) {
  EXPECT_EQ(run("count").value_or("none"), R"({"bytes":7})");
  EXPECT_EQ(run("count", "").value_or("none"), R"({"bytes":0})");
  EXPECT_EQ(run("count", std::string(5 << 20, 'x')).value_or("none"), R"({"bytes":5242880})");
}

TEST(ConfinedRun, PassesOnWhyTheParserRefused) {
  auto refused = run("refuse");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(),
            "decode.foreign: it is \"something else\"; hand over the right one");
}

TEST(ConfinedRun, BelievesAnAnswerNoFurtherThanItsForm) {
  for (std::string_view kind : {"nonsense", "broken_text", "refuse_without_code"}) {
    auto result = run(kind);
    EXPECT_EQ(code_of(result), kParseCrashed) << kind;
    EXPECT_FALSE(result.error().next_step.empty());
  }
}

TEST(ConfinedRun, ReadsNoMoreThanTheBounds) {
  EXPECT_EQ(code_of(run("flood")), kParseAnswerTooLarge);
  EXPECT_EQ(code_of(run("flood", std::string((1 << 20) + 1, 'x'))), kParseFileTooLarge);
}

TEST(ConfinedRun, EndsAParserAtItsDeadline) {
  for (std::string_view kind : {"sleep", "loop_beyond_deadline"}) {
    const auto begun = std::chrono::steady_clock::now();
    auto result = run(kind);
    EXPECT_EQ(code_of(result), kParseTooSlow) << kind;
    const auto took = std::chrono::steady_clock::now() - begun;
    EXPECT_GE(took, kShort);
    EXPECT_LT(took, kSoon);
  }
}

TEST(ConfinedRun, EndsAParserThatUsesUpItsProcessorTime) {
  EXPECT_EQ(code_of(run("loop")), kParseTooSlow);
}

TEST(ConfinedRun, TellsACrash) {
  auto trapped = run("trap");
  ASSERT_EQ(code_of(trapped), kParseCrashed);
  auto thrown = run("throw");
  ASSERT_EQ(code_of(thrown), kParseCrashed);
  EXPECT_THAT(thrown.error().message, testing::HasSubstr("SIGABRT"));
}

TEST(ConfinedRun, GivesTheChildNothingButTheFile) {
  ASSERT_EQ(::setenv("SALLYPORT_TEST_SECRET", "opensesame", 1), 0);
  const int kept = ::open("/dev/null", O_RDONLY);  // NOLINT: meant to be inherited
  EXPECT_EQ(run("surroundings").value_or("none"),
            R"({"descriptors":"012","folder":"/","variables":0})");
  ::close(kept);
}

TEST(ConfinedRun, SaysThatTheProgramIsNotThere) {
  auto result =
      run_confined({{"test", "parse-child"}, "/nowhere/sallyport"}, parser_of("count"), "");
  ASSERT_EQ(code_of(result), kParseNotStarted);
  EXPECT_THAT(result.error().message, testing::HasSubstr("No such file"));
}

TEST(ConfinedRun, SaysThatTheKindIsNotKnown) {
  const ConfinedParser unknown{.name = "unknown", .parse = count};
  EXPECT_EQ(code_of(run_confined(this_program(), unknown, "")), kParseNotStarted);
}

TEST(ConfinedRun, LeavesNoProcessBehind) {
  for (std::string_view kind : {"count", "refuse", "sleep", "flood", "trap"})
    std::ignore = run(kind);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ConfinedRun, RunsSeveralBesideEachOther) {
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (std::size_t i = 1; i <= 6; ++i) {
    threads.emplace_back([i, &right] {
      auto result = run("count", std::string(i, 'x'));
      if (result && *result == fmt::format(R"({{"bytes":{}}})", i)) ++right;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 6);
}

// The process whose parent is `parent`; 0: none.
pid_t child_of(pid_t parent) {
  pid_t found = 0;
  DIR* folder = ::opendir("/proc");
  while (const dirent* entry = ::readdir(folder)) {
    std::ifstream file(fmt::format("/proc/{}/stat", static_cast<const char*>(entry->d_name)));
    std::string text;
    if (!std::getline(file, text)) continue;
    int state_parent = 0;
    char state = 0;
    const auto after_name = text.rfind(')');
    if (after_name == std::string::npos) continue;  // no process's
    if (std::sscanf(text.c_str() + after_name + 1, " %c %d", &state, &state_parent) == 2 &&
        state_parent == parent) {
      found = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    }
  }
  ::closedir(folder);
  return found;
}

// poll(2) refuses to watch more descriptors than the process may have open.
TEST(ConfinedRun, HoldsItsDeadlineWhereNothingCanBeWatched) {
  struct sigaction noted{};
  noted.sa_handler = [](int) {};
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGUSR1, &noted, &before), 0);
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  std::atomic<bool> ended{false};
  std::thread waits([&ended] {
    EXPECT_EQ(code_of(run("sleep")), kParseTooSlow);
    ended = true;
  });
  while (child_of(::getpid()) == 0) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(100));  // into the wait
  const rlimit one{1, usual.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &one);
  ::pthread_kill(waits.native_handle(), SIGUSR1);
  const auto most = std::chrono::steady_clock::now() + kSoon;
  while (!ended && std::chrono::steady_clock::now() < most) std::this_thread::yield();
  EXPECT_TRUE(ended);
  ::setrlimit(RLIMIT_NOFILE, &usual);
  waits.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(ConfinedRun, TheChildEndsWithItsParent) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // the orphan comes to this process
  char name[] = "test";
  char mode[] = "run-long";
  char* words[] = {name, mode, nullptr};
  pid_t middle = 0;
  ASSERT_EQ(::posix_spawn(&middle, "/proc/self/exe", nullptr, nullptr, words, environ), 0);
  pid_t child = 0;
  while ((child = child_of(middle)) == 0) {
    ASSERT_EQ(::waitpid(middle, nullptr, WNOHANG), 0) << "it ended by itself";
  }
  const int watch = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  ASSERT_GE(watch, 0);
  ASSERT_EQ(::kill(middle, SIGKILL), 0);
  ASSERT_EQ(::waitpid(middle, nullptr, 0), middle);
  pollfd ended{watch, POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, static_cast<int>(milliseconds(kSoon).count())), 1);
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), child);
  ::close(watch);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(ConfinedRun, EndsAParserThatUsesUpItsMemory) {
  if (kConfinementIsPartial) GTEST_SKIP() << "proved by confined_test";
  EXPECT_EQ(code_of(run("eat")), kParseTooMuchMemory);
}

class ConfinedCall : public testing::TestWithParam<std::string_view> {};

TEST_P(ConfinedCall, EndsTheChildAtOnce) {
  if (kConfinementIsPartial) GTEST_SKIP() << "proved by confined_test";
  auto result = run(GetParam());
  EXPECT_EQ(code_of(result), kParseForbiddenCall) << result.value_or("") << " was answered";
}

INSTANTIATE_TEST_SUITE_P(Of, ConfinedCall,
                         testing::Values("open_socket", "open_file", "write_file", "fork", "exec",
                                         "kill_parent", "kill_itself_otherwise", "take_code",
                                         "make_code", "read_another_process"),
                         [](const auto& named) { return std::string(named.param); });

std::uint64_t number_of(const char* text) {
  return std::strtoull(text, nullptr, 10);
}

}  // namespace
}  // namespace sallyport

int main(int argc, char** argv) {
  using namespace sallyport;
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "parse-child" && argc == 6) {
    end_as_confined_child(kParsers, {argv[2], number_of(argv[3]), number_of(argv[4]),
                                     static_cast<pid_t>(number_of(argv[5]))});
  }
  if (mode == "run-long") return run("sleep_long") ? 0 : 1;
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
