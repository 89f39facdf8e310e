// Cookies as they come in a request (RFC 6265 section 5.4) and as they are set. Every name of ours
// has the prefix `__Host-`: browsers take such a cookie from this very host over TLS alone, so that
// neither a neighbour below the same domain nor a page over plain HTTP can plant one.
// Pure; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "http/field.h"

namespace sallyport::admin {

inline constexpr std::string_view kSessionCookie = "__Host-sallyport";
inline constexpr std::string_view kSignInCookie = "__Host-sallyport-sign-in";
inline constexpr std::string_view kSignedOutCookie = "__Host-sallyport-signed-out";

struct FoundCookie {
  std::string_view value;  ///< of the first; in place as long as the request's head is
  std::size_t times = 0;   ///< how often the name came: with two nobody knows whose which is
};
/// In all `Cookie` fields. Names are compared exactly.
[[nodiscard]] FoundCookie find_cookie(http::Fields fields, std::string_view name);

/// True for what random_text() makes: 43 characters of base64url.
[[nodiscard]] bool is_random_text(std::string_view value);

enum class SameSite {
  kStrict,  ///< sent with what our own pages begin
  kLax,     ///< and when another site sends the browser here by a link or redirect
};
/// A whole `set-cookie` line with its end. `life` of zero takes the cookie away.
[[nodiscard]] std::string set_cookie(std::string_view name, std::string_view value,
                                     SameSite same_site, std::chrono::seconds life);

}  // namespace sallyport::admin
