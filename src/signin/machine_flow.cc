#include "signin/machine_flow.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/encoding.h"
#include "base/files.h"
#include "base/json_writer.h"
#include "signin/metadata.h"

namespace sallyport::signin {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::size_t kMaxFile = 64 << 10;

Bio memory_of(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

Result<Secret> read_secret_file(const std::string& path, std::string_view what) {
  auto content = read_file(path, kMaxFile);
  if (!content) return fail(std::move(content.error()), fmt::format("while reading {}", what));
  std::string_view text = *content;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  Secret secret(text);
  wipe(*content);
  if (secret.empty()) {
    return fail("machine.file", fmt::format("{} ({}) is empty", path, what),
                "write it there, with mode 0600");
  }
  return secret;
}

int no_password(char*, int, int, void*) {
  return 0;  // a key with a password is refused instead of asked for at the terminal
}

Result<Key> read_key(const Secret& pem) {
  Key key(PEM_read_bio_PrivateKey(memory_of(pem.reveal()).get(), nullptr, no_password, nullptr),
          &EVP_PKEY_free);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA ||
      EVP_PKEY_get_bits(key.get()) < 2048) {
    return fail("machine.key", "the private key is not an RSA key of 2048 bits or more in PEM",
                "give the key of the certificate, without a password");
  }
  return key;
}

Result<std::string> sign_ps256(EVP_PKEY* key, std::string_view text) {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  bool good = EVP_DigestSignInit(context.get(), &options, EVP_sha256(), nullptr, key) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
  std::string signature(size, '\0');
  good = good && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size, bytes, text.size()) == 1;
  if (!good) return fail("machine.key", "the private key cannot sign", "check the key's file");
  signature.resize(size);
  return signature;
}

// Adds what shows who the client is. Each kind reads its files now.
Result<void> authenticate(Form& form, const MachineIdentity& machine, const Target& target,
                          const std::string& token_endpoint, WallTime now, Entropy& entropy) {
  if (!machine.secret_file.empty()) {
    auto secret = read_secret_file(machine.secret_file, "the client secret");
    if (!secret) return std::unexpected(std::move(secret.error()));
    form.add("client_secret", secret->reveal());
    return {};
  }
  Result<Secret> assertion;
  if (!machine.federated_token_file.empty()) {
    assertion = read_secret_file(machine.federated_token_file, "the federated token");
  } else {
    auto certificate = read_file(machine.certificate_file, kMaxFile);
    if (!certificate) return fail(std::move(certificate.error()), "while reading the certificate");
    auto key = read_secret_file(machine.key_file, "the certificate's key");
    if (!key) return std::unexpected(std::move(key.error()));
    assertion = client_assertion(*certificate, *key, target.client, token_endpoint, now, entropy);
  }
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

Result<Secret> client_assertion(std::string_view certificate, const Secret& key,
                                std::string_view client, std::string_view audience, WallTime now,
                                Entropy& entropy) {
  Certificate x509(PEM_read_bio_X509(memory_of(certificate).get(), nullptr, no_password, nullptr),
                   &X509_free);
  std::array<std::uint8_t, 32> print{};
  unsigned size = 0;
  if (!x509 || X509_digest(x509.get(), EVP_sha256(), print.data(), &size) != 1) {
    return fail("machine.certificate", "the certificate is not PEM", "give its PEM file");
  }
  auto private_key = read_key(key);
  if (!private_key) return std::unexpected(std::move(private_key.error()));
  if (X509_check_private_key(x509.get(), private_key->get()) != 1) {
    return fail("machine.key", "the private key is not the certificate's",
                "give the key that the certificate was made for");
  }
  std::string header, claims;
  JsonWriter(header)
      .begin()
      .text("alg", "PS256")
      .text("typ", "JWT")
      .text("x5t#S256", to_base64url(as_text(print)))
      .end();
  std::int64_t seconds = unix_seconds(now);
  JsonWriter(claims)
      .begin()
      .text("aud", audience)
      .text("iss", client)
      .text("sub", client)
      .text("jti", make_uuid7(now, entropy))
      .number("iat", seconds)
      .number("nbf", seconds)
      .number("exp", seconds + 600)
      .end();
  std::string token = to_base64url(header) + "." + to_base64url(claims);
  auto signature = sign_ps256(private_key->get(), token);
  if (!signature) return std::unexpected(std::move(signature.error()));
  token += "." + to_base64url(*signature);
  return Secret(std::move(token));
}

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
