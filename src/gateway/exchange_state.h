// What one exchange knows of itself while it runs, shared by its steps: exchange.cc (admission and
// records) and relay.cc (the provider's side). Owned by run_exchange's frame.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "base/check.h"
#include "base/few.h"
#include "gateway/admissions.h"
#include "gateway/body_scanner.h"
#include "gateway/refusals.h"
#include "gateway/splice.h"
#include "gateway/worker.h"
#include "http/server_connection.h"
#include "identity/principal.h"
#include "identity/snapshot.h"
#include "usage/token_meter.h"

namespace sallyport::gateway {

enum class Endpoint : std::uint8_t { kMessages, kCountTokens, kModels };

/// What a provider is asked for; not for kModels, which no provider sees.
[[nodiscard]] inline upstream::Operation operation_of(Endpoint endpoint) {
  SALLYPORT_CHECK(endpoint != Endpoint::kModels);
  return endpoint == Endpoint::kCountTokens ? upstream::Operation::kCountTokens
                                            : upstream::Operation::kMessages;
}

/// How the relay ended, for the record.
struct Ending {
  int status = 0;  ///< that the client got
  audit::Outcome outcome = audit::Outcome::kComplete;
  std::string error_type;
  bool metered = false;  ///< `meter` saw an answer
};

struct ExchangeState {
  ExchangeState(Worker& its_worker, http::ServerConnection& its_client, Source from)
      : worker(its_worker),
        client(its_client),
        source(std::move(from)),
        routes(its_worker.routes()),
        budget(its_worker.shared().bodies),
        id(its_worker.make_request_id()),
        received(its_worker.shared().clock.wall()),
        started(std::chrono::steady_clock::now()),
        to_head(its_client.head().method == "HEAD"),
        running(its_client.signal(), kCut) {}

  [[nodiscard]] Signal& signal() { return client.signal(); }
  [[nodiscard]] const Limits& limits() const { return routes->routes->limits; }
  [[nodiscard]] const upstream::Upstream& upstream() const {
    return *routes->routes->upstreams[model->upstream];
  }
  [[nodiscard]] http::ClientPool& pool() { return *routes->pools[model->upstream]; }

  Worker& worker;
  http::ServerConnection& client;
  Source source;
  std::shared_ptr<WorkerRoutes> routes;
  http::BudgetShare budget;
  std::string id;
  WallTime received;
  SteadyTime started;
  bool to_head;  ///< the answer has no body

  Endpoint endpoint = Endpoint::kMessages;
  std::string_view target;  ///< without the public prefix, with the query; view into the head
  identity::SnapshotPtr identity;  ///< under which the credential was looked for
  std::string_view token;          ///< the credential that was found; view into the head
  identity::PrincipalPtr person;
  RunningExchange running;  ///< among the worker's, from authentication on
  BodyFacts facts;
  std::int64_t body_bytes = -1;
  const ModelRoute* model = nullptr;      ///< of the top-level model
  Few<const ModelRoute*, 2> used_models;  ///< of all, in the order of facts.models

  upstream::CredentialPtr credential;          ///< that the provider is shown
  upstream::CredentialPtr refused_credential;  ///< that it refused before, in this exchange
  std::uint64_t opened_sequence = 0;
  usage::TokenMeter meter;
  Few<audit::Attempt, 2> attempts;
  std::string provider_request_id;
  std::string apim_request_id;
  std::int64_t first_byte_us = -1;
  std::int64_t bytes_to_client = 0;

  [[nodiscard]] std::int64_t elapsed_us() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                 started)
        .count();
  }
  /// Why this exchange has to end, or null. Looked at after every wait.
  [[nodiscard]] const identity::RevocationPtr& revocation() const { return running.revocation(); }
  void note_first_byte() {
    if (first_byte_us < 0) first_byte_us = elapsed_us();
  }
};

/// Token -> cache -> signature and claims -> principal -> not revoked. False: answered.
/// exchange.cc.
[[nodiscard]] Task<bool> authenticate(ExchangeState& state);

/// The refusal of somebody whose access was taken back. exchange.cc.
[[nodiscard]] http::Refusal refusal_of_revoked(const ExchangeState& state,
                                               const identity::Revocation& revocation);
/// After a wait: false if the exchange was revoked meanwhile, and then it is answered. Only before
/// its record is opened. exchange.cc.
[[nodiscard]] Task<bool> still_admitted(ExchangeState& state);

/// The life of a request that goes to a provider, from its token to its record. exchange.cc.
[[nodiscard]] Task<void> answer_from_provider(ExchangeState& state);

/// Waits a little for the provider's first credential, where it is being obtained, and takes it.
/// False: there is none, or the client is gone. provider_credential.cc.
[[nodiscard]] Task<bool> wait_for_credential(ExchangeState& state);

/// After the provider's 401: a newer credential in the place of the refused one. False: there is
/// none. provider_credential.cc.
[[nodiscard]] Task<bool> renew_credential(ExchangeState& state);

/// True if the text holds a credential that this exchange has sent. provider_credential.cc.
[[nodiscard]] bool reveals_credential(const ExchangeState& state, std::string_view text);
/// The same for a text of JSON that holds it once `\uXXXX` and `\/` are read.
[[nodiscard]] bool reveals_escaped(const ExchangeState& state, std::string_view json);

/// Reads an answer that is no success and tells the operator what it says. `body` is empty where it
/// repeats the credential. provider_refusal.cc.
[[nodiscard]] upstream::ProviderError note_provider_error(ExchangeState& state, int status,
                                                          std::string_view body);
/// What the client gets in its place, where it does not pass.
[[nodiscard]] http::Refusal refusal_of_answer(const ExchangeState& state,
                                              const upstream::ProviderError& error,
                                              std::string_view retry_after);

/// Sends the request to its provider and the answer to the client. relay.cc.
[[nodiscard]] Task<Ending> relay(ExchangeState& state);

/// Writes a refusal as the answer and takes what is left of the request off the connection. Makes
/// no record. False: the client is gone.
[[nodiscard]] Task<bool> answer_refusal(ExchangeState& state, http::Refusal refusal);

}  // namespace sallyport::gateway
