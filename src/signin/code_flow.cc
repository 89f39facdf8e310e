#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/url.h"
#include "signin/loopback_listener.h"
#include "signin/metadata.h"
#include "signin/person_flows.h"
#include "signin/token_reading.h"

namespace sallyport::signin {
namespace {

// What is made up for one attempt and compared when the browser comes back.
struct Attempt {
  std::string state;
  std::string nonce;
  Secret verifier;
  std::string redirect_uri;
};

std::string authorization_url(const identity::Discovery& provider, const Target& target,
                              const Attempt& attempt, bool fresh) {
  std::string url = provider.authorization_endpoint;
  char separator = url.find('?') == std::string::npos ? '?' : '&';
  auto add = [&](std::string_view name, std::string_view value) {
    url += fmt::format("{}{}={}", std::exchange(separator, '&'), name, percent_encode(value));
  };
  add("client_id", target.client);
  add("response_type", "code");
  add("redirect_uri", attempt.redirect_uri);
  add("scope", scopes_to_ask(target, provider.scopes));
  add("state", attempt.state);
  add("nonce", attempt.nonce);
  add("code_challenge", to_base64url(as_text(sha256(attempt.verifier.reveal()))));
  add("code_challenge_method", "S256");
  auto parts = parse_request_url(provider.authorization_endpoint);
  bool google = parts && parts->host == "accounts.google.com";
  if (google) add("access_type", "offline");  // its way to say offline_access
  if (fresh) {
    add("prompt", "login");
    add("max_age", "0");
  } else if (google) {
    add("prompt", "consent");
  }
  return url;
}

Result<Tokens> redeem(const FlowParts& parts, const identity::Discovery& provider,
                      const Target& target, const Attempt& attempt, const Secret& code) {
  Form form;
  form.add("grant_type", "authorization_code").add("client_id", target.client);
  form.add("code", code.reveal()).add("redirect_uri", attempt.redirect_uri);
  form.add("code_verifier", attempt.verifier.reveal());
  return request_tokens(parts.web, provider.token_endpoint, std::move(form)).tokens;
}

}  // namespace

std::string random_text(Entropy& entropy) {
  std::array<std::uint8_t, 32> bytes{};
  entropy.fill(bytes);
  return to_base64url(as_text(bytes));
}

std::string scopes_to_ask(const Target& target, const std::vector<std::string>& supported) {
  std::vector<std::string> scopes;
  auto has = [](const auto& list, std::string_view scope) {
    return std::ranges::find(list, scope) != list.end();
  };
  for (std::string_view scope : {"openid", "profile", "offline_access"}) {
    bool offered = supported.empty() || has(supported, scope);
    if (offered && !has(target.scopes, scope)) scopes.emplace_back(scope);
  }
  scopes.insert(scopes.end(), target.scopes.begin(), target.scopes.end());
  std::string text;
  for (const auto& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

Result<Session> session_of(const Target& target, const identity::Discovery& provider, Tokens tokens,
                           std::string_view nonce, WallTime now) {
  if (!tokens.id_token.empty()) {
    auto checked =
        check_id_token(tokens.id_token.reveal(), target.issuer, target.client, nonce, now);
    if (!checked) return std::unexpected(std::move(checked.error()));
  }
  Session session{.target = target,
                  .machine = {},
                  .token_endpoint = provider.token_endpoint,
                  .revocation_endpoint = provider.revocation_endpoint};
  if (auto taken = take_tokens(session, std::move(tokens), now); !taken) {
    return std::unexpected(std::move(taken.error()));
  }
  return session;
}

Result<Session> sign_in_by_code(const FlowParts& parts, const Target& target,
                                const CodeOptions& options) {
  auto provider = discover(parts.web, target.issuer);
  if (!provider) return std::unexpected(std::move(provider.error()));
  if (provider->authorization_endpoint.empty() || provider->token_endpoint.empty()) {
    return fail("provider.error", fmt::format("{} offers no sign-in by browser", target.issuer),
                "try --device");
  }
  auto listener = LoopbackListener::open(target.redirect_port);
  if (!listener) return std::unexpected(std::move(listener.error()));
  Attempt attempt{random_text(parts.entropy), random_text(parts.entropy),
                  Secret(random_text(parts.entropy)), listener->redirect_uri()};
  BrowserNotice notice{authorization_url(*provider, target, attempt, options.fresh), false};
  notice.opened = parts.browser.open(notice.url);
  if (options.tell) options.tell(notice);
  auto callback = listener->wait(attempt.state, options.patience);
  if (!callback) return std::unexpected(std::move(callback.error()));
  if (auto checked = check_answering_issuer(*callback, *provider); !checked) {
    return std::unexpected(std::move(checked.error()));
  }
  if (!callback->error.empty()) {
    return std::unexpected(explain(make_refusal(callback->error, callback->description)));
  }
  auto tokens = redeem(parts, *provider, target, attempt, callback->code);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  return session_of(target, *provider, std::move(*tokens), attempt.nonce, parts.clock.wall());
}

}  // namespace sallyport::signin
