// links: signin
// Answers of a token endpoint, good or bad: what is taken is a token, and a refusal is a sentence
// that a terminal can show.
#include <cstdlib>

#include "signin/token_answer.h"

using namespace sallyport;
using namespace sallyport::signin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (auto tokens = parse_token_answer(input)) {
    if (tokens->access_token.empty() && tokens->id_token.empty()) std::abort();
    for (const Secret* token : {&tokens->access_token, &tokens->id_token, &tokens->refresh_token}) {
      for (char c : token->reveal()) {
        if (c <= 0x20 || c >= 0x7f) std::abort();
      }
    }
    if (tokens->expires_in < 0) std::abort();
    FakeClock clock;
    Session session;
    if (take_tokens(session, std::move(*tokens), clock.wall())) {
      auto back = decode_session(encode(session).reveal());
      if (!back || encode(*back).reveal() != encode(session).reveal()) std::abort();
    }
  }
  ProviderRefusal refusal = parse_refusal(input, 400);
  Error error = explain(refusal);
  if (error.message.empty() || error.next_step.empty() || error.message.size() > 2000) std::abort();
  for (char c : error.message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
  }
  return 0;
}
