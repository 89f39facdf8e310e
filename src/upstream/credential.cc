#include "upstream/credential.h"

#include <cstring>

#include "base/encoding.h"

namespace sallyport::upstream {

Credential::Credential(std::string_view header, std::string_view secret, std::uint64_t serial,
                       WallTime obtained, WallTime expires)
    : serial_(serial), obtained_(obtained), expires_(expires) {
  constexpr std::string_view kScheme = "Bearer ";
  bool bearer = header == "authorization";
  // One allocation: no copy of the secret is left behind.
  HeaderLine& line = shown_.emplace<HeaderLine>();
  line.text.reserve(header.size() + 2 + kScheme.size() + secret.size() + 2);
  line.text.append(header).append(": ");
  if (bearer) line.text += kScheme;
  line.secret_at = line.text.size();
  line.secret_size = secret.size();
  line.text.append(secret).append("\r\n");
}

Credential::Credential(KeyPair pair, std::uint64_t serial, WallTime obtained, WallTime expires)
    : shown_(std::move(pair)), serial_(serial), obtained_(obtained), expires_(expires) {}

Credential::~Credential() {
  if (auto* line = std::get_if<HeaderLine>(&shown_)) wipe(line->text);
}

std::string_view Credential::line() const {
  const auto* line = std::get_if<HeaderLine>(&shown_);
  return line == nullptr ? std::string_view() : line->text;
}

std::string_view Credential::secret() const {
  if (const auto* pair = key_pair()) return pair->session_token.reveal();
  const auto& line = std::get<HeaderLine>(shown_);
  return std::string_view(line.text).substr(line.secret_at, line.secret_size);
}

bool Credential::revealed_in(std::string_view text) const {
  const auto holds = [&](std::string_view part) {
    return !part.empty() && text.find(part) != std::string_view::npos;
  };
  return holds(secret()) || (key_pair() != nullptr && holds(key_pair()->key.reveal()));
}

bool Credential::holds(std::string_view text) const {
  return equal_constant_time(secret(), text);
}

CredentialPtr credential_of(const cloud::AccessToken& token, std::uint64_t serial,
                            WallTime obtained) {
  return std::make_shared<const Credential>("authorization", token.text.reveal(), serial, obtained,
                                            token.expires);
}

const CredentialPtr& Credentials::find(std::uint64_t id) const {
  static const CredentialPtr none;
  for (const auto& [entry, credential] : entries_) {
    if (entry == id) return credential;
  }
  return none;
}

std::uint64_t credential_id(const UpstreamSettings& settings) {
  const auto& credential = settings.credential;
  std::string text;
  auto add = [&](std::string_view part) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  };
  for (std::string_view part :
       {std::string_view(settings.name), std::string_view(settings.base_url),
        name_of(credential.kind), std::string_view(credential.scope),
        std::string_view(credential.endpoint), std::string_view(credential.client_id),
        std::string_view(credential.object_id), std::string_view(credential.resource_id)}) {
    add(part);
  }
  auto digest = sha256(text);
  std::uint64_t id = 0;
  std::memcpy(&id, digest.data(), sizeof id);
  return id;
}

bool same_credential(const CredentialSettings& a, const CredentialSettings& b) {
  return a.header == b.header && cloud::same_source(a, b);
}

}  // namespace sallyport::upstream
