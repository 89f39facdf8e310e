// Where a sign-in rests. One entry a sign-in, named by its id; an entry is replaced whole or not at
// all, so that a crash leaves the old one or the new one. A vault never asks a person anything
// unless it was made to (VaultOptions::may_ask). Windows (DPAPI) and macOS (Keychain) get a file
// each beside the three here.
//
//   desktop     the desktop's key ring, over the Secret Service (libsecret, loaded when it is used)
//   kernel      a file, mode 0600, AES-256-GCM; its key in the kernel's key ring until a restart
//   passphrase  a file, mode 0600, AES-256-GCM; its key from a passphrase by scrypt
//
// Errors: vault.missing (no such entry), vault.locked (it is there, its key is not), vault.damaged,
// vault.unavailable (this machine has no such vault), file.*.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sallyport::signin {

/// Codes that others act on.
inline constexpr std::string_view kVaultMissing = "vault.missing";
inline constexpr std::string_view kVaultLocked = "vault.locked";
inline constexpr std::string_view kVaultUnavailable = "vault.unavailable";

enum class VaultKind { kDesktop, kKernel, kPassphrase };
[[nodiscard]] std::string_view name_of(VaultKind kind);   ///< desktop, kernel, passphrase
[[nodiscard]] std::string_view describe(VaultKind kind);  ///< "the desktop's key ring"
[[nodiscard]] Result<VaultKind> parse_vault_kind(std::string_view name);

class Vault {
 public:
  virtual ~Vault() = default;
  [[nodiscard]] virtual Result<Secret> load(const std::string& id) = 0;
  [[nodiscard]] virtual Result<void> store(const std::string& id, const Secret& content) = 0;
  /// No error where there was none.
  [[nodiscard]] virtual Result<void> remove(const std::string& id) = 0;
};

struct VaultOptions {
  std::filesystem::path folder;  ///< of the files
  std::string passphrase_file;   ///< instead of asking
  bool may_ask = false;          ///< at the terminal, for a passphrase
};

[[nodiscard]] std::unique_ptr<Vault> open_vault(VaultKind kind, const VaultOptions& options);

/// The best that works here: the desktop's key ring; a passphrase where its file is named; the
/// kernel's key ring; a passphrase asked at the terminal. Error: vault.unavailable.
[[nodiscard]] Result<VaultKind> choose_vault(const VaultOptions& options);

[[nodiscard]] std::unique_ptr<Vault> make_desktop_vault();
/// True if the desktop's key ring answers and is open.
[[nodiscard]] bool desktop_vault_works();

}  // namespace sallyport::signin
