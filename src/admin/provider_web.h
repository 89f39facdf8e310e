// The identity provider as a desk's thread asks it while a person signs in: one request at a time,
// waited for, over the gateway's own fetch thread, with the issuer's trust anchors and proxy, as its
// keys are fetched. A gateway that stops waits for no provider.
//
//   auto wait = std::make_shared<EndableWait>();
//   ProviderWeb web(fetcher, {issuer.ca_file, issuer.proxy}, wait);
//   auto answer = web.get(url);          // blocks
//   wait->end();                         // any thread: who waits, and who will, waits no longer
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "http/fetch.h"
#include "signin/web.h"

namespace sallyport::admin {

/// Waiting for another thread, which a third one can end. Any thread.
class EndableWait : public std::enable_shared_from_this<EndableWait> {
 public:
  /// Hands `start` what is to be called when it is done (once, by any thread, also much later), and
  /// waits for that. False: the time is over, or waiting was ended.
  [[nodiscard]] bool wait(std::chrono::milliseconds at_most,
                          const std::function<void(std::function<void()> done)>& start);
  /// For good.
  void end();

 private:
  Mutex mutex_;
  Condition changed_;
  bool ended_ GUARDED_BY(mutex_) = false;
};

class ProviderWeb final : public signin::Web {
 public:
  struct Route {
    std::string ca_file;  ///< empty: the system's trust store
    std::string proxy;    ///< as FetchRequest has it
  };
  /// The fetcher outlives it.
  ProviderWeb(http::Fetcher& fetcher, Route route, std::shared_ptr<EndableWait> wait)
      : Web({}), fetcher_(fetcher), route_(std::move(route)), wait_(std::move(wait)) {}

 protected:
  [[nodiscard]] Result<http::FetchResponse> send(http::FetchRequest request) override;

 private:
  http::Fetcher& fetcher_;
  Route route_;
  std::shared_ptr<EndableWait> wait_;
};

}  // namespace sallyport::admin
