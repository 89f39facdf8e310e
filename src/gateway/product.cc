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

}  // namespace

Product product_of(std::string_view user_agent) {
  std::string_view product = take_word(user_agent);
  auto slash = product.find('/');
  if (slash == std::string_view::npos) return {.name = product, .version = {}};
  std::string_view after = product.substr(slash + 1);
  std::string_view next = take_word(user_agent);
  if (!after.empty() && !begins_with_digit(after) && begins_with_digit(next)) {
    return {.name = product, .version = next};
  }
  return {.name = product.substr(0, slash), .version = after};
}

}  // namespace sallyport::gateway
