// One request from its head to its record, and what its steps know of it. exchange.cc is its life
// from top to bottom; each step is one call into one file. Runs on its worker's thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/record.h"
#include "base/few.h"
#include "gateway/bits.h"
#include "gateway/refused.h"
#include "gateway/source.h"
#include "gateway/worker_state.h"
#include "http/server_stream.h"
#include "identity/principal.h"
#include "policy/request_facts.h"
#include "upstream/route_plan.h"
#include "usage/token_meter.h"

namespace sallyport::gateway {

enum class Endpoint : std::uint8_t { kMessages, kCountTokens, kModels };

/// Who asks. admission.cc.
struct Caller {
  identity::SnapshotPtr identity;  ///< under which the token was looked for; kept over a reload
  std::string_view token;          ///< that was found; view into the head
  identity::PrincipalPtr person;   ///< null: a stranger
};

/// What is asked. The endpoint's row, exchange.cc and request_body.cc.
struct Asked {
  Endpoint endpoint = Endpoint::kMessages;
  std::string_view target;  ///< without the public prefix, with the query; view into the head
  policy::RequestFacts facts;
  std::int64_t body_bytes = -1;  ///< -1: not read
};

/// What the provider and the client have said and got. attempts.cc and the relays.
struct Told {
  Few<audit::Attempt, 2> attempts;
  /// In the order of its kind's traits().ids; empty where it sent none.
  std::array<std::string, upstream::kMostRequestIds> provider_ids;
  usage::TokenMeter meter;
  std::int64_t first_byte_us = -1;  ///< from the head to the first byte of an answer; -1: none
};

/// How the provider's side of an exchange ended, for the record.
struct Ending {
  int status = 0;  ///< that the client got
  audit::Outcome outcome = audit::Outcome::kComplete;
  std::string_view error_type;  ///< one of our codes
  bool metered = false;         ///< `meter` saw an answer
};

struct Exchange {
  Exchange(WorkerState& its_worker, http::ServerStream& its_client, Source from);
  /// Gives an opened record its end where something was thrown on the way.
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  WorkerState& worker;
  http::ServerStream& client;
  Source source;
  WorkerRoutesPtr routes;
  http::BudgetShare budget;  ///< for the body, later for a whole answer
  std::string id;
  WallTime received;
  SteadyTime started;

  Caller caller;
  RunningExchange running;  ///< among the worker's, from authentication on
  Asked asked;
  audit::Decision let_in_by;  ///< policy and reason, once it is decided
  upstream::RoutePlan plan;
  Told told;
  std::uint64_t opened_sequence = 0;  ///< of the record that is open; 0: none
  RefusedPtr refused;

  [[nodiscard]] Signal& signal() { return client.signal(); }
  [[nodiscard]] const Limits& limits() const { return routes->routes->limits; }
  /// Where it goes, once it is decided.
  [[nodiscard]] upstream::Candidate& to() { return plan.candidates.front(); }
  [[nodiscard]] const upstream::Candidate& to() const { return plan.candidates.front(); }
  [[nodiscard]] std::int64_t elapsed_us() const;
  void note_first_byte();
  /// Why this exchange has to end, or null. Looked at after every wait.
  [[nodiscard]] const identity::RevocationPtr& revocation() const { return running.revocation(); }

  /// A step's last words.
  [[nodiscard]] Step refuse(http::Refusal answer) {
    return refuse(gateway::refused(std::move(answer)));
  }
  [[nodiscard]] Step refuse(RefusedPtr why) {
    refused = std::move(why);
    return Step::kRefused;
  }
};

class Admitted;  // admission.h

/// Answers the request whose head `client` has just read.
[[nodiscard]] Task<void> answer_request(WorkerState& worker, http::ServerStream& client,
                                        const Source& peer);

/// A request that goes to a provider.
[[nodiscard]] Task<void> answer_from_provider(Admitted person);

/// The last step of whoever did not get on: the record, the log and the answer of a refusal.
[[nodiscard]] Task<void> turn_away(Exchange& x, Step step);

}  // namespace sallyport::gateway
