// Reads one secret of the desktop's key ring, by ourselves: over the session bus and the Secret
// Service API (freedesktop.org, draft 0.2), without libsecret, whose thirty libraries and fourteen
// round trips take longer than all the rest of `sallyport token` (docs/adr/0003). The secret comes
// encrypted over the bus, as with libsecret. Only reads, and never asks a person: what is to be
// written, and everything unusual, is libsecret's.
//
//   auto found = read_desktop_secret({{"xdg:schema", "sallyport.sign-in"}, {"id", id}}, entropy);
//
// Blocks for ten seconds at most. Errors: vault.missing, vault.locked, and vault.unavailable
// for all that libsecret should try.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/entropy.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport::signin {

using SecretAttributes = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] Result<Secret> read_desktop_secret(const SecretAttributes& attributes,
                                                 Entropy& entropy);

}  // namespace sallyport::signin
