// The provider's credential in the life of one exchange: taken before the record is opened, renewed
// at most once when the provider refuses it, and kept from showing in what it answers.
#pragma once

#include <string_view>

#include "base/task.h"
#include "gateway/exchange.h"

namespace sallyport::gateway {

/// kOn: every candidate has the newest credential of its provider; waits a little for the first
/// one, where it is being obtained.
[[nodiscard]] Task<Step> take_credential(Exchange& x);

/// After the provider's 401: a newer credential in the place of the refused one. False: there is
/// none.
[[nodiscard]] Task<bool> renew_credential(Exchange& x, upstream::Candidate& to);

/// True if the text holds a credential that this exchange has sent.
[[nodiscard]] bool reveals_credential(const Exchange& x, std::string_view text);
/// The same for a text of JSON that holds it once `\uXXXX` and `\/` are read.
[[nodiscard]] bool reveals_escaped(const Exchange& x, std::string_view json);

}  // namespace sallyport::gateway
