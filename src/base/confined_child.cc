#include "base/confined_child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <new>

#include "base/json_writer.h"
#include "base/system_call_filter.h"

namespace sallyport {
namespace {

constexpr std::size_t kReadAtOnce = 256 * 1024;

[[noreturn]] void end(ConfinedExit how) {
  ::_exit(static_cast<int>(how));
}

// The address space that the program takes already: the first number of /proc/self/statm, in pages.
std::uint64_t own_addresses() {
  int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[64];
  const ssize_t got = ::read(file, text, sizeof text);
  ::close(file);
  std::uint64_t pages = 0;
  if (got > 0) std::from_chars(text, text + got, pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// `most` is what the kernel may let pass once more, to say so; never above what holds already.
bool limit(__rlimit_resource_t resource, std::uint64_t value, std::uint64_t most) {
  rlimit now{};
  if (::getrlimit(resource, &now) != 0) return false;
  const rlimit set{std::min<rlim_t>(value, now.rlim_max), std::min<rlim_t>(most, now.rlim_max)};
  return ::setrlimit(resource, &set) == 0;
}

bool limit(__rlimit_resource_t resource, std::uint64_t value) {
  return limit(resource, value, value);
}

bool limit_resources(const ConfinedOrders& orders) {
  if (!kConfinementIsPartial) {
    const std::uint64_t own = own_addresses();
    if (own == 0 || !limit(RLIMIT_AS, own + orders.memory)) return false;
  }
  // SIGXCPU ends it at the first of the two; the kernel kills at the second.
  return limit(RLIMIT_CPU, orders.cpu, orders.cpu + 1) && limit(RLIMIT_FSIZE, 0) &&
         limit(RLIMIT_NOFILE, 3) && limit(RLIMIT_NPROC, 0) && limit(RLIMIT_CORE, 0);
}

bool confine(const ConfinedOrders& orders) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != orders.parent) return false;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0) {
    return false;
  }
  if (!limit_resources(orders)) return false;
  return kConfinementIsPartial || install_system_call_filter();
}

std::string read_all() {
  std::string bytes;
  for (std::size_t have = 0;;) {
    bytes.resize(have + kReadAtOnce);
    const ssize_t got = ::read(STDIN_FILENO, bytes.data() + have, kReadAtOnce);
    if (got < 0 && errno == EINTR) continue;
    have += got > 0 ? static_cast<std::size_t>(got) : 0;
    if (got > 0) continue;
    bytes.resize(have);
    return bytes;
  }
}

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) std::abort();  // nobody reads any more
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

ConfinedExit answer(const ConfinedParser& parser) {
  const std::string bytes = read_all();
  auto parsed = parser.parse(bytes);
  if (parsed) {
    write_all(*parsed);
    return ConfinedExit::kAnswer;
  }
  const Error& error = parsed.error();
  std::string out;
  JsonWriter json(out);
  json.begin().text("code", error.code).text("message", error.message);
  json.text_if("next_step", error.next_step).end();
  write_all(out);
  return ConfinedExit::kRefused;
}

}  // namespace

void end_as_confined_child(std::span<const ConfinedParser> parsers, const ConfinedOrders& orders) {
  auto parser = std::ranges::find(parsers, orders.kind, &ConfinedParser::name);
  if (parser == parsers.end()) end(ConfinedExit::kUnknownKind);
  if (parser->prepare != nullptr) parser->prepare();
  if (!confine(orders)) end(ConfinedExit::kNotConfined);
  try {
    end(answer(*parser));
  } catch (const std::bad_alloc&) {
    end(ConfinedExit::kOutOfMemory);
  } catch (...) {
    std::abort();
  }
}

}  // namespace sallyport
