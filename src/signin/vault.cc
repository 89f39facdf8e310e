#include "signin/vault.h"

#include <fmt/format.h>
#include <unistd.h>

#include "signin/file_vault.h"
#include "signin/kernel_ring.h"

namespace sallyport::signin {
namespace {

struct Row {
  VaultKind kind;
  std::string_view name;
  std::string_view description;
};
constexpr Row kRows[] = {
    {VaultKind::kDesktop, "desktop", "the desktop's key ring"},
    {VaultKind::kKernel, "kernel",
     "an encrypted file whose key is in the kernel's key ring until the next restart"},
    {VaultKind::kPassphrase, "passphrase", "a file encrypted with your passphrase"},
};

}  // namespace

std::string_view name_of(VaultKind kind) {
  return kRows[static_cast<std::size_t>(kind)].name;
}

std::string_view describe(VaultKind kind) {
  return kRows[static_cast<std::size_t>(kind)].description;
}

Result<VaultKind> parse_vault_kind(std::string_view name) {
  for (const auto& row : kRows) {
    if (row.name == name) return row.kind;
  }
  return fail(kVaultUnavailable, fmt::format("there is no vault named {}", name),
              "choose desktop, kernel or passphrase");
}

std::unique_ptr<Vault> open_vault(VaultKind kind, const VaultOptions& options) {
  switch (kind) {
    case VaultKind::kDesktop:
      return make_desktop_vault();
    case VaultKind::kKernel:
      return make_kernel_vault(options.folder);
    case VaultKind::kPassphrase:
      break;
  }
  return make_passphrase_vault(options.folder, passphrase_source(options));
}

Result<VaultKind> choose_vault(const VaultOptions& options) {
  if (!options.passphrase_file.empty()) return VaultKind::kPassphrase;
  if (desktop_vault_works()) return VaultKind::kDesktop;
  if (kernel_ring::works()) return VaultKind::kKernel;
  if (options.may_ask && ::access("/dev/tty", R_OK | W_OK) == 0) return VaultKind::kPassphrase;
  return fail(kVaultUnavailable,
              "there is no place to keep a sign-in: no key ring of a desktop, no kernel key ring, "
              "and no passphrase",
              "write a passphrase into a file of mode 0600 and name it with --passphrase-file");
}

}  // namespace sallyport::signin
