// Revocation as an administrator asks for it: finds out who is meant, hands it to the register,
// writes the answer. On a desk's thread; replies come on the register's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "admin/api/route.h"
#include "audit/name_table.h"
#include "base/json_writer.h"
#include "identity/revocation_register.h"
#include "identity/settings.h"

namespace sallyport::admin {

class RevocationDesk {
 public:
  /// What somebody wants, in their words.
  struct Wish {
    std::string kind;
    std::vector<std::string> targets;
    std::string issuer;
    std::string user;
    std::string reason;
    std::optional<WallTime> until;
    /// By somebody who may end sign-ins and no more: kMostLimited targets, people who were seen
    /// here alone, and not the register's reserve.
    bool limited = false;
  };
  static constexpr std::size_t kMostLimited = 100;

  /// `issuers`: the running configuration's; any thread.
  RevocationDesk(identity::RevocationRegister& revocations, audit::NameTable& people, Clock& clock,
                 std::function<std::vector<identity::IssuerSettings>()> issuers);

  void revoke(const Wish& wish, const Caller& caller, const Reply& reply);
  void lift(const std::string& id, const std::string& reason, const Caller& caller,
            const Reply& reply);
  /// Whom it would hit now: people, running requests, targets. Nothing is done or recorded; what
  /// would be refused is refused here too.
  [[nodiscard]] ApiResult preview(const Wish& wish, const Caller& caller) const;
  [[nodiscard]] ApiResult preview_lift(const std::string& id) const;
  /// What is in force, in the order of its making.
  [[nodiscard]] std::vector<identity::RevocationPtr> in_force() const;
  /// Why nothing can be revoked now; empty where it can.
  [[nodiscard]] std::string problem() const;
  /// The key of the one person who is meant. Errors: revocation.user_unknown,
  /// revocation.user_ambiguous, those of identity::principal_key() and of the store.
  [[nodiscard]] Result<std::string> find_person(const std::string& text) const;
  /// The keys that a text may be: a key as people write it, or an object id of Entra ID alone.
  [[nodiscard]] std::vector<std::string> possible_keys(const std::string& text) const;

 private:
  [[nodiscard]] Result<std::vector<identity::RevocationRequest>> understand(
      const Wish& wish, const std::string& who) const;
  [[nodiscard]] Result<identity::RevocationRequest> understand_common(const Wish& wish,
                                                                      const std::string& who) const;
  [[nodiscard]] Result<void> aim(identity::RevocationRequest& request,
                                 const std::string& target) const;
  [[nodiscard]] Result<void> check_seen(const std::string& key) const;
  [[nodiscard]] std::string with_tenant(std::string key) const;
  void put_target(JsonWriter& json, const std::string& target, bool is_person) const;
  [[nodiscard]] Result<void> check_session(const identity::RevocationRequest& request) const;
  [[nodiscard]] std::string note_about(const identity::RevocationRequest& request) const;
  [[nodiscard]] std::vector<std::string> issuer_names() const;

  identity::RevocationRegister& revocations_;
  audit::NameTable& people_;
  Clock& clock_;
  std::function<std::vector<identity::IssuerSettings>()> issuers_;
};

/// The members of a revocation, as every answer has them.
void put_revocation(JsonWriter& json, const identity::Revocation& revocation);
/// 409 the answer is no, 503 the environment failed, else 400.
[[nodiscard]] Problem revocation_problem(Error error);

}  // namespace sallyport::admin
