#include "upstream/upstream.h"

#include <fmt/format.h>

#include "base/address.h"

namespace sallyport::upstream {
namespace {

constexpr std::size_t kSignature = 1024;  // at most, with its fields

}  // namespace

Result<std::shared_ptr<const Upstream>> Upstream::create(const UpstreamSettings& settings,
                                                         std::chrono::milliseconds connect_limit) {
  auto url = parse_request_url(settings.base_url);
  if (!url || url->has_query) {
    return fail(kUpstreamBaseUrl,
                fmt::format("the base_url of upstream {} is not an http(s) URL", settings.name),
                "write it like https://NAME.services.ai.azure.com/anthropic");
  }
  if (!url->is_https() && !is_loopback_literal(url->host)) {
    return fail(kUpstreamBaseUrl,
                fmt::format("the base_url of upstream {} is plain http", settings.name),
                "use https; plain http is for loopback addresses such as 127.0.0.1 alone");
  }
  while (url->path.ends_with('/')) url->path.pop_back();
  auto destination = std::make_shared<http::Destination>();
  destination->connect_limit = connect_limit;
  if (url->is_https()) {
    auto trust = http::TlsClient::load(settings.ca_file);
    if (!trust) return fail(std::move(trust.error()), "for upstream " + settings.name);
    destination->trust = std::move(*trust);
  }
  if (!settings.proxy.empty()) {
    destination->proxy = parse_request_url(settings.proxy);
    if (!destination->proxy || destination->proxy->is_https()) {
      return fail(kUpstreamProxy,
                  fmt::format("the proxy of upstream {} is not an http URL", settings.name),
                  "write it like http://proxy.example:3128");
    }
  }
  destination->url = *url;
  std::shared_ptr<Upstream> upstream(new Upstream);
  upstream->name_ = settings.name;
  upstream->target_ = settings.target;
  upstream->kind_ = &kind_of(settings.provider);
  upstream->credential_id_ = upstream::credential_id(settings);
  if (const auto& own = settings.credential; own.kind == CredentialKind::kApiKey) {
    std::string_view key = own.secret ? own.secret->reveal() : std::string_view();
    upstream->fixed_credential_ =
        std::make_shared<const Credential>(own.header, key, 0, WallTime{}, WallTime::max());
  }
  upstream->before_path_ = "POST " + url->path;
  upstream->after_path_ = " HTTP/1.1\r\nhost: " + url->authority() + "\r\n";
  upstream->destination_ = std::move(destination);
  return upstream;
}

void Upstream::begin_head(std::string& out, const Call& call, const Credential& credential) const {
  out += before_path_;
  kind_->append_path(out, call);
  out += after_path_;
  kind_->append_credential(out, credential);
}

std::size_t Upstream::head_bytes(const Credential& credential) const {
  std::size_t shown = credential.line().size();
  if (const auto* pair = credential.key_pair()) shown = kSignature + pair->session_token.size();
  return before_path_.size() + after_path_.size() + shown;
}

}  // namespace sallyport::upstream
