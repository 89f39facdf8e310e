#include "signin/token_reading.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/secret.h"
#include "base/terminal_text.h"
#include "identity/claims.h"
#include "identity/compact_jws.h"

namespace sallyport::signin {
namespace {

std::string identifier(const identity::Claims& claims, std::string_view name) {
  auto value = claims.identifier(name);
  return value ? std::string(*value) : std::string();
}

std::unexpected<Error> foreign(std::string what) {
  return fail(kForeignToken, fmt::format("the ID token that came back {}", what),
              "try to sign in again; if it stays so, somebody stands between you and the provider");
}

}  // namespace

TokenClaims read_claims(std::string_view token) {
  TokenClaims found;
  auto jws = identity::CompactJws::parse(token);
  if (!jws) return found;
  auto payload = identity::StrictJson::parse(jws->payload(), identity::kTokenJson);
  if (!payload || !payload->root().is_object()) return found;
  identity::Claims claims(*payload);
  found.issuer = identifier(claims, "iss");
  found.nonce = identifier(claims, "nonce");
  found.authorized_party = identifier(claims, "azp");
  if (auto list = claims.list("aud")) {
    for (auto audience : *list) found.audiences.emplace_back(audience);
  }
  if (auto date = claims.date("exp")) found.expires_at = *date;
  found.subject = identifier(claims, "oid");
  if (found.subject.empty()) found.subject = identifier(claims, "sub");
  std::string name = claims.display("name");
  std::string address = claims.display("preferred_username");
  if (address.empty()) address = claims.display("email");
  found.person = for_terminal(name.empty()      ? address
                              : address.empty() ? name
                                                : fmt::format("{} ({})", name, address));
  return found;
}

Result<void> check_id_token(std::string_view id_token, std::string_view issuer,
                            std::string_view client, std::string_view nonce, WallTime now) {
  constexpr std::int64_t kSkew = 300;
  TokenClaims claims = read_claims(id_token);
  if (claims.issuer.empty()) return foreign("cannot be read");
  if (claims.issuer != issuer) return foreign("is of another issuer");
  if (std::ranges::find(claims.audiences, client) == claims.audiences.end()) {
    return foreign("is for another application");
  }
  if (claims.audiences.size() > 1 && claims.authorized_party != client) {
    return foreign("was made for another application");
  }
  if (!nonce.empty() && !equal_constant_time(claims.nonce, nonce)) {
    return foreign("belongs to another sign-in");
  }
  if (claims.expires_at + kSkew < unix_seconds(now)) {
    return fail(kExpiredToken, "the ID token that came back has expired",
                "compare this machine's clock, then try again");
  }
  return {};
}

}  // namespace sallyport::signin
