#include "admin/request_story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "audit/record_fields.h"
#include "base/json_reader.h"
#include "gateway/refusals_page.h"
#include "identity/reason.h"

namespace sallyport::admin {
namespace {

struct NextStep {
  std::string_view code;  ///< whole, or a beginning that ends with a dot
  std::string_view next_step;
};

// What the data plane's tables do not say: they speak to the person.
constexpr NextStep kNextSteps[] = {
    {"route.", "correct the base URL in the person's client; their profile has the right one"},
    {"body.too_large", "the person sends fewer or smaller attachments"},
    {"body.content_encoding", "the client must not compress its requests: see its settings"},
    {"body.slow", "look at the person's network, then have them try again"},
    {"body.", "the client sends what is no request for Messages: update it"},
    {"http.", "the client, or something between it and the gateway, sends broken HTTP: update it"},
    {"gateway.busy", "try again; if it stays, an operator looks at `sallyport status`"},
    {"gateway.draining", "try again: the gateway was being restarted"},
    {"audit.unavailable", "an operator looks at the gateway's disk and at `sallyport status`"},
    {"model.not_configured",
     "the person chooses a model of this gateway; an operator adds others in `models`"},
    {"model.", "the person chooses models of one provider"},
    {"count_tokens.unsupported", "nothing: the provider of this model counts no tokens"},
    {"upstream.credential_refused", "an operator runs `sallyport upstream check`"},
    {"upstream.no_credential", "an operator looks at `sallyport status`"},
    {"upstream.deployment_not_found",
     "an operator compares `models` in the configuration with the provider's deployments"},
    {"upstream.", "try again; if it stays, an operator runs `sallyport upstream check`"},
    {"revoked.sign_ins", "the person signs out and signs in again"},
    {"revoked.session", "the person signs out and signs in again"},
    {"revoked.all", "the person signs out and signs in again"},
    {"revoked.token", "the person signs in again"},
    {"revoked.client", "the person uses another application, or an operator lifts the revocation"},
    {"revoked.", "an operator lifts the revocation, where it was a mistake"},
};

// Of a provider's error that came as it was.
constexpr NextStep kErrors[] = {
    {"rate_limit_error", "wait a moment; an operator raises the limit at the provider"},
    {"overloaded_error", "wait a moment: the provider has too much to do"},
    {"authentication_error", "an operator runs `sallyport upstream check`"},
    {"permission_error", "an operator runs `sallyport upstream check`"},
    {"billing_error", "whoever pays the provider looks at the account there"},
    {"invalid_request_error", "the provider refuses what the client sent: its message says why"},
    {"request_too_large", "the person shortens the conversation or the attachments"},
};

std::string_view next_step_of(std::span<const NextStep> table, std::string_view code) {
  for (const auto& row : table) {
    bool beginning = row.code.ends_with('.');
    if (beginning ? code.starts_with(row.code) : code == row.code) return row.next_step;
  }
  return {};
}

std::optional<http::Refusal> refusal_with(std::string_view code) {
  for (auto& group : gateway::all_refusals()) {
    auto found = std::ranges::find(group.refusals, code, &http::Refusal::code);
    if (found != group.refusals.end()) return std::move(*found);
  }
  return std::nullopt;
}

/// Texts of a line by their name.
using Texts = std::map<std::string, std::string, std::less<>>;

void read_texts(std::string_view line, Texts& texts) {
  JsonReader json(line);
  JsonText key;
  JsonText value;
  if (!json.begin_object()) return;
  while (json.next_member(key)) {
    if (json.peek() != JsonKind::kText) {
      json.skip();
    } else if (json.text(value)) {
      texts.insert_or_assign(key.decode(), value.decode());
    }
  }
}

std::string take(Texts& texts, std::string_view name) {
  auto found = texts.find(name);
  return found == texts.end() ? std::string() : std::move(found->second);
}

// Of one of our own codes.
void tell_code(std::string_view code, RequestStory& story) {
  if (auto refusal = refusal_with(code)) story.told = std::move(refusal->message);
  for (const auto& row : identity::all_reasons()) {
    if (row.code != code) continue;
    story.what = row.sentence;
    if (story.next_step.empty()) story.next_step = row.next_step;
  }
  if (story.what.empty()) story.what = story.told.empty() ? std::string(code) : story.told;
  if (story.next_step.empty()) story.next_step = next_step_of(kNextSteps, code);
}

void tell_provider_error(const audit::Row& row, RequestStory& story) {
  if (refusal_with(row.reason)) return tell_code(row.reason, story);
  story.what = row.reason.empty()
                   ? std::string("The answer of the model provider ended before it was complete.")
                   : fmt::format("The model provider answered with the error {}.", row.reason);
  story.next_step = next_step_of(kErrors, row.reason);
  if (story.next_step.empty()) story.next_step = next_step_of(kNextSteps, "upstream.");
}

void tell_end(const audit::Row& row, RequestStory& story) {
  if (row.outcome == "complete") {
    story.what = "It was let in and answered to the end.";
    if (audit::shown_number(row, audit::name_of<&audit::Closed::status>) >= 400)
      tell_provider_error(row, story);
  } else if (row.outcome == "aborted_by_client") {
    story.what = "The client went away before the answer was complete.";
    story.next_step = "nothing, unless the person did not stop it: then look at their network";
  } else if (row.outcome == "cut_by_revocation") {
    story.what = "A revocation ended it in the middle.";
    story.next_step = "look at the revocation: it says who made it, and why";
  } else if (row.outcome == "upstream_error") {
    tell_provider_error(row, story);
  } else if (row.outcome == "record_failed") {
    tell_code("audit.unavailable", story);
  } else if (row.outcome == "interrupted" || row.outcome == "unfinished") {
    story.what = "The gateway stopped before the answer was complete.";
    story.next_step = "the person asks again; an operator looks why it stopped";
  } else {
    story.what = "It was let in and still runs.";
  }
}

}  // namespace

RequestStory tell_request(const audit::Row& row) {
  Texts texts;
  read_texts(row.record, texts);
  read_texts(row.end, texts);
  RequestStory story;
  story.next_step = take(texts, audit::name_of<&audit::Refused::next_step>);
  story.claim = take(texts, audit::name_of<&audit::Refused::claim>);
  story.expected = take(texts, audit::name_of<&audit::Refused::expected>);
  story.got = take(texts, audit::name_of<&audit::Refused::got>);
  story.revocation = take(texts, audit::name_of<&audit::Refused::revocation>);
  if (row.kind == "refused") {
    tell_code(row.reason, story);
  } else if (row.kind == "answered") {
    story.what = "The gateway answered it by itself; no model was asked.";
  } else {
    tell_end(row, story);
  }
  return story;
}

}  // namespace sallyport::admin
