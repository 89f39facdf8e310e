// The provider's credential in the life of one exchange: taken before the record is opened, renewed
// at most once when the provider refuses it, and kept from showing in what it answers.
#include <charconv>

#include "base/secret.h"
#include "gateway/exchange_state.h"

namespace sallyport::gateway {
namespace {

// True if a character of a key could stand there as `\uXXXX` or `\/`.
bool may_hide_ascii(std::string_view json) {
  for (auto at = json.find('\\'); at != std::string_view::npos; at = json.find('\\', at + 2)) {
    auto escape = json.substr(at + 1);
    if (escape.starts_with('/') || escape.starts_with("u00")) return true;
  }
  return false;
}

// Undoes what an encoder of JSON may do to the characters of a key. Others stay as they are, also
// behind an escaped backslash.
std::string read_escapes(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] != '\\' || at + 1 == json.size()) {
      out.push_back(json[at]);
      continue;
    }
    const char kind = json[++at];
    unsigned value = 0;
    const char* digits = json.data() + at + 1;
    if (kind == 'u' && json.size() - at > 4 &&
        std::from_chars(digits, digits + 4, value, 16).ptr == digits + 4 && value < 0x80) {
      out.push_back(static_cast<char>(value));
      at += 4;
      continue;
    }
    if (kind != '/') out.push_back('\\');
    out.push_back(kind);
  }
  return out;
}

}  // namespace

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

bool reveals_escaped(const ExchangeState& state, std::string_view json) {
  if (!may_hide_ascii(json)) return false;  // nearly always
  std::string read = read_escapes(json);
  bool reveals = reveals_credential(state, read);
  wipe(read);
  return reveals;
}

}  // namespace sallyport::gateway
