#include "signin/machine_flow.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/secret_file.h"
#include "http/client_assertion.h"
#include "signin/metadata.h"

namespace sallyport::signin {
namespace {

constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::size_t kMaxFile = 64 << 10;
constexpr std::chrono::seconds kAssertionLife{600};

// Whoever signs in names these files: links are followed, for that is how Kubernetes mounts them.
Result<Secret> read_machine_file(const std::string& path, SecretText text, std::string_view what) {
  auto secret =
      read_secret_file({.name = path, .limit = kMaxFile, .links = Links::kFollow, .text = text});
  if (secret) return secret;
  return fail("machine.file", fmt::format("{}, while reading {}", secret.error().message, what),
              text == SecretText::kOneLine
                  ? "write it there as one line of visible ASCII, with mode 0600"
                  : "write it there as PEM, with mode 0600");
}

Result<Secret> sign_assertion(const MachineIdentity& machine, const Target& target,
                              const std::string& token_endpoint, WallTime now, Entropy& entropy) {
  auto certificate = read_file(machine.certificate_file, kMaxFile);
  if (!certificate) return fail(std::move(certificate.error()), "while reading the certificate");
  auto key = read_machine_file(machine.key_file, SecretText::kLines, "the certificate's key");
  if (!key) return key;
  return http::sign_client_assertion({.certificate_pem = *certificate,
                                      .key_pem = key->reveal(),
                                      .audience = token_endpoint,
                                      .client_id = target.client,
                                      .life = kAssertionLife},
                                     now, entropy);
}

// Adds what shows who the client is. Each kind reads its files now.
Result<void> authenticate(Form& form, const MachineIdentity& machine, const Target& target,
                          const std::string& token_endpoint, WallTime now, Entropy& entropy) {
  if (!machine.secret_file.empty()) {
    auto secret = read_machine_file(machine.secret_file, SecretText::kOneLine, "the client secret");
    if (!secret) return std::unexpected(std::move(secret.error()));
    form.add("client_secret", secret->reveal());
    return {};
  }
  Result<Secret> assertion = machine.federated_token_file.empty()
                                 ? sign_assertion(machine, target, token_endpoint, now, entropy)
                                 : read_machine_file(machine.federated_token_file,
                                                     SecretText::kOneLine, "the federated token");
  if (!assertion) return std::unexpected(std::move(assertion.error()));
  form.add("client_assertion_type", kAssertionType);
  form.add("client_assertion", assertion->reveal());
  return {};
}

// Entra ID takes one scope here, `API/.default`; what belongs to a person is left out.
std::string machine_scopes(const Target& target) {
  std::string text;
  for (const auto& scope : target.scopes) {
    if (scope == "openid" || scope == "profile" || scope == "email" || scope == "offline_access") {
      continue;
    }
    text += (text.empty() ? "" : " ") + scope;
  }
  return text;
}

}  // namespace

TokenOutcome renew_machine(Web& web, Clock& clock, Entropy& entropy, const Session& session) {
  Form form;
  form.add("grant_type", "client_credentials").add("client_id", session.target.client);
  if (auto scope = machine_scopes(session.target); !scope.empty()) form.add("scope", scope);
  auto added = authenticate(form, session.machine, session.target, session.token_endpoint,
                            clock.wall(), entropy);
  if (!added) return {std::unexpected(std::move(added.error())), {}, RefusalKind::kOther};
  return request_tokens(web, session.token_endpoint, std::move(form));
}

Result<Session> sign_in_machine(Web& web, Clock& clock, Entropy& entropy, const Target& target,
                                const MachineIdentity& machine) {
  auto provider = discover(web, target.issuer);
  if (!provider) return std::unexpected(std::move(provider.error()));
  if (provider->token_endpoint.empty()) {
    return fail("provider.error", fmt::format("{} names no token endpoint", target.issuer),
                "check the issuer");
  }
  Session session{.target = target,
                  .machine = machine,
                  .token_endpoint = provider->token_endpoint,
                  .revocation_endpoint = provider->revocation_endpoint};
  session.target.id_token = false;
  auto outcome = renew_machine(web, clock, entropy, session);
  if (!outcome.tokens) return std::unexpected(std::move(outcome.tokens.error()));
  if (auto taken = take_tokens(session, std::move(*outcome.tokens), clock.wall()); !taken) {
    return std::unexpected(std::move(taken.error()));
  }
  return session;
}

}  // namespace sallyport::signin
