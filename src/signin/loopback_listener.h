// Waits on 127.0.0.1 for the browser to come back from the identity provider. Answers the one
// request that it waits for with a page of its own and every other with a refusal; takes a bounded
// number of connections of bounded size and time. One thread, blocking.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "signin/loopback_request.h"

namespace sallyport::signin {

/// The code of a port that cannot be had.
inline constexpr std::string_view kSignInPort = "sign_in.port";

class LoopbackListener {
 public:
  /// `port` 0: any free one. Error: sign_in.port.
  [[nodiscard]] static Result<LoopbackListener> open(std::uint16_t port);

  /// `http://127.0.0.1:PORT/callback`
  [[nodiscard]] std::string redirect_uri() const;

  /// The callback with this state. Error: sign_in.timeout.
  [[nodiscard]] Result<Callback> wait(std::string_view state, std::chrono::seconds patience);

 private:
  LoopbackListener(UniqueFd fd, std::uint16_t port);
  UniqueFd fd_;
  std::string host_;  ///< 127.0.0.1:PORT
};

}  // namespace sallyport::signin
