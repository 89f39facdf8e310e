// Keeps a sign-in usable. Whoever wants a token calls current_session(); when the token is about to
// expire, one caller of all processes holds the sign-in's lock and has it renewed, the others wait
// for the lock and find the new one.
//
// Providers take a refresh token once: from the moment the provider answers, the old one is dead,
// and only the answer holds the new one. So renew() first proves that the vault can be written,
// then asks, and stores before it does anything else; and it runs in a process of its own
// (app/commands/token.cc) that holds the lock and does not end with the one that wanted the token.
#pragma once

#include <chrono>
#include <functional>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/unique_fd.h"
#include "signin/session.h"
#include "signin/sign_in_book.h"
#include "signin/vault.h"
#include "signin/web.h"

namespace sallyport::signin {

/// Renews under the lock that is handed over; true when something new was stored.
using RenewElsewhere = std::function<Result<void>(const BookEntry&, UniqueFd lock)>;

/// The sign-in with a token that is good for some time. A token that still has half a minute is
/// given even when it could not be renewed. Errors: vault.*, sign_in.again, sign_in.busy,
/// provider.*, fetch.*.
[[nodiscard]] Result<Session> current_session(const BookEntry& entry, Vault& vault,
                                              const std::filesystem::path& folder, Clock& clock,
                                              const RenewElsewhere& renew,
                                              std::chrono::milliseconds patience);

/// The sign-in after whoever got its token refused that one: another process's newer token, else it
/// is renewed, once. Errors as above; sign_in.again where it cannot be renewed.
[[nodiscard]] Result<Session> session_after_refusal(const BookEntry& entry, Vault& vault,
                                                    const std::filesystem::path& folder,
                                                    const Secret& refused_token,
                                                    const RenewElsewhere& renew,
                                                    std::chrono::milliseconds patience);

/// Loads and decodes.
[[nodiscard]] Result<Session> load_session(Vault& vault, const std::string& id);

/// Asks the provider for new tokens and stores them. The caller holds the lock of `id`. A refusal
/// is stored, too: nothing else of the sign-in changes then.
[[nodiscard]] Result<void> renew(Vault& vault, const std::string& id, Web& web, Clock& clock,
                                 Entropy& entropy);

}  // namespace sallyport::signin
