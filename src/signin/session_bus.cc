#include "signin/session_bus.h"

#include <dlfcn.h>
#include <sys/socket.h>

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/check.h"

namespace sallyport::signin {
namespace {

// Turns of sd-bus in which something happened: a dozen is usual, the rest are signals.
constexpr int kMaxTurns = 200;

constexpr char kTooLong[] = "the session bus takes too long";

std::unexpected<Error> detour(std::string why) {
  return fail("vault.unavailable", "the desktop's key ring cannot be read: " + std::move(why));
}

std::unexpected<Error> detour(std::string_view doing, int result) {
  return detour(std::string(doing) + ": " + std::strerror(-result));
}

// ---- the library --------------------------------------------------------------------------------

void* library() {
  static void* const handle = [] {
    void* opened = ::dlopen("libsystemd.so.0", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    // The youngest of the functions that are called (2019): who has it has all.
    bool known = opened != nullptr && ::dlsym(opened, "sd_bus_message_sensitive") != nullptr;
    return known ? opened : nullptr;
  }();
  return handle;
}

// Where there is a bus or a message, there is the library.
template <typename F>
F* find(const char* name) {
  SALLYPORT_CHECK(library() != nullptr);
  auto* function = reinterpret_cast<F*>(::dlsym(library(), name));
  SALLYPORT_CHECK(function != nullptr);
  return function;
}

// A function of sd-bus.h, with the type that the header gives it; sought once.
#define SD_BUS(name)                                                          \
  ([] {                                                                       \
    static auto* const real = find<decltype(sd_bus_##name)>("sd_bus_" #name); \
    return real;                                                              \
  }())

// ---- the address --------------------------------------------------------------------------------

// The first address of the session bus, where it is a socket of this machine; empty if it is none.
// sd-bus itself would also start programs (unixexec) and ask other machines.
std::string bus_address() {
  constexpr std::string_view kSocket = "unix:";
  if (const char* named = std::getenv("DBUS_SESSION_BUS_ADDRESS")) {
    std::string_view address(named);
    address = address.substr(0, address.find(';'));
    return address.starts_with(kSocket) ? std::string(address) : std::string();
  }
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  // In an address all but these have to be written in another way.
  constexpr std::string_view kPlain =
      "-_/.*0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  if (runtime == nullptr ||
      std::string_view(runtime).find_first_not_of(kPlain) != std::string::npos)
    return {};
  return std::string(kSocket) + "path=" + runtime + "/bus";
}

// sd_bus_process() passes over malformed messages and does not come back while more of them come.
// So when the time is over, the connection is.
void watch(const std::stop_token& done, int socket, SteadyTime end) {
  std::mutex nobody_elses;
  std::condition_variable_any sleep;
  std::unique_lock lock(nobody_elses);
  sleep.wait_until(lock, done, end, [] { return false; });
  if (!done.stop_requested()) ::shutdown(socket, SHUT_RDWR);
}

int keep_answer(sd_bus_message* message, void* place, sd_bus_error* /*error*/) {
  static_cast<BusMessage*>(place)->reset(SD_BUS(message_ref)(message));
  return 1;
}

}  // namespace

void FreeBusMessage::operator()(sd_bus_message* message) const {
  SD_BUS(message_unref)(message);
}

// ---- writing and reading ------------------------------------------------------------------------

void BusCall::note(int result) {
  if (result < 0) good_ = false;
}

void BusCall::text(char type, const std::string& value) {
  if (good_) note(SD_BUS(message_append_basic)(message_.get(), type, value.c_str()));
}

void BusCall::bytes(std::string_view value) {
  if (good_) note(SD_BUS(message_append_array)(message_.get(), 'y', value.data(), value.size()));
}

void BusCall::open(char type, const char* contents) {
  if (good_) note(SD_BUS(message_open_container)(message_.get(), type, contents));
}

void BusCall::close() {
  if (good_) note(SD_BUS(message_close_container)(message_.get()));
}

int BusAnswer::note(int result) {
  if (result < 0) good_ = false;
  return result;
}

std::string_view BusAnswer::text(char type) {
  const char* value = nullptr;
  if (!good_ || note(SD_BUS(message_read_basic)(message_.get(), type, &value)) <= 0) return {};
  return value;
}

std::string_view BusAnswer::bytes() {
  const void* value = nullptr;
  std::size_t size = 0;
  if (!good_ || note(SD_BUS(message_read_array)(message_.get(), 'y', &value, &size)) <= 0)
    return {};
  if (size > kMaxBytes) {
    good_ = false;
    return {};
  }
  return {static_cast<const char*>(value), size};
}

void BusAnswer::enter(char type, const char* contents) {
  // 0: behind the last value
  if (good_ && note(SD_BUS(message_enter_container)(message_.get(), type, contents)) == 0)
    good_ = false;
}

void BusAnswer::leave() {
  if (good_) note(SD_BUS(message_exit_container)(message_.get()));
}

// ---- the bus ------------------------------------------------------------------------------------

void SessionBus::Close::operator()(sd_bus* bus) const {
  SD_BUS(close_unref)(bus);
}

Result<SessionBus> SessionBus::connect(std::chrono::milliseconds patience) {
  std::string address = bus_address();
  if (address.empty()) return detour("the session bus has an address of another kind");
  if (library() == nullptr) return detour("libsystemd.so.0 is not there");
  SessionBus it;
  it.end_ = std::chrono::steady_clock::now() + patience;
  sd_bus* made = nullptr;
  int result = SD_BUS(new)(&made);
  it.bus_.reset(made);
  if (result >= 0) result = SD_BUS(set_address)(made, address.c_str());
  if (result >= 0) result = SD_BUS(set_bus_client)(made, 1);
  if (result >= 0) result = SD_BUS(negotiate_fds)(made, 0);
  if (result >= 0) result = SD_BUS(start)(made);
  if (result >= 0) result = SD_BUS(get_fd)(made);
  if (result < 0) return detour("no session bus", result);
  try {
    it.watch_ = std::jthread(watch, result, it.end_);
  } catch (const std::system_error& error) {
    return detour(error.what());
  }
  return it;
}

BusCall SessionBus::call(const BusMember& what) {
  BusCall call;
  sd_bus_message* made = nullptr;
  call.good_ = SD_BUS(message_new_method_call)(bus_.get(), &made, what.destination, what.path,
                                               what.interface, what.member) >= 0;
  call.message_.reset(made);
  return call;
}

Result<void> SessionBus::send(BusCall call, BusAnswer& answer) {
  if (!call.good_) return detour("a call that cannot be written");
  // The time is ours to keep.
  int result = SD_BUS(call_async)(bus_.get(), nullptr, call.message_.get(), keep_answer,
                                  &answer.message_, UINT64_MAX);
  if (result < 0) return detour("the session bus", result);
  return {};
}

Result<void> SessionBus::flush() {
  for (;;) {
    std::uint64_t left = 0;
    int result = SD_BUS(get_n_queued_write)(bus_.get(), &left);
    if (result < 0) return detour("the session bus", result);
    if (left == 0) return {};
    if (auto done = turn(); !done) return done;
  }
}

Result<void> SessionBus::wait_for(BusAnswer& answer, const char* signature) {
  while (!answer.message_) {
    if (auto done = turn(); !done) return done;
  }
  sd_bus_message* message = answer.message_.get();
  SD_BUS(message_sensitive)(message);
  if (const sd_bus_error* error = SD_BUS(message_get_error)(message)) {
    // sd-bus itself answers so when the connection has ended.
    if (late()) return detour(kTooLong);
    return detour("an error: " + std::string(error->name, ::strnlen(error->name, 200)));
  }
  const char* sender = SD_BUS(message_get_sender)(message);
  if (sender == nullptr) return detour("an answer of nobody");
  if (peer_.empty()) peer_ = sender;
  if (peer_ != sender) return detour("an answer of somebody else");
  if (SD_BUS(message_has_signature)(message, signature) <= 0)
    return detour("an answer of another kind");
  answer.good_ = true;
  return {};
}

// One step of sd-bus, or waits until there is one.
Result<void> SessionBus::turn() {
  auto left = std::chrono::ceil<std::chrono::microseconds>(end_ - std::chrono::steady_clock::now());
  if (left.count() <= 0) return detour(kTooLong);
  sd_bus_message* other = nullptr;
  int result = SD_BUS(process)(bus_.get(), &other);
  BusMessage passed_over(other);
  if (result > 0 && ++turns_ > kMaxTurns) return detour("too many messages without an answer");
  if (result == 0) result = SD_BUS(wait)(bus_.get(), static_cast<std::uint64_t>(left.count()));
  if (result >= 0 || result == -EINTR) return {};
  return late() ? detour(kTooLong) : detour("the session bus", result);
}

bool SessionBus::late() const {
  return std::chrono::steady_clock::now() >= end_;
}

}  // namespace sallyport::signin
