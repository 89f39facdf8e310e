#include "gateway/record_views.h"

#include <algorithm>

namespace sallyport::gateway {

using http::name_is;

namespace {

using Groups = Few<std::string_view, 4>;

// The groups that the issuer's `require` asks for and the person has. `Who`: a Principal or the
// draft of one.
template <typename Who>
Groups groups_that_mattered(const Who& who, const identity::Snapshot& snapshot) {
  Groups groups;
  for (const auto& issuer : snapshot.issuers) {
    if (issuer.settings.name != who.issuer) continue;
    for (const auto& wanted : issuer.settings.require_groups) {
      if (std::ranges::find(who.groups, wanted) != who.groups.end()) groups.push_back(wanted);
    }
  }
  return groups;
}

template <typename Who>
audit::Person view_of(const Who& who, audit::Texts groups) {
  return {.issuer = who.issuer,
          .tenant = who.tenant,
          .object_id = who.object_id,
          .subject = who.subject,
          .token_kind = identity::text(who.kind),
          .app_only = who.app_only,
          .groups = groups,
          .token_id = who.token_id,
          .session_id = who.session_id,
          .client = who.client};
}

}  // namespace

std::string recorded_person(const identity::PrincipalDraft& who,
                            const identity::Snapshot& snapshot) {
  return audit::person_text(view_of(who, groups_that_mattered(who, snapshot)));
}

RecordViews::RecordViews(const Exchange& exchange) : x_(exchange) {
  for (const auto& field : x_.client.head().fields) {
    if (name_is(field.name, "anthropic-beta")) {
      betas_.push_back(field.value);
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
  for (const auto& proxy : x_.source.proxies) proxies_.push_back(proxy);
  const identity::Principal& who = *x_.caller.person;
  if (who.record.empty()) groups_ = groups_that_mattered(who, *x_.caller.identity);
  for (const auto& tool : x_.asked.facts.body.tool_names) tools_.push_back(tool);
}

audit::Person RecordViews::person() const {
  const identity::Principal& who = *x_.caller.person;
  auto person = view_of(who, groups_);
  person.ready = who.record;  // made once a token, where she was let in
  return person;
}

audit::NetworkOrigin RecordViews::source() const {
  return {.address = x_.source.text, .proxies = proxies_};
}

audit::Program RecordViews::program() const {
  const auto& client = x_.asked.facts.client;
  return {.program = client.program,
          .version = client.version,
          .surface = client.surface,
          .session = session_,
          .agent = agent_,
          .parent_agent = parent_agent_,
          .prompt = prompt_};
}

audit::Request RecordViews::request() const {
  const auto& head = x_.client.head();
  const auto& facts = x_.asked.facts.body;
  return {.method = head.method,
          .path = head.path,
          .model = facts.model,
          .stream = facts.stream,
          .bytes = x_.asked.body_bytes,
          .max_tokens = facts.max_tokens ? static_cast<std::int64_t>(*facts.max_tokens) : -1,
          .tools = tools_,
          .betas = betas_};
}

}  // namespace sallyport::gateway
