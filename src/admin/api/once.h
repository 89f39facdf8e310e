// `Idempotency-Key` (the IETF's draft "The Idempotency-Key HTTP Header Field"): a write that is
// sent again with the same key is answered as it was the first time, and not done again. Kept in
// memory for a day, within bounds a caller. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "admin/api/route.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/mutex.h"

namespace sallyport::admin {

class Once {
 public:
  static constexpr std::chrono::hours kKept{24};
  static constexpr std::size_t kMostOfOne = 64;  ///< keys of a caller; the oldest goes
  static constexpr std::size_t kMost = 4096;
  static constexpr std::size_t kMaxAnswer = 64 << 10;  ///< bytes; of a larger one the status stays

  enum class Seen {
    kNew,
    kRunning,
    kOther,
    kDone,
    kFull,  ///< no more keys can be kept now
  };
  struct Look {
    Seen seen = Seen::kNew;
    std::optional<ApiResult> answer;  ///< with kDone
  };

  explicit Once(Clock& clock) : clock_(clock) {}

  /// kNew: it is the caller's to do, and ends with done() or failed(). kOther: the key was used for
  /// another request.
  [[nodiscard]] Look begin(const std::string& caller, const std::string& key,
                           std::string_view request);
  /// It was done; a problem where that could not be said.
  void done(const std::string& caller, const std::string& key, ApiResult answer);
  /// Nothing was done: the key is free again.
  void failed(const std::string& caller, const std::string& key);

 private:
  using Name = std::pair<std::string, std::string>;
  struct Entry {
    Sha256 request{};
    WallTime at{};
    std::optional<ApiResult> answer;
  };
  void make_room(const std::string& caller) REQUIRES(mutex_);

  Clock& clock_;
  Mutex mutex_;
  std::map<Name, Entry> entries_ GUARDED_BY(mutex_);
};

}  // namespace sallyport::admin
