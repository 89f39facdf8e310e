// What happens beside requests, as a line of the log and an event of the record: the configuration,
// keys of issuers, credentials of providers, revocations. Any thread but a worker's: the record is
// written before the call returns. An event that cannot be recorded is logged.
#pragma once

#include <span>
#include <string_view>

#include "audit/trail.h"
#include "config/configuration.h"
#include "identity/key_service.h"
#include "identity/revocation_register.h"
#include "upstream/credential_service.h"

namespace sallyport::app {

class EventLines {
 public:
  explicit EventLines(audit::Trail& trail) : trail_(trail) {}

  /// The file that counts from now on; in the record alone. `by`: whose doing it is, `start`,
  /// `SIGHUP` or a caller of the administrator's API.
  void configuration(const config::Configuration& configuration, std::string_view by);
  void keys(const identity::KeyEvent& event);
  /// Once every worker has applied it.
  void revocation(const identity::RevocationOutcome& outcome);
  void credential(const upstream::CredentialEvent& event);

 private:
  void record(std::string_view name, std::span<const audit::Detail> details);

  audit::Trail& trail_;
};

}  // namespace sallyport::app
