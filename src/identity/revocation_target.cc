#include "identity/revocation_target.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/guid.h"

namespace sallyport::identity {
Result<std::optional<std::string>> principal_key(std::string_view text,
                                                 std::span<const std::string> issuers) {
  auto slash = text.find('/');
  std::string_view issuer = text.substr(0, slash);
  if (slash == std::string_view::npos || std::ranges::find(issuers, issuer) == issuers.end()) {
    return std::optional<std::string>();
  }
  std::string_view rest = text.substr(slash + 1);
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.empty()) {
    return fail("revocation.user_form", fmt::format("{} names an issuer and nobody", text),
                "write ISSUER/TENANT/OBJECT_ID, or ISSUER/SUBJECT where tokens have no object id");
  }
  bool as_recorded = rest.data() != text.data() + slash + 1;
  auto middle = as_recorded ? std::string_view::npos : rest.find('/');
  bool tenant = middle != std::string_view::npos && is_guid(rest.substr(0, middle));
  if (tenant && !is_guid(rest.substr(middle + 1))) {
    return fail("revocation.user_form", fmt::format("{} is no object id", rest.substr(middle + 1)),
                "write the person's object id, a GUID, behind the tenant's");
  }
  if (tenant) return std::optional(fmt::format("{}/{}", issuer, lower_case(rest)));
  return std::optional(fmt::format("{}//{}", issuer, rest));
}

}  // namespace sallyport::identity
