// links: identity
// Tokens of any shape: verify() and explain() must agree, never accept, and stay within bounds.
// Inputs that are not dotted are taken as "header JSON \n payload JSON", so that the fuzzer reaches
// the checks behind the base64; explain() goes on after the signature has failed.
#include <cstdlib>

#include "identity/test_tokens.h"
#include "identity/token_report.h"

using namespace sallyport;
using namespace sallyport::identity;

namespace {

SnapshotPtr make() {
  // A fixed public key (RFC 7520 section 3.3): what nobody here can sign for must never pass.
  constexpr std::string_view kKey =
      R"({"keys":[{"kty":"RSA","kid":"k1","use":"sig","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB"}]})";
  auto keys = parse_key_set(kKey, kTestIssuer);
  IssuerSettings entra = entra_settings();
  entra.algorithms = {"RS256", "PS256", "ES256", "EdDSA"};
  entra.clients = {std::string(kTestClient)};
  entra.require_scopes = {"Gateway.Access"};
  entra.require_roles = {"Claude.User"};
  entra.require_groups = {"g-1"};
  IssuerSettings other = entra;
  other.name = "keycloak";
  other.issuer = "https://keycloak.example/realms/staff";
  other.app_only = Gate::kAllow;
  other.guests = Gate::kAllow;
  IssuerSettings id = entra_settings();
  id.name = "id";
  id.audiences = {std::string(kTestClient)};
  id.token = TokenKind::kIdToken;
  return make_snapshot(
      1, {IssuerState(entra, *keys), IssuerState(other, *keys), IssuerState(id, *keys)});
}

void require(bool condition) {
  if (!condition) std::abort();
}

void judge(const Snapshot& snapshot, std::string_view token) {
  auto verdict = verify(snapshot, token, test_time());
  require(!verdict);
  const TokenRefusal& refusal = verdict.error();
  require(refusal.reason != Reason::kNone && refusal.person == nullptr);
  require(!refusal.signature_verified);
  require(refusal.got.size() <= 200 && refusal.expected.size() <= 200);
  auto explained = explain(snapshot, token, test_time());
  require(!explained.verdict && explained.verdict.error().reason == refusal.reason);
  TokenReport report{.explanation = explain_credential(snapshot, token, test_time()),
                     .issuer = nullptr,
                     .keys_from = {},
                     .keys = nullptr,
                     .keys_problem = std::nullopt,
                     .now = test_time()};
  require(!report.explanation.verdict);
  require(report_text(report).size() < 65536 && report_json(report).size() < 65536);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SnapshotPtr snapshot = make();
  std::string_view input(reinterpret_cast<const char*>(data), size);
  judge(*snapshot, input);
  auto line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  judge(*snapshot, to_base64url(input.substr(0, line)) + "." +
                       to_base64url(input.substr(line + 1)) + "." +
                       to_base64url(std::string(256, 's')));
  return 0;
}
