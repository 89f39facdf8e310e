// How many connections there may be, in all and from one source. One a process, asked when a
// connection is accepted and when it ends; thread-safe.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "base/mutex.h"
#include "gateway/source.h"

namespace sallyport::gateway {

class ConnectionLimits {
 public:
  ConnectionLimits(std::size_t all, std::size_t per_source) : all_(all), per_source_(per_source) {}

  void set(std::size_t all, std::size_t per_source) {
    MutexLock lock(mutex_);
    all_ = all;
    per_source_ = per_source;
  }

  /// False: close it at once.
  [[nodiscard]] bool enter(const identity::SourceAddress& address) {
    auto source = network_of(address);
    MutexLock lock(mutex_);
    if (open_ >= all_) return false;
    auto& count = sources_[source];
    if (count >= per_source_) {
      if (count == 0) sources_.erase(source);
      return false;
    }
    ++count;
    ++open_;
    return true;
  }

  void leave(const identity::SourceAddress& address) {
    auto source = network_of(address);
    MutexLock lock(mutex_);
    --open_;
    auto found = sources_.find(source);
    if (--found->second == 0) sources_.erase(found);
  }

 private:
  struct Hash {
    std::size_t operator()(const identity::SourceAddress& address) const {
      std::size_t hash = 1469598103934665603ULL;
      for (auto byte : address) hash = (hash ^ byte) * 1099511628211ULL;
      return hash;
    }
  };
  Mutex mutex_;
  std::size_t all_ GUARDED_BY(mutex_);
  std::size_t per_source_ GUARDED_BY(mutex_);
  std::size_t open_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<identity::SourceAddress, std::size_t, Hash> sources_ GUARDED_BY(mutex_);
};

}  // namespace sallyport::gateway
