// links: signin
// What the session bus sends while a secret is read: every view stays inside the message, and what
// claims to be whole is as long as it said.
#include <cstdlib>

#include "signin/dbus_message.h"

using namespace sallyport::signin;

namespace {

void inside(std::string_view whole, std::string_view part) {
  if (part.empty()) return;
  if (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size())
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto message = parse_message(input);
  if (!message) return 0;
  if (dbus_size(input) != size) std::abort();
  inside(input, message->error);
  inside(input, message->signature);
  inside(input, message->body);
  auto reader = message->reader();
  for (int i = 0; i < 8 && reader.good(); ++i) {
    inside(input, reader.signature());
    inside(input, reader.text());
    reader.align(8);
    inside(input, reader.bytes());
    auto length = reader.array(4);
    if (reader.at() + length > message->body.size()) std::abort();
  }
  return 0;
}
