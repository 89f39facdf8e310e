// What the commands of the person's side share. For sign_in.cc, token.cc, whoami.cc, sign_out.cc.
#pragma once

#include <string>
#include <string_view>

#include "app/command.h"
#include "base/clock.h"
#include "signin/session.h"
#include "signin/sign_in_book.h"

namespace sallyport::app {

/// The code of options that do not fit together.
inline constexpr std::string_view kSignInOptions = "sign_in.options";

/// Before a token is in memory: no core file, no other process that looks inside, no terminal that
/// stops us half way.
void protect_memory();

/// 1 where the answer is no (nobody is signed in, a refusal), 2 for wrong input, 3 for a network, a
/// file or a key ring that does not work.
[[nodiscard]] Exit exit_of(const Error& error);

/// Prints and gives exit_of().
[[nodiscard]] Exit refuse_sign_in(const Error& error, bool json);

/// `gateway` as typed, else SALLYPORT_GATEWAY, else empty; tidied.
[[nodiscard]] Result<std::string> gateway_named(const std::string& typed);

/// The sign-in of a server where one is named, else of the gateway as above. Errors: sign_in.*,
/// gateway.url, server.url.
[[nodiscard]] Result<signin::BookEntry> entry_named(const signin::SignInBook& book,
                                                    const std::string& gateway,
                                                    const std::string& server);

/// "in 58 minutes", "3 hours ago".
[[nodiscard]] std::string time_from(WallTime now, std::int64_t unix_time);

/// The path of this program, to start it again.
[[nodiscard]] std::string own_path();

void print_line(const std::string& text);

}  // namespace sallyport::app
