#include "gateway/record_views.h"

#include <algorithm>

#include "gateway/product.h"

namespace sallyport::gateway {

using http::name_is;

RecordViews::RecordViews(const ExchangeState& state) : state_(state) {
  for (const auto& field : state.client.head().fields) {
    if (name_is(field.name, "user-agent")) {
      user_agent_ = field.value;
    } else if (name_is(field.name, "anthropic-beta")) {
      betas_.push_back(field.value);
    } else if (name_is(field.name, "x-app")) {
      surface_ = field.value;
    } else if (!http::name_starts_with(field.name, "x-claude-code-")) {
      continue;
    } else if (name_is(field.name, "x-claude-code-session-id")) {
      session_ = field.value;
    } else if (name_is(field.name, "x-claude-code-agent-id")) {
      agent_ = field.value;
    } else if (name_is(field.name, "x-claude-code-parent-agent-id")) {
      parent_agent_ = field.value;
    } else if (name_is(field.name, "x-claude-code-prompt-id")) {
      prompt_ = field.value;
    }
  }
  for (const auto& proxy : state.source.proxies) proxies_.push_back(proxy);
  add_groups_that_mattered();
  for (const auto& tool : state.facts.tool_names) tools_.push_back(tool);
}

// The groups that the issuer's `require` asks for and the person has.
void RecordViews::add_groups_that_mattered() {
  for (const auto& issuer : state_.worker.identity()->issuers) {
    if (issuer.settings.name != state_.person->issuer) continue;
    for (const auto& wanted : issuer.settings.require_groups) {
      if (std::ranges::find(state_.person->groups, wanted) != state_.person->groups.end()) {
        groups_.push_back(wanted);
      }
    }
  }
}

audit::Person RecordViews::person() const {
  const identity::Principal& who = *state_.person;
  return {.issuer = who.issuer,
          .tenant = who.tenant,
          .object_id = who.object_id,
          .subject = who.subject,
          .token_kind = text(who.kind),
          .app_only = who.app_only,
          .groups = groups_,
          .token_id = who.token_id,
          .session_id = who.session_id,
          .client = who.client};
}

audit::NetworkOrigin RecordViews::source() const {
  return {.address = state_.source.text, .proxies = proxies_};
}

audit::Program RecordViews::program() const {
  auto product = product_of(user_agent_);
  return {.program = product.name,
          .version = product.version,
          // x-app says `cli` on every surface of Claude Code.
          .surface = product.surface.empty() ? surface_ : product.surface,
          .session = session_,
          .agent = agent_,
          .parent_agent = parent_agent_,
          .prompt = prompt_};
}

audit::Request RecordViews::request() const {
  const auto& head = state_.client.head();
  const auto& facts = state_.facts;
  return {.method = head.method,
          .path = head.path,
          .model = facts.model,
          .stream = facts.stream,
          .bytes = state_.body_bytes,
          .max_tokens = facts.max_tokens ? static_cast<std::int64_t>(*facts.max_tokens) : -1,
          .tools = tools_,
          .betas = betas_};
}

}  // namespace sallyport::gateway
