// Reads one secret of the desktop's key ring over the session bus (session_bus.h) and the Secret
// Service API (freedesktop.org, draft 0.2), without libsecret, whose thirty libraries and fourteen
// round trips take longer than all the rest of `sallyport token` (docs/adr/0003). The secret comes
// encrypted over the bus, as with libsecret. Only reads, and never asks a person: what is to be
// written, and everything unusual, is libsecret's.
//
//   auto found = read_desktop_secret({{"xdg:schema", "sallyport.sign-in"}, {"id", id}}, entropy);
//
// Blocks for `patience` at most, in all. Errors: vault.missing, vault.locked, and vault.unavailable
// for all that libsecret should try.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/entropy.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport::signin {

using SecretAttributes = std::vector<std::pair<std::string, std::string>>;

constexpr std::chrono::seconds kKeyRingPatience{10};

[[nodiscard]] Result<Secret> read_desktop_secret(
    const SecretAttributes& attributes, Entropy& entropy,
    std::chrono::milliseconds patience = kKeyRingPatience);

}  // namespace sallyport::signin
