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
  line_.reserve(header.size() + 2 + kScheme.size() + secret.size() + 2);
  line_.append(header).append(": ");
  if (bearer) line_ += kScheme;
  secret_at_ = line_.size();
  secret_size_ = secret.size();
  line_.append(secret).append("\r\n");
}

Credential::~Credential() {
  wipe(line_);
}

std::string_view Credential::secret() const {
  return std::string_view(line_).substr(secret_at_, secret_size_);
}

bool Credential::revealed_in(std::string_view text) const {
  return secret_size_ > 0 && text.find(secret()) != std::string_view::npos;
}

bool Credential::holds(std::string_view text) const {
  return equal_constant_time(secret(), text);
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
