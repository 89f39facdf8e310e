// The person's session bus (D-Bus), by the sd-bus of libsystemd, which is loaded at its first use
// and not linked: a server has no session bus, and `sallyport token` from a file needs none. As
// much of it as reading one secret takes (desktop_secret.h): calls go out together, answers are
// waited for one by one, and whatever else comes is passed over.
//
//   auto bus = SessionBus::connect(10s);
//   BusCall call = bus->call({"a.service", "/its/object", "an.interface", "Member"});
//   call.text('s', "argument");
//   BusAnswer answer;
//   if (!bus->send(std::move(call), answer)) ...
//   if (auto come = bus->wait_for(answer, "s"); !come) ...
//   use(answer.text('s'));
//
// For one thread; a second one keeps the time (session_bus.cc). Every failure is vault.unavailable:
// libsecret may try.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::signin {

struct FreeBusMessage {
  void operator()(sd_bus_message* message) const;
};
using BusMessage = std::unique_ptr<sd_bus_message, FreeBusMessage>;

/// Whom to call. The texts end with a NUL and are only looked at.
struct BusMember {
  const char* destination;
  const char* path;
  const char* interface;
  const char* member;
};

/// A call that is being written, value after value. What does not fit makes send() fail.
class BusCall {
 public:
  void text(char type, const std::string& value);  ///< 's', 'o' or 'g'
  void bytes(std::string_view value);
  void open(char type, const char* contents);  ///< sd_bus_message_open_container()
  void close();

 private:
  friend class SessionBus;
  BusCall() = default;
  void note(int result);

  BusMessage message_;
  bool good_ = false;
};

/// What came back, value after value; after the first that does not fit, good() is false and what
/// is read is empty. Views are valid as long as the answer. What it held is wiped with it.
class BusAnswer {
 public:
  static constexpr std::size_t kMaxBytes = 1 << 20;  ///< far more than a sign-in takes

  std::string_view text(char type);  ///< empty also behind the last element of an array
  std::string_view bytes();          ///< at most kMaxBytes
  void enter(char type, const char* contents);
  void leave();
  [[nodiscard]] bool good() const { return good_; }

 private:
  friend class SessionBus;
  int note(int result);

  BusMessage message_;
  bool good_ = false;
};

class SessionBus {
 public:
  /// Does not wait. All that is waited for later takes no longer than `patience` from now, whatever
  /// the other side sends.
  static Result<SessionBus> connect(std::chrono::milliseconds patience);

  BusCall call(const BusMember& what);
  /// The call goes out with flush() or the next wait. `answer` stays where it is and outlives us.
  Result<void> send(BusCall call, BusAnswer& answer);
  /// Until all that was sent is out.
  Result<void> flush();
  /// Until this answer is there. It has these values, and comes from whom the first one came from.
  Result<void> wait_for(BusAnswer& answer, const char* signature);

 private:
  struct Close {
    void operator()(sd_bus* bus) const;
  };

  Result<void> turn();
  [[nodiscard]] bool late() const;

  std::unique_ptr<sd_bus, Close> bus_;
  std::jthread watch_;  ///< ends before the bus
  SteadyTime end_{};
  int turns_ = 0;
  std::string peer_;
};

}  // namespace sallyport::signin
