// links: signin
// Answers of a device authorization endpoint: what is taken can be shown at a terminal and leads
// to https (or, for a provider on loopback, to loopback).
#include <cstdlib>

#include "signin/token_answer.h"

using namespace sallyport;
using namespace sallyport::signin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  for (bool local : {false, true}) {
    auto code = parse_device_answer(input, local);
    if (!code) continue;
    if (code->device_code.empty() || code->user_code.empty() || code->user_code.size() > 64) {
      std::abort();
    }
    for (const auto* text :
         {&code->user_code, &code->verification_uri, &code->verification_uri_complete}) {
      for (char c : *text) {
        if (c <= 0x20 || c >= 0x7f) std::abort();
      }
    }
    if (!local && !code->verification_uri.starts_with("https://")) std::abort();
    if (code->interval.count() < 1 || code->interval.count() > 30) std::abort();
    if (code->expires_in.count() < 1 || code->expires_in.count() > 1800) std::abort();
  }
  return 0;
}
