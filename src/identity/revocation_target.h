// Whom an operator means: the forms in which a person is named to `sallyport revoke`. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::identity {

/// The key of a principal (principal.h) from ISSUER/TENANT/OBJECT_ID, ISSUER/SUBJECT or, as records
/// write it, ISSUER//SUBJECT. Nothing where the text does not begin with the name of an issuer:
/// then it is a name or an e-mail address. Error: revocation.user_form.
[[nodiscard]] Result<std::optional<std::string>> principal_key(
    std::string_view text, std::span<const std::string> issuers);

}  // namespace sallyport::identity
