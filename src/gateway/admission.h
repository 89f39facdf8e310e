// Who asks, and are they (still) let in: the first steps of every request that needs a person.
#pragma once

#include <expected>

#include "base/task.h"
#include "gateway/exchange.h"

namespace sallyport::gateway {

/// Token -> cache -> signature and claims -> principal; kOn: x.caller.person is there.
[[nodiscard]] Task<Step> authenticate(Exchange& x);

/// An exchange whose person is known and let in. What answers persons takes it, and admit() alone
/// makes one: nothing of theirs is answered to anybody else.
class Admitted {
 public:
  [[nodiscard]] Exchange& exchange() const { return *x_; }

 private:
  friend std::expected<Admitted, Step> admit(Exchange& x);
  explicit Admitted(Exchange& x) : x_(&x) {}
  Exchange* x_;
};

/// Revoked? Asked on every request, whatever the cache knows. From here on a revocation that comes
/// finds the exchange. After authenticate() was kOn.
[[nodiscard]] std::expected<Admitted, Step> admit(Exchange& x);

/// After a wait, before anything of an answer went out: kRefused if it was revoked meanwhile.
[[nodiscard]] Step still_admitted(Exchange& x);

/// What somebody is told whose access was taken back.
[[nodiscard]] http::Refusal refusal_of_revoked(const Exchange& x,
                                               const identity::Revocation& revocation);

}  // namespace sallyport::gateway
