// Another process of this program: the one that renews a sign-in. It holds the sign-in's lock, ends
// by its own time, and outlives whoever wanted the token. For commands that show a token to somebody
// (token.cc, api_client.cc); one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "signin/sign_in_book.h"

namespace sallyport::app {

/// Has the sign-in renewed under the lock that is handed over, and waits so long. Errors: those of
/// the renewal (sign_in.again, provider.*, vault.*, fetch.tls), provider.busy where it takes longer
/// (it goes on), token.process.
[[nodiscard]] Result<void> renew_elsewhere(const signin::BookEntry& entry, UniqueFd lock,
                                           std::chrono::steady_clock::time_point until);

/// `sallyport token --renew ID`, which renew_elsewhere() starts. Prints no token.
[[nodiscard]] Exit run_renewal(const std::string& id);

/// Runs this program with these words (the first is its name) and gives what it wrote to stdout;
/// nothing where it could not be started or goes on when the time is over.
[[nodiscard]] std::optional<std::string> run_elsewhere(std::vector<std::string> words,
                                                       std::chrono::steady_clock::time_point until);

}  // namespace sallyport::app
