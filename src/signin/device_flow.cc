#include <fmt/format.h>

#include <thread>

#include "signin/metadata.h"
#include "signin/person_flows.h"
#include "signin/token_reading.h"

namespace sallyport::signin {
namespace {

constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:device_code";

Result<DeviceCode> ask_for_code(const FlowParts& parts, const identity::Discovery& provider,
                                const Target& target) {
  Form form;
  form.add("client_id", target.client).add("scope", scopes_to_ask(target, provider.scopes));
  auto answer = parts.web.post(provider.device_authorization_endpoint, std::move(form));
  if (!answer) return fail(std::move(answer.error()), "while asking for a code");
  if (answer->status != 200) {
    return std::unexpected(explain(parse_refusal(answer->body, answer->status)));
  }
  auto code = parse_device_answer(answer->body, identity::is_loopback_http(target.issuer));
  wipe(answer->body);
  return code;
}

// Polls until there is an end. RFC 8628 3.5: slow_down adds five seconds for good, and a connection
// that fails is no end.
Result<Tokens> poll(const FlowParts& parts, const identity::Discovery& provider,
                    const Target& target, const DeviceCode& code, const DeviceOptions& options) {
  constexpr std::chrono::seconds kSlower{5};
  auto interval = code.interval;
  auto until = parts.clock.steady() + code.expires_in;
  auto sleep = options.sleep ? options.sleep
                             : [](std::chrono::seconds time) { std::this_thread::sleep_for(time); };
  while (parts.clock.steady() < until) {
    sleep(interval);
    Form form;
    form.add("grant_type", kGrant).add("client_id", target.client);
    form.add("device_code", code.device_code.reveal());
    auto outcome = request_tokens(parts.web, provider.token_endpoint, std::move(form));
    if (outcome.tokens) return std::move(outcome.tokens);
    if (outcome.kind == RefusalKind::kSlowDown) {
      interval += kSlower;
    } else if (outcome.kind != RefusalKind::kPending && outcome.kind != RefusalKind::kTransient) {
      return std::unexpected(std::move(outcome.tokens.error()));
    }
  }
  return std::unexpected(explain(make_refusal("expired_token", "")));
}

}  // namespace

Result<Session> sign_in_by_device(const FlowParts& parts, const Target& target,
                                  const DeviceOptions& options) {
  auto provider = discover(parts.web, target.issuer);
  if (!provider) return std::unexpected(std::move(provider.error()));
  if (provider->device_authorization_endpoint.empty() || provider->token_endpoint.empty()) {
    return fail("provider.error", fmt::format("{} offers no device code", target.issuer),
                "sign in without --device");
  }
  auto code = ask_for_code(parts, *provider, target);
  if (!code) return std::unexpected(std::move(code.error()));
  const std::string& page = code->verification_uri_complete.empty()
                                ? code->verification_uri
                                : code->verification_uri_complete;
  bool opened = parts.browser.open(page);
  if (options.tell) options.tell(*code, opened);
  auto tokens = poll(parts, *provider, target, *code, options);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  return session_of(target, *provider, std::move(*tokens), {}, parts.clock.wall());
}

}  // namespace sallyport::signin
