#include "audit/record.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "audit/record_fields.h"
#include "base/comma_list.h"

namespace sallyport::audit {
namespace {

// Not in the middle of a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

// The text as it is, or cut and marked. The buffer holds the result where it is cut.
template <std::size_t N>
std::string_view bounded(std::string_view text, std::size_t limit, char (&buffer)[N]) {
  if (text.size() <= limit) return text;
  auto kept = cut(text, limit);
  char* out = std::copy(kept.begin(), kept.end(), buffer);
  for (char c : std::string_view("...[+")) *out++ = c;
  out = std::to_chars(out, buffer + N - 1, text.size() - kept.size()).ptr;
  *out++ = ']';
  return {buffer, static_cast<std::size_t>(out - buffer)};
}

// Apart, so that texts of usual length do without the buffer.
[[gnu::noinline]] void put_cut(JsonWriter& json, std::string_view name, std::string_view text,
                               std::size_t limit) {
  char buffer[keep::kDetail + 32];
  json.text(name, bounded(text, limit, buffer));
}

void put(JsonWriter& json, std::string_view name, std::string_view text,
         std::size_t limit = keep::kText) {
  if (text.empty()) return;
  if (text.size() > limit) {
    put_cut(json, name, text, limit);
  } else {
    json.text(name, text);
  }
}

bool stands_for_itself(char c) {
  return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

// An identifier of the provider in its fixed room: one byte a character, whatever it sends.
void put_token(JsonWriter& json, std::string_view name, std::string_view text, std::size_t limit) {
  if (text.empty()) return;
  text = text.substr(0, limit);
  unsigned char foreign = 0;  // all of it is looked at, sixteen at a time
  for (char c : text) foreign |= static_cast<unsigned char>(!stands_for_itself(c));
  if (foreign == 0) {
    json.text(name, text);
    return;
  }
  char buffer[keep::kProviderId];
  std::ranges::transform(text, buffer, [](char c) { return stands_for_itself(c) ? c : '?'; });
  json.text(name, {buffer, text.size()});
}

void put_list(JsonWriter& json, std::string_view name, Texts texts, std::size_t most,
              std::size_t limit) {
  if (texts.empty()) return;
  char buffer[keep::kText + 32];
  json.array(name);
  for (const auto& text : texts.first(std::min(most, texts.size()))) {
    json.item(bounded(text, limit, buffer));
  }
  if (texts.size() > most) {
    char mark[32] = "...[+";
    auto end = std::to_chars(mark + 5, mark + 30, texts.size() - most).ptr;
    *end++ = ']';
    json.item({mark, static_cast<std::size_t>(end - mark)});
  }
  json.end_array();
}

// Each text is a list itself, with commas.
template <std::size_t kMost>
void put_comma_texts(JsonWriter& json, std::string_view name, Texts texts, std::size_t limit) {
  std::string_view values[kMost + 1];
  std::size_t count = 0;
  std::size_t more = 0;
  for (std::string_view list : texts) {
    while (!list.empty()) {
      auto value = take_element(list);
      if (value.empty()) continue;
      if (count < kMost) {
        values[count++] = value;
      } else {
        ++more;
      }
    }
  }
  char mark[32] = "...[+";
  if (more > 0) {
    auto end = std::to_chars(mark + 5, mark + 30, more).ptr;
    *end++ = ']';
    values[count++] = {mark, static_cast<std::size_t>(end - mark)};
  }
  put_list(json, name, Texts(values, count), kMost + 1, limit);
}

// ---- by the table: one overload a way of writing -------------------------------------------------

template <typename Object>
void write_rows(JsonWriter& json, const Object& object);

template <std::size_t kLimit>
void write(JsonWriter& json, std::string_view name, as::Text<kLimit>, std::string_view text) {
  put(json, name, text, kLimit);
}

template <std::size_t kLimit>
void write(JsonWriter& json, std::string_view name, as::Token<kLimit>, std::string_view text) {
  put_token(json, name, text, kLimit);
}

template <std::size_t kMost, std::size_t kLimit>
void write(JsonWriter& json, std::string_view name, as::Texts<kMost, kLimit>, Texts texts) {
  put_list(json, name, texts, kMost, kLimit);
}

template <std::size_t kMost, std::size_t kLimit>
void write(JsonWriter& json, std::string_view name, as::CommaTexts<kMost, kLimit>, Texts texts) {
  put_comma_texts<kMost>(json, name, texts, kLimit);
}

template <typename Value>
void write(JsonWriter& json, std::string_view name, as::Number, Value value) {
  json.number(name, static_cast<std::int64_t>(value));
}

void write(JsonWriter& json, std::string_view name, as::Count, std::int64_t value) {
  if (value >= 0) json.number(name, value);
}

template <typename Value>
void write(JsonWriter& json, std::string_view name, as::NonZero, Value value) {
  if (value != 0) json.number(name, static_cast<std::int64_t>(value));
}

void write(JsonWriter& json, std::string_view name, as::Boolean, bool value) {
  json.boolean(name, value);
}

void write(JsonWriter& json, std::string_view name, as::IfTrue, bool value) {
  if (value) json.boolean(name, true);
}

void write(JsonWriter& json, std::string_view name, as::Outcome, Outcome outcome) {
  json.text(name, text(outcome));
}

template <typename Object>
void write(JsonWriter& json, std::string_view name, as::Object, const Object& object) {
  if constexpr (std::is_pointer_v<Object>) {
    if (object != nullptr) write(json, name, as::Object{}, *object);
  } else {
    json.object(name);
    write_rows(json, object);
    json.end();
  }
}

template <std::size_t kMost, typename Object>
void write(JsonWriter& json, std::string_view name, as::Objects<kMost>,
           std::span<const Object> objects) {
  if (objects.empty()) return;
  json.array(name);
  for (const auto& object : objects.first(std::min(objects.size(), kMost))) {
    json.begin();
    write_rows(json, object);
    json.end();
  }
  json.end_array();
}

void write(JsonWriter& json, std::string_view name, as::Person, const Person& person) {
  if (person.ready.empty()) {
    write(json, name, as::Object{}, person);
  } else {
    json.raw(name, person.ready);
  }
}

template <std::size_t kMost, std::size_t kLimit>
void write(JsonWriter& json, std::string_view /*name*/, as::ProviderIds<kMost, kLimit>,
           std::span<const ProviderId> ids) {
  for (const auto& id : ids.first(std::min(ids.size(), kMost))) {
    put_token(json, id.name, id.value, kLimit);
  }
}

void write(JsonWriter& json, std::string_view name, as::Details, std::span<const Detail> details) {
  if (details.empty()) return;
  json.object(name);
  for (const auto& detail : details.first(std::min(keep::kDetails, details.size()))) {
    if (detail.is_number) {
      json.number(detail.name, detail.number);
    } else {
      put(json, detail.name, detail.text, keep::kDetail);
    }
  }
  json.end();
}

template <auto kMember, typename As, typename Object>
void write_row(JsonWriter& json, const MemberRow<kMember, As>& row, const Object& object) {
  if constexpr (std::is_same_v<As, as::SubjectWithoutObject>) {
    if (object.object_id.empty()) put(json, row.name, object.*kMember);
  } else if constexpr (!std::is_same_v<As, as::ByChain>) {
    write(json, row.name, As{}, object.*kMember);
  }
}

template <typename Object>
void write_rows(JsonWriter& json, const Object& object) {
  std::apply([&](const auto&... row) { (write_row(json, row, object), ...); }, kRows<Object>);
}

constexpr std::size_t kMicrosAt = 20;  // in a time of kTimeChars

void put_digits(char* out, unsigned value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

std::string person_text(const Person& person) {
  std::string text;
  JsonWriter json(text);
  json.begin();
  write_rows(json, person);
  json.end();
  return text;
}

std::string_view text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kComplete:
      return "complete";
    case Outcome::kAbortedByClient:
      return "aborted_by_client";
    case Outcome::kCutByRevocation:
      return "cut_by_revocation";
    case Outcome::kUpstreamError:
      return "upstream_error";
    case Outcome::kRecordFailed:
      return "record_failed";
    case Outcome::kInterrupted:
      return "interrupted";
  }
  return "unknown";
}

void append_members(JsonWriter& json, const Opened& record) {
  write_rows(json, record);
}

void append_members(JsonWriter& json, const Closed& record) {
  write_rows(json, record);
}

void append_members(JsonWriter& json, const Refused& record) {
  write_rows(json, record);
}

void append_members(JsonWriter& json, const Answered& record) {
  write_rows(json, record);
}

void append_members(JsonWriter& json, const Event& record) {
  write_rows(json, record);
}

void write_time(char (&out)[kTimeChars], WallTime time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date{day};
  auto micros = static_cast<std::uint64_t>((time - day).count());
  auto seconds = static_cast<unsigned>(micros / 1'000'000);
  std::memcpy(out, "0000-00-00T00:00:00.000000Z", kTimeChars);
  put_digits(out, static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9999)), 4);
  put_digits(out + 5, static_cast<unsigned>(date.month()), 2);
  put_digits(out + 8, static_cast<unsigned>(date.day()), 2);
  put_digits(out + 11, seconds / 3600, 2);
  put_digits(out + 14, seconds / 60 % 60, 2);
  put_digits(out + 17, seconds % 60, 2);
  put_digits(out + kMicrosAt, static_cast<unsigned>(micros % 1'000'000), 6);
}

std::string_view TimeWriter::text(WallTime time) {
  auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second_ == second) {
    put_digits(text_ + kMicrosAt, static_cast<unsigned>((time - second).count()), 6);
  } else {
    write_time(text_, time);
    second_ = second;
  }
  return {text_, kTimeChars};
}

}  // namespace sallyport::audit
