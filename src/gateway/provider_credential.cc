// The provider's credential in the life of one exchange: taken before the record is opened, renewed
// at most once when the provider refuses it, and kept from showing in what it answers.
#include "gateway/exchange_state.h"

namespace sallyport::gateway {

Task<bool> wait_for_credential(ExchangeState& state) {
  const auto& upstream = state.upstream();
  bool came = co_await state.worker.credential_renewed(state.signal(), upstream, 0);
  if (came) state.credential = state.worker.credential_of(upstream);
  co_return came;
}

Task<bool> renew_credential(ExchangeState& state) {
  const auto& upstream = state.upstream();
  bool came = co_await state.worker.credential_renewed(state.signal(), upstream,
                                                       state.credential->serial());
  if (!came) co_return false;
  state.refused_credential = std::move(state.credential);
  state.credential = state.worker.credential_of(upstream);
  co_return true;
}

bool reveals_credential(const ExchangeState& state, std::string_view text) {
  return state.credential->revealed_in(text) ||
         (state.refused_credential && state.refused_credential->revealed_in(text));
}

}  // namespace sallyport::gateway
