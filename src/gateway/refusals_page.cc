#include "gateway/refusals_page.h"

#include <fmt/format.h>

#include <iterator>

#include "base/enum_count.h"
#include "gateway/refusals.h"
#include "identity/reason.h"
#include "identity/revocation.h"

namespace sallyport::gateway {
namespace {

constexpr std::string_view kIntroduction = R"(# Refusals

<!-- written by `sallyport docs errors`; scripts/docs renews it -->

A client that is refused gets a status, Anthropic's envelope with `error.type` and a sentence for the person, and the request's id (`x-request-id`, and `request_id` in the body). The code stands in the record of that request (`sallyport audit show ID`) and in the log, never in the answer: whoever forges a token learns nothing from it.

*Retry* says what the client is told: `no` is `x-should-retry: false`, because a retry cannot help; a number is `retry-after` in seconds. An error of the provider that clients can read passes as it came.
)";

constexpr std::string_view kOfTokens = R"(
## Tokens, for the operator

The person reads the same sentence for every 401. What is behind a code, and what to do about it, stands in the record and in `sallyport token check`:

| Code | What is wrong | Next step |
| --- | --- | --- |
)";

// Of each value of an enum, also of one that is appended tomorrow.
template <typename Enum>
std::vector<http::Refusal> refusals_of() {
  std::vector<http::Refusal> all;
  all.reserve(enum_count<Enum>);
  for (std::size_t i = 0; i < enum_count<Enum>; ++i)
    all.push_back(refusal_of(static_cast<Enum>(i)));
  return all;
}

std::vector<http::Refusal> of_tokens() {
  std::vector<http::Refusal> all;
  for (const auto& row : identity::all_reasons()) {
    if (row.reason != identity::Reason::kNone) all.push_back(refusal_of(row.reason));
  }
  return all;
}

std::vector<http::Refusal> of_revocations() {
  std::vector<http::Refusal> all;
  for (std::size_t i = 0; i < identity::kRevocationKinds; ++i) {
    identity::Revocation revocation;
    revocation.kind = static_cast<identity::RevocationKind>(i);
    auto refusal = refusal_of(revocation);
    // The moment in this sentence is nobody's: " at 1970-01-01 00:00 UTC".
    if (auto at = refusal.message.find(" at 1970-"); at != std::string::npos) {
      refusal.message.replace(at, sizeof " at 1970-01-01 00:00 UTC" - 1, " at TIME");
    }
    all.push_back(std::move(refusal));
  }
  return all;
}

std::vector<http::Refusal> of_decisions() {
  std::vector<http::Refusal> all;
  for (const auto& criterion : policy::criteria()) all.push_back(refusal_of(criterion));
  return all;
}

std::string retry_text(const http::Refusal& refusal) {
  if (!refusal.retry) return "no";
  return refusal.retry_after > 0 ? fmt::format("{}", refusal.retry_after) : "yes";
}

}  // namespace

std::vector<RefusalGroup> all_refusals() {
  return {
      {"The gateway and the provider", "What the gateway finds by itself or with the provider.",
       refusals_of<Cause>()},
      {"Tokens", "What is said of the credential or the person.", of_tokens()},
      {"Revocations",
       "Access that was taken back. Where the revocation ends, or was made up to a moment, the "
       "sentence says when.",
       of_revocations()},
      {"Decisions", "What a person may not ask for here.", of_decisions()},
      {"Bodies", "What is wrong with a request's body.", refusals_of<BodyReason>()},
      {"Heads", "What is wrong with the bytes of a request: the connection is closed after it.",
       refusals_of<http::HeadFault>()},
  };
}

std::string errors_markdown() {
  std::string out(kIntroduction);
  auto to = std::back_inserter(out);
  for (const auto& group : all_refusals()) {
    fmt::format_to(to, "\n## {}\n\n{}\n\n", group.title, group.text);
    out += "| Code | Status | `error.type` | Retry | Sentence |\n| --- | --- | --- | --- | --- |\n";
    for (const auto& one : group.refusals) {
      fmt::format_to(to, "| `{}` | {} | `{}` | {} | {} |\n", one.code, one.status, one.type,
                     retry_text(one), one.message);
    }
  }
  out += kOfTokens;
  for (const auto& row : identity::all_reasons()) {
    if (row.reason == identity::Reason::kNone) continue;
    fmt::format_to(to, "| `{}` | {} | {} |\n", row.code, row.sentence, row.next_step);
  }
  return out;
}

}  // namespace sallyport::gateway
