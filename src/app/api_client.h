// Asks a gateway's administrator's API for a command, whichever way the gateway was named: over its
// local socket, or over HTTPS with the token of `sallyport sign-in --server`, which goes to that
// server alone. Blocks; for the command line.
//
//   auto reply = ask(options.gateway, {.method = "GET", .path = "/api/v1/me"});
//   if (!reply) return refuse(reply.error(), options.json);
//   if (reply->status != 200) return refuse_reply(*reply, options.gateway, {}, options.json);
//
// Over HTTPS: TLS is verified, redirects are refused; a 401 costs one renewal and one more try.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "admin/api_reply.h"
#include "app/command.h"
#include "app/gateway_options.h"

namespace sallyport::app {

using admin::ApiReply;

struct ApiQuestion {
  std::string method = "GET";
  std::string path;  ///< with its query
  std::string body = {};
  std::chrono::milliseconds patience = std::chrono::seconds{30};  ///< a disk may be slow
};

/// Why there is no answer, and how the command ends.
struct NotAsked {
  Error error;
  Exit exit = Exit::kEnvironment;
};

/// Errors: of the options and the configuration (wrong input); sign_in.none, sign_in.again (the
/// answer is no); status.* of the socket, fetch.*, vault.*, provider.* (the environment).
[[nodiscard]] std::expected<ApiReply, NotAsked> ask(const GatewayOptions& gateway,
                                                    const ApiQuestion& question);

/// Prints, and gives the exit code.
[[nodiscard]] Exit refuse(const NotAsked& why, bool json);

/// The same for an answer that is not 200: its problem, in its words. What is no problem document is
/// no gateway's: `foreign` is the code of that.
[[nodiscard]] Exit refuse_reply(const ApiReply& reply, const GatewayOptions& gateway,
                                std::string_view foreign, bool json);

/// Of an answer that is 200 and not what the API says.
[[nodiscard]] Error not_understood(const ApiReply& reply, const GatewayOptions& gateway,
                                   std::string_view foreign);

[[nodiscard]] Exit exit_of_status(long status);

}  // namespace sallyport::app
