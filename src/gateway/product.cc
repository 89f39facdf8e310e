#include "gateway/product.h"

namespace sallyport::gateway {
namespace {

bool begins_with_digit(std::string_view text) {
  return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

std::string_view take_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

// Claude Code's comment names who built it, where it runs, and sometimes more.
std::string_view surface_in(std::string_view field) {
  constexpr std::string_view kBegin = " (external, ";
  auto at = field.find(kBegin);
  if (at == std::string_view::npos) return {};
  auto rest = field.substr(at + kBegin.size());
  auto end = rest.find_first_of(",)");
  return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

}  // namespace

Product product_of(std::string_view user_agent) {
  std::string_view surface = surface_in(user_agent);
  std::string_view product = take_word(user_agent);
  auto slash = product.find('/');
  if (slash == std::string_view::npos) return {.name = product, .version = {}, .surface = surface};
  std::string_view after = product.substr(slash + 1);
  std::string_view next = take_word(user_agent);
  if (!after.empty() && !begins_with_digit(after) && begins_with_digit(next)) {
    return {.name = product, .version = next, .surface = surface};
  }
  return {.name = product.substr(0, slash), .version = after, .surface = surface};
}

policy::ClientFacts client_of(http::Fields fields) {
  std::string_view user_agent;
  std::string_view app;
  for (const auto& field : fields) {
    if (http::name_is(field.name, "user-agent")) {
      user_agent = field.value;
    } else if (http::name_is(field.name, "x-app")) {
      app = field.value;
    }
  }
  auto product = product_of(user_agent);
  return {.program = product.name,
          .version = product.version,
          .surface = product.surface.empty() ? app : product.surface};
}

}  // namespace sallyport::gateway
