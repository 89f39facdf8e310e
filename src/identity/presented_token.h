// Where in a request the person's token is, and which fields count as credentials. Pure; any
// thread.
//
// Clients differ: Claude Desktop sends `Authorization: Bearer TOKEN`, Claude Code sends the token
// in `x-api-key` beside a placeholder `Authorization: Bearer dummy`, or the same token in both. So
// all places are read and what looks like a JWT (RFC 7519) is a candidate: exactly one must remain.
// Two different ones are refused rather than ranked, because whoever puts a second credential
// beside a first wants one component to see the one and another component the other.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "http/field.h"
#include "identity/reason.h"

namespace sallyport::identity {

/// The one token of the request: a view into `fields`. `extra_headers` are the lower-case names
/// that `issuers[].header` gave. Never a query parameter: those end up in logs.
/// Errors: kMissing, kAmbiguousCredentials, kMalformedCredential, kWrongScheme, kOpaque, kTooLarge.
[[nodiscard]] std::expected<std::string_view, Reason> find_presented_token(
    http::Fields fields, std::span<const std::string> extra_headers);

/// True for fields that must never go further than this process (ARCHITECTURE.md, promise 2).
[[nodiscard]] bool is_credential_header(std::string_view name,
                                        std::span<const std::string> extra_headers);

}  // namespace sallyport::identity
