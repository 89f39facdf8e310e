// Revocation over the local socket: reads what an operator asks (`sallyport revoke`), finds out who
// is meant, hands it to the register and writes the answer. On the admin thread; replies come on
// the register's. Statuses: 200 done, 400 wrong input, 409 the answer is no, 503 the environment
// failed; every answer but 200 is {"error":{"code","message","next_step"}}.
//
//   POST /revocations       {"kind":"user","targets":["..."],"issuer","user","until","reason"}
//   POST /revocations/lift  {"id":"...","reason":"..."}
//   GET  /revocations
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "admin/call.h"
#include "audit/name_table.h"
#include "identity/revocation_register.h"
#include "identity/settings.h"

namespace sallyport::admin {

class RevocationDesk {
 public:
  /// `issuers`: the running configuration's; any thread.
  RevocationDesk(identity::RevocationRegister& revocations, audit::NameTable& people, Clock& clock,
                 std::function<std::vector<identity::IssuerSettings>()> issuers);

  void revoke(const Question& question, const Reply& reply);
  void lift(const Question& question, const Reply& reply);
  [[nodiscard]] Answer list() const;

 private:
  struct Asked;
  [[nodiscard]] static Result<Asked> read(std::string_view body);
  [[nodiscard]] Result<std::vector<identity::RevocationRequest>> understand(
      const Asked& asked, const std::string& who) const;
  [[nodiscard]] std::string with_tenant(std::string key) const;
  [[nodiscard]] Result<std::string> find_person(const std::string& text) const;
  [[nodiscard]] Result<void> check_session(const identity::RevocationRequest& request) const;
  [[nodiscard]] std::string note_about(const identity::RevocationRequest& request) const;
  [[nodiscard]] std::vector<std::string> issuer_names() const;

  identity::RevocationRegister& revocations_;
  audit::NameTable& people_;
  Clock& clock_;
  std::function<std::vector<identity::IssuerSettings>()> issuers_;
};

}  // namespace sallyport::admin
