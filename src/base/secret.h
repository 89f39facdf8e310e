// A secret text: wiped when it goes, not copied by accident, without a formatter.
#pragma once

#include <string>
#include <string_view>

namespace sallyport {

/// Overwrites memory in a way that the optimiser keeps.
void wipe(void* data, std::size_t size) noexcept;
void wipe(std::string& text) noexcept;

class Secret {
 public:
  Secret() = default;
  /// Takes the text over; the caller's string is wiped.
  explicit Secret(std::string&& text);
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(text_); }

  /// The only way to make a second one, so that it can be searched for.
  [[nodiscard]] Secret copy() const { return Secret(std::string_view(text_)); }
  /// The text itself. Valid while this object lives; never log it, never keep it.
  [[nodiscard]] std::string_view reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] std::size_t size() const { return text_.size(); }

 private:
  std::string text_;
};

/// Compares in a time that depends on the lengths alone.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace sallyport
