#include "profile/codec/codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/encoding.h"
#include "profile/codec/formats.h"
#include "profile/url.h"

namespace sallyport::profile {
namespace {

constexpr std::array kFormats{
#define SALLYPORT_LIST_FORMAT(name) &format::name,
    SALLYPORT_FORMATS(SALLYPORT_LIST_FORMAT)
#undef SALLYPORT_LIST_FORMAT
};

// NUL ends a text in the app's readers on every platform; broken UTF-8 is no text.
Result<void> refuse_unclean(std::string_view key, const json::value& value) {
  auto refuse = [&](std::string_view what) -> Result<void> {
    return fail("encode.uncarriable", fmt::format("{} holds {}", key, what),
                "no format can carry it; set the value again");
  };
  if (value.is_string()) {
    std::string_view text = value.get_string();
    if (text.find('\0') != std::string_view::npos) return refuse("a NUL character");
    if (!is_utf8(text)) return refuse("text that is not UTF-8");
  } else if (value.is_array()) {
    for (const json::value& item : value.get_array()) {
      if (auto clean = refuse_unclean(key, item); !clean) return clean;
    }
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      if (auto clean = refuse_unclean(key, json::value(member.key())); !clean) return clean;
      if (auto clean = refuse_unclean(key, member.value()); !clean) return clean;
    }
  }
  return {};
}

// "a, b, c", or "a, b or c".
std::string listed(bool readable_alone, std::string_view before_last) {
  std::string_view last;
  std::string names;
  for (const Format* format : kFormats) {
    if (readable_alone && format->decoder == nullptr) continue;
    if (!last.empty()) names += fmt::format("{}{}", names.empty() ? "" : ", ", last);
    last = format->name;
  }
  return fmt::format("{}{}{}", names, names.empty() ? "" : before_last, last);
}

Sample sample_of(std::string_view file_name, std::string_view bytes) {
  Sample sample{file_name, bytes, bytes};
  if (sample.text.starts_with("\xef\xbb\xbf")) sample.text.remove_prefix(3);
  sample.text.remove_prefix(std::min(sample.text.find_first_not_of(" \t\r\n"), sample.text.size()));
  return sample;
}

}  // namespace

std::span<const Format* const> formats() {
  return kFormats;
}

const Format* find_format(std::string_view name) {
  for (const Format* format : kFormats) {
    if (format->name == name) return format;
  }
  return nullptr;
}

const Format* find_format_of_file(std::string_view file_name) {
  for (const Format* format : kFormats) {
    if (!format->file_ending.empty() && file_name.ends_with(format->file_ending)) return format;
  }
  return nullptr;
}

std::string format_names() {
  return listed(false, ", ");
}

std::string readable_format_names() {
  return listed(true, ", ");
}

Result<Encoded> encode(const Format& format, const Profile& profile, const EncodeOptions& options) {
  for (const auto& member : profile.values) {
    if (auto clean = refuse_unclean(member.key(), json::value(member.key())); !clean) {
      return std::unexpected(std::move(clean.error()));
    }
    if (auto clean = refuse_unclean(member.key(), member.value()); !clean) {
      return std::unexpected(std::move(clean.error()));
    }
  }
  return format.encoder(profile, options);
}

Result<Decoded> decode(const Format& format, std::string_view bytes) {
  if (format.decoder == nullptr) {
    return fail("decode.foreign",
                fmt::format("{} holds no values that could be read back", format.title),
                fmt::format("name an export that carries values: {}", listed(true, " or ")));
  }
  auto decoded = format.decoder(bytes);
  if (decoded && decoded->values.size() > kMostKeys) {
    return fail("decode.foreign",
                fmt::format("it holds {} keys, and no configuration has more than {}",
                            decoded->values.size(), kMostKeys),
                "name a configuration of Claude Desktop");
  }
  return decoded;
}

Result<void> refuse_same_name(const json::object& values) {
  std::map<std::string, std::string_view> seen;
  for (const auto& member : values) {
    auto [first, added] = seen.emplace(lower_case(member.key()), member.key());
    if (added) continue;
    return fail("encode.not_possible",
                fmt::format("{} and {} differ in case alone, and Windows takes them for one value",
                            first->second, std::string_view(member.key())),
                "unset one of them");
  }
  return {};
}

const Format* detect(std::string_view file_name, std::string_view bytes) {
  Sample sample = sample_of(file_name, bytes);
  Result<json::value> document;
  if (sample.text.starts_with("{")) document = parse_json(bytes);
  if (document && document->is_object()) sample.document = &document->get_object();
  const Format* best = nullptr;
  Likeness most = Likeness::kNone;
  for (const Format* format : kFormats) {
    Likeness likeness = format->likeness == nullptr ? Likeness::kNone : format->likeness(sample);
    if (likeness > most) {
      most = likeness;
      best = format;
    }
  }
  return best;
}

}  // namespace sallyport::profile
