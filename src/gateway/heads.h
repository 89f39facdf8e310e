// Which header fields pass, in both directions: ARCHITECTURE.md, "Heads". Everything passes that is
// not named in the two lists of heads.cc. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/answer_head.h"
#include "http/message_parser.h"

namespace sallyport::gateway {

/// Appends the client's fields that the provider gets, and `fallback` where none of its name (in
/// lower case; empty: nothing) is among them. A field that holds `token`, the credential that was
/// accepted, stays here whatever its name, and so do those that `dropped` names in lower case.
void append_request_fields(std::string& out, const http::RequestHead& head,
                           std::span<const std::string> extra_credential_headers,
                           std::string_view token, const http::Field& fallback,
                           std::span<const std::string_view> dropped = {});

/// Adds the provider's fields that the client gets; x-request-id is the caller's.
void append_response_fields(http::AnswerHead& out, const http::ResponseHead& head);

using http::append_field;

}  // namespace sallyport::gateway
