// Vaults that are files: sealed_file.h has their form. The key of one kind is random and rests in
// the kernel's key ring; that of the other comes from a passphrase, and is kept in the kernel's key
// ring for some hours where there is one, as an agent would.
#pragma once

#include <functional>

#include "signin/vault.h"

namespace sallyport::signin {

/// Gives the passphrase; `is_new`: of a new entry, so ask twice. Error: vault.locked.
using AskPassphrase = std::function<Result<Secret>(bool is_new)>;

[[nodiscard]] std::unique_ptr<Vault> make_kernel_vault(const std::filesystem::path& folder);
[[nodiscard]] std::unique_ptr<Vault> make_passphrase_vault(const std::filesystem::path& folder,
                                                           AskPassphrase ask);

/// From the file that the options name, else at the terminal, if the options allow it.
[[nodiscard]] AskPassphrase passphrase_source(const VaultOptions& options);

}  // namespace sallyport::signin
