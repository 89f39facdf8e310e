#include "audit/segment_name.h"

#include <algorithm>
#include <charconv>

#include "audit/record.h"
#include "base/ascii.h"
#include "base/guid.h"

namespace sallyport::audit {
namespace {

constexpr std::size_t kTimeSize = 23;  // 20261121T081530.123456Z
constexpr std::size_t kUuidSize = 36;
constexpr std::string_view kSuffix = ".jsonl";

bool is_time(std::string_view text) {
  constexpr std::string_view kPattern = "00000000T000000.000000Z";
  if (text.size() != kPattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kPattern[i] == '0' ? !is_digit(text[i]) : text[i] != kPattern[i]) return false;
  }
  return true;
}

bool is_worker(std::string_view text) {
  return !text.empty() && text.size() <= 16 &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); });
}

}  // namespace

bool is_uuid(std::string_view text) {
  return is_guid(text) && std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'F'; });
}

std::string format_segment_name(WallTime time, std::string_view instance, std::string_view worker,
                                std::uint64_t number) {
  char stamp[kTimeChars];
  write_time(stamp, time);
  std::string name;
  for (char c : stamp) {
    if (c != '-' && c != ':') name.push_back(c);
  }
  auto digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  name.append("-").append(instance).append("-").append(worker).append("-").append(digits);
  return name.append(kSuffix);
}

std::optional<SegmentName> parse_segment_name(std::string_view file_name) {
  if (!file_name.ends_with(kSuffix)) return std::nullopt;
  file_name.remove_suffix(kSuffix.size());
  if (file_name.size() < kTimeSize + kUuidSize + 4 || file_name[kTimeSize] != '-') {
    return std::nullopt;
  }
  SegmentName name;
  name.time = file_name.substr(0, kTimeSize);
  name.instance = file_name.substr(kTimeSize + 1, kUuidSize);
  auto rest = file_name.substr(kTimeSize + 1 + kUuidSize);
  auto dash = rest.find('-', 1);
  if (rest[0] != '-' || dash == std::string_view::npos) return std::nullopt;
  name.worker = rest.substr(1, dash - 1);
  auto digits = rest.substr(dash + 1);
  auto end = std::from_chars(digits.data(), digits.data() + digits.size(), name.number);
  bool number_ok = end.ec == std::errc{} && end.ptr == digits.data() + digits.size() &&
                   digits.size() >= 6 && (digits.size() == 6 || digits[0] != '0');
  if (!is_time(name.time) || !is_uuid(name.instance) || !is_worker(name.worker) || !number_ok ||
      name.number == 0) {
    return std::nullopt;
  }
  return name;
}

}  // namespace sallyport::audit
