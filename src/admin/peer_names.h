// Names of the users who come to the local socket. The system is asked for one at most once in ten
// minutes (it may ask a directory far away, and the door's thread waits for it), and never for root
// or the gateway's own user once this is made: they come in whatever becomes of the directory.
// Bounded; of one thread.
//
//   PeerNames names(look_up_user, ::geteuid(), clock);
//   names.of(1004);                                       // "jo (uid 1004)"
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "base/clock.h"

namespace sallyport::admin {

/// The system's name of a user (passwd); empty: it has none.
[[nodiscard]] std::string look_up_user(uid_t uid);

class PeerNames {
 public:
  using LookUp = std::function<std::string(uid_t)>;
  static constexpr std::size_t kMost = 256;
  static constexpr std::chrono::minutes kLife{10};

  PeerNames(LookUp look_up, uid_t own, Clock& clock);

  /// As the record names them; `uid 1004` for whoever has no name.
  [[nodiscard]] std::string of(uid_t uid);

 private:
  struct Known {
    std::string text;
    SteadyTime until{};
  };
  [[nodiscard]] std::string ask(uid_t uid) const;

  LookUp look_up_;
  uid_t own_;
  Clock& clock_;
  std::string own_text_;
  std::map<uid_t, Known> known_;
};

}  // namespace sallyport::admin
