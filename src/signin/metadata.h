// The documents that the person's side signs in by: the gateway's word on who its identity provider
// is, and the provider's on its endpoints. Fetches; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "identity/discovery.h"
#include "signin/session.h"
#include "signin/web.h"

namespace sallyport::signin {

/// Codes of an address that was typed wrongly.
inline constexpr std::string_view kGatewayUrl = "gateway.url";
inline constexpr std::string_view kServerUrl = "server.url";
inline constexpr std::string_view kProviderUrl = "provider.url";

/// The provider's discovery document. Errors: fetch.*, discovery.rejected, provider.error.
[[nodiscard]] Result<identity::Discovery> discover(Web& web, const std::string& issuer);

/// What a gateway offers for signing in (RFC 9728 metadata with our `sallyport_sign_in`).
/// Errors: fetch.*, gateway.not_found, gateway.no_sign_in, gateway.damaged, gateway.other_name.
[[nodiscard]] Result<std::vector<Target>> ask_gateway(Web& web, const std::string& gateway);

/// The same of an administrator's port (`server`, as tidy_server_url() has it): targets are bound
/// to it. Errors: fetch.*, gateway.*, provider.url as above.
[[nodiscard]] Result<std::vector<Target>> ask_server(Web& web, const std::string& server);

/// Pure: the document that a gateway at this URL answered with.
[[nodiscard]] Result<std::vector<Target>> parse_gateway_document(std::string_view json,
                                                                 const std::string& gateway);

/// Where the document of a gateway is: RFC 9728 section 3.1.
[[nodiscard]] std::string metadata_url(const std::string& gateway);

/// A gateway's URL as it is remembered: lower-case scheme and host, no slash at the end. Error:
/// gateway.url.
[[nodiscard]] Result<std::string> tidy_gateway_url(const std::string& typed);

/// The URL of an administrator's port: the same, without a path, so that it is an origin. Error:
/// server.url.
[[nodiscard]] Result<std::string> tidy_server_url(const std::string& typed);

}  // namespace sallyport::signin
