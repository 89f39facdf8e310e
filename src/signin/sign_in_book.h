// Which sign-ins this person has, and where each rests: a small file without anything secret, and
// the locks. One folder, $XDG_STATE_HOME/sallyport (else ~/.local/state/sallyport), mode 0700.
//
//   sign-ins.json   the book itself, replaced whole
//   ID.lock         held by whoever changes the sign-in ID, across processes
//   ID.vault        for the vaults that are files
//
// A sign-in is for gateways, or for one server: the administrator's port of a gateway. Who asks for
// the one kind never finds the other, and a server's is never the current one.
//
// Errors: file.*, book.damaged, book.folder, sign_in.none, sign_in.many, sign_in.of_server (there is
// one, and its token is for commands with --server alone), server.same_application.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "signin/session.h"
#include "signin/vault.h"

namespace sallyport::signin {

struct BookEntry {
  std::string id;
  std::string gateway;  ///< may be empty
  std::string issuer;
  std::string client;
  VaultKind vault = VaultKind::kDesktop;
  std::string passphrase_file;
  std::string server = {};  ///< its origin; empty for sign-ins at gateways
};

/// The same gateway (or, without one, the same issuer and client) is the same sign-in; so is the
/// same server.
[[nodiscard]] std::string id_of(const Target& target);

class SignInBook {
 public:
  /// Makes the folder where `create`; otherwise a missing one is an empty book.
  [[nodiscard]] static Result<SignInBook> open(bool create);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const std::vector<BookEntry>& entries() const { return entries_; }
  /// The last that was signed in.
  [[nodiscard]] const std::string& current() const { return current_; }

  /// By id; null if there is none.
  [[nodiscard]] const BookEntry* find(const std::string& id) const;
  /// For this gateway; the current one where it is empty. Never one of a server.
  [[nodiscard]] Result<BookEntry> choose(const std::string& gateway) const;
  /// For this server, and no other.
  [[nodiscard]] Result<BookEntry> choose_server(const std::string& server) const;
  /// Before somebody signs in to a server by the server's own word: the application that it names
  /// must not be that of another sign-in, or it would get a token that is good elsewhere.
  [[nodiscard]] Result<void> check_server(const Target& target) const;

  /// Read anew under a lock, changed, and written: two commands at once lose nothing.
  [[nodiscard]] Result<void> put(const BookEntry& entry);
  [[nodiscard]] Result<void> remove(const std::string& id);

  [[nodiscard]] VaultOptions vault_options(const BookEntry& entry, bool may_ask) const {
    return {folder_, entry.passphrase_file, may_ask};
  }

 private:
  explicit SignInBook(std::filesystem::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Result<void> read();
  [[nodiscard]] Result<void> write() const;

  std::filesystem::path folder_;
  std::vector<BookEntry> entries_;
  std::string current_;
};

/// An exclusive lock, held as long as the descriptor (or a child's copy of it) is open; nothing
/// when the time is over. `patience` zero: one try.
[[nodiscard]] Result<std::optional<UniqueFd>> take_lock(const std::filesystem::path& file,
                                                        std::chrono::milliseconds patience);

}  // namespace sallyport::signin
