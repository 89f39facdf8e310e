// links: upstream
// Answers of token endpoints and managed-identity endpoints of any shape: what is taken for a token
// can stand in a header and ends within a month; what is told of the rest is short and printable.
#include <algorithm>
#include <cstdlib>

#include "cloud/token_answer.h"
#include "upstream/provider.h"

using namespace sallyport;
using namespace sallyport::cloud;
using namespace sallyport::upstream;

namespace {

void check_text(std::string_view text, std::size_t most) {
  if (text.size() > most) std::abort();
  if (std::ranges::any_of(text, [](char c) { return c < 0x20 || c > 0x7e; })) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const WallTime now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};
  constexpr std::string_view kSecret = "secret-that-was-sent";
  if (auto token = parse_token_answer(input, now)) {
    check_text(token->text.reveal(), kMostTokenBytes);
    if (token->text.empty() || token->text.reveal().find(' ') != std::string_view::npos) {
      std::abort();
    }
    if (token->expires <= now || token->expires > now + std::chrono::days(31)) std::abort();
    auto facts = read_token_facts(token->text.reveal());
    for (const auto& text : {facts.audience, facts.tenant, facts.object_id, facts.application}) {
      check_text(text, 300);
    }
  } else {
    check_text(token.error().message, 200);
  }
  auto said = parse_token_error(input, {kSecret});
  for (const auto& text : {said.error, said.description, said.trace_id}) {
    check_text(text, 200);
    if (text.find(kSecret) != std::string::npos) std::abort();
  }
  if (said.codes.size() > 8) std::abort();
  for (const auto& rules : kProviderRules) {
    const auto& kind = kind_of(rules.provider);
    auto error = kind.read_error(Operation::kMessages, 403, input, kSecret);
    if (error.passes || error.fault != AnswerFault::kCredential) std::abort();
    auto answer = said_by(error);
    check_text(answer.code, 300);
    check_text(answer.message, 300);
    if (answer.message.find(kSecret) != std::string::npos) std::abort();
    if (meaning_of(kind, answer, CredentialKind::kApiKey).code.empty()) std::abort();
  }
  return 0;
}
