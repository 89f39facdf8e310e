#include "identity/revocation.h"

#include <algorithm>
#include <array>

namespace sallyport::identity {
namespace {

constexpr std::array<std::string_view, kRevocationKinds> kTexts{
    "user", "sign-ins", "session", "token", "client", "group", "all"};

}  // namespace

std::string_view text(RevocationKind kind) {
  return kTexts[static_cast<std::size_t>(kind)];
}

std::optional<RevocationKind> revocation_kind(std::string_view text) {
  auto found = std::ranges::find(kTexts, text);
  if (found == kTexts.end()) return std::nullopt;
  return static_cast<RevocationKind>(found - kTexts.begin());
}

bool concerns(const Revocation& revocation, const Principal& person, WallTime now) {
  if (!revocation.issuer.empty() && revocation.issuer != person.issuer) return false;
  if (revocation.ended(now)) return false;
  switch (revocation.kind) {
    case RevocationKind::kUser:
      return revocation.target == person.key;
    case RevocationKind::kSignIns:
      return revocation.target == person.key && person.signed_in_at <= revocation.not_before;
    case RevocationKind::kSession:
      return revocation.target == person.session_id &&
             (revocation.person.empty() || revocation.person == person.key);
    case RevocationKind::kToken:
      return revocation.target == person.token_id;
    case RevocationKind::kClient:
      return revocation.target == person.client;
    case RevocationKind::kGroup:
      return person.groups_overage ||
             std::ranges::find(person.groups, revocation.target) != person.groups.end();
    case RevocationKind::kAll:
      return person.signed_in_at <= revocation.not_before;
  }
  return true;
}

}  // namespace sallyport::identity
