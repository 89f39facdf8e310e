#include "signin/file_vault.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/entropy.h"
#include "base/files.h"
#include "signin/kernel_ring.h"
#include "signin/sealed_file.h"

namespace sallyport::signin {
namespace {

constexpr std::chrono::hours kKeyStays{12};

Secret random_key() {
  std::string key(32, '\0');
  system_entropy().fill({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
  return Secret(std::move(key));
}

class FileVault final : public Vault {
 public:
  /// Without `ask` the key is random.
  FileVault(std::filesystem::path folder, AskPassphrase ask)
      : folder_(std::move(folder)), ask_(std::move(ask)) {}

  Result<Secret> load(const std::string& id) override {
    auto file = read(id);
    if (!file) return std::unexpected(std::move(file.error()));
    auto header = read_header(*file);
    if (!header) return std::unexpected(std::move(header.error()));
    bool kept = false;
    auto key = key_of(id, *header, false, kept);
    if (!key) return std::unexpected(std::move(key.error()));
    auto content = unseal(*file, *key, id);
    if (!content && kept && header->passphrase) {
      kernel_ring::remove(ring_name(id, *header));  // the kept key was of an older file
      key = key_of(id, *header, false, kept);
      if (!key) return std::unexpected(std::move(key.error()));
      content = unseal(*file, *key, id);
    }
    if (!content) return content;
    if (!kept) keep(id, *header, *key);
    opened_ = ring_name(id, *header);
    return content;
  }

  Result<void> store(const std::string& id, const Secret& content) override {
    SealHeader header = new_header(static_cast<bool>(ask_), system_entropy());
    bool is_new = true;
    std::string old_ring;
    if (auto file = read(id)) {
      auto old = read_header(*file);
      if (old) old_ring = ring_name(id, *old);
      // Only a key that has opened what is there may seal it anew: any other could be a passphrase
      // of before, or mistyped.
      if (old && old_ring == opened_ && old->passphrase == header.passphrase) {
        header = *old;
        is_new = false;
      }
    }
    bool kept = false;
    auto key = key_of(id, header, is_new, kept);
    if (!key && !header.passphrase) {  // of the last boot: the old entry cannot be read any more
      header = new_header(false, system_entropy());
      key = key_of(id, header, true, kept);
    }
    if (!key) return std::unexpected(std::move(key.error()));
    auto written =
        write_file_atomically(path(id), seal(header, *key, id, content, system_entropy()));
    if (!written) return written;
    if (is_new) keep(id, header, *key);
    opened_ = ring_name(id, header);
    if (!old_ring.empty() && old_ring != opened_) kernel_ring::remove(old_ring);
    return {};
  }

  Result<void> remove(const std::string& id) override {
    if (auto file = read(id)) {
      if (auto header = read_header(*file)) kernel_ring::remove(ring_name(id, *header));
    }
    std::error_code error;
    std::filesystem::remove(path(id), error);
    if (error) {
      return fail(kFileUnwritable,
                  fmt::format("cannot remove {}: {}", path(id).string(), error.message()),
                  "remove it by hand");
    }
    return {};
  }

 private:
  [[nodiscard]] std::filesystem::path path(const std::string& id) const {
    return folder_ / (id + ".vault");
  }
  [[nodiscard]] static std::string ring_name(const std::string& id, const SealHeader& header) {
    return fmt::format("sallyport:{}:{}", id, to_hex(header.salt));
  }

  [[nodiscard]] Result<std::string> read(const std::string& id) const {
    auto file = read_file(path(id), kMaxSealedFile);
    if (!file && file.error().code == kFileMissing) {
      return fail(kVaultMissing, "nothing is kept of this sign-in", "run `sallyport sign-in`");
    }
    return file;
  }

  // `kept`: it was found in the kernel's key ring.
  Result<Secret> key_of(const std::string& id, const SealHeader& header, bool is_new, bool& kept) {
    std::string name = ring_name(id, header);
    kept = false;
    if (!is_new) {
      if (auto key = kernel_ring::read(name); key && key->size() == 32) {
        kept = true;
        return std::move(*key);
      }
    }
    if (!header.passphrase) return random_key_of(name, is_new);
    if (!ask_) return fail(kVaultLocked, "this sign-in is locked by a passphrase");
    auto passphrase = ask_(is_new);
    if (!passphrase) return std::unexpected(std::move(passphrase.error()));
    return derive_key(*passphrase, header);
  }

  // A passphrase's key that has opened or made the file, so that it is not asked for each time.
  static void keep(const std::string& id, const SealHeader& header, const Secret& key) {
    if (!header.passphrase) return;  // the random key is there already
    bool stays = kernel_ring::write(ring_name(id, header), key, kKeyStays);
    static_cast<void>(stays);
  }

  static Result<Secret> random_key_of(const std::string& name, bool is_new) {
    if (!is_new) {
      return fail(kVaultLocked,
                  "the kernel's key ring does not hold the key of this sign-in any more: this "
                  "machine was restarted since",
                  "sign in again with `sallyport sign-in`");
    }
    Secret key = random_key();
    if (!kernel_ring::write(name, key)) {
      return fail(kVaultUnavailable, "the kernel's key ring cannot be used here",
                  "use --vault passphrase");
    }
    return key;
  }

  std::filesystem::path folder_;
  AskPassphrase ask_;
  std::string opened_;  ///< ring_name() of what this vault has opened or made itself
};

// The terminal itself, not stdin: the passphrase may be asked inside a pipe. getpass(3) is the one
// function that reads it without an echo and puts the terminal right again.
Result<Secret> ask_terminal(bool is_new) {
  auto refuse = [](std::string message) -> Result<Secret> {
    return fail(kVaultLocked, std::move(message),
                "type it at a terminal, or name a file with --passphrase-file");
  };
  if (::access("/dev/tty", R_OK | W_OK) != 0) return refuse("there is no terminal to ask for it");
  char* typed =
      ::getpass(is_new ? "New passphrase for your sign-ins: " : "Passphrase of your sign-ins: ");
  if (typed == nullptr) return refuse("the passphrase could not be read");
  Secret first{std::string_view(typed)};
  wipe(typed, first.size());
  if (first.empty()) return refuse("the passphrase was empty");
  if (!is_new) return first;
  typed = ::getpass("The same again: ");
  if (typed == nullptr) return refuse("the passphrase could not be read");
  Secret second{std::string_view(typed)};
  wipe(typed, second.size());
  if (!equal_constant_time(first.reveal(), second.reveal())) {
    return refuse("the two passphrases differ");
  }
  return first;
}

}  // namespace

std::unique_ptr<Vault> make_kernel_vault(const std::filesystem::path& folder) {
  return std::make_unique<FileVault>(folder, AskPassphrase());
}

std::unique_ptr<Vault> make_passphrase_vault(const std::filesystem::path& folder,
                                             AskPassphrase ask) {
  return std::make_unique<FileVault>(folder, std::move(ask));
}

AskPassphrase passphrase_source(const VaultOptions& options) {
  if (!options.passphrase_file.empty()) {
    return [path = options.passphrase_file](bool) -> Result<Secret> {
      auto content = read_file(path, 4096);
      if (!content) {
        return fail(std::move(content.error()), "while reading the passphrase");
      }
      std::string_view text = *content;
      while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
      Secret passphrase(text);
      wipe(*content);
      if (passphrase.empty()) {
        return fail(kVaultLocked, fmt::format("{} is empty", path), "write the passphrase there");
      }
      return passphrase;
    };
  }
  if (options.may_ask) return ask_terminal;
  return [](bool) -> Result<Secret> {
    return fail(kVaultLocked, "this sign-in is locked by a passphrase",
                "run `sallyport whoami` at a terminal and type it, or name its file at sign-in "
                "with --passphrase-file");
  };
}

}  // namespace sallyport::signin
