// What the rules and the firewall list ask of a URL. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/url.h"

namespace sallyport::profile {

/// host or host:port, as a firewall list names it.
[[nodiscard]] std::string host_and_port(const Url& url);

/// The same scheme, host and port (RFC 6454). False where one of them is no URL.
[[nodiscard]] bool same_origin(std::string_view a, std::string_view b);

/// A loopback literal as it stands in Url::host, localhost and *.localhost; also 127.1, since the
/// app's own parser reads that as 127.0.0.1.
[[nodiscard]] bool is_loopback_host(std::string_view host);
/// The tenant GUID of https://login.microsoftonline.com/TENANT/..., in lower case; else empty.
[[nodiscard]] std::string entra_tenant(std::string_view issuer);
[[nodiscard]] bool is_entra_host(std::string_view host);

}  // namespace sallyport::profile
