// Text that is not just text has a type: `using Issuer = StrongText<struct IssuerTag>;`
// Two such types never mix; comparison and hashing work as for strings.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace sallyport {

template <typename Tag>
class StrongText {
 public:
  StrongText() = default;
  explicit StrongText(std::string text) : text_(std::move(text)) {}
  explicit StrongText(std::string_view text) : text_(text) {}
  explicit StrongText(const char* text) : text_(text) {}
  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] std::string_view view() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  friend bool operator==(const StrongText&, const StrongText&) = default;
  friend auto operator<=>(const StrongText&, const StrongText&) = default;

 private:
  std::string text_;
};

}  // namespace sallyport

template <typename Tag>
struct std::hash<sallyport::StrongText<Tag>> {
  std::size_t operator()(const sallyport::StrongText<Tag>& text) const noexcept {
    return std::hash<std::string>{}(text.str());
  }
};
