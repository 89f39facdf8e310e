// Whether a request that a cookie authorizes was made by our own pages. A browser sends the cookie
// by itself, so that another site could have requests made in a person's name (CSRF) or read what
// comes back (XSSI): what the browser says of a request's origin is asked, and silence counts
// against what changes something. A bearer token is sent by nobody who does not have it: it needs
// none of this. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "admin/problem.h"
#include "http/message_parser.h"

namespace sallyport::admin {

/// The origin of a URL as browsers write it: `https://admin.example:8443`; empty where it is none.
[[nodiscard]] std::string origin_of(std::string_view url);

/// `origin`: ours, as browsers write it. Error: 403 api.cross_site.
[[nodiscard]] std::optional<Problem> refuse_cross_site(const http::RequestHead& head,
                                                       std::string_view origin);

}  // namespace sallyport::admin
