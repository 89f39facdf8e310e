#include "audit/record.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "audit/record_fields.h"
#include "base/comma_list.h"

namespace sallyport::audit {
namespace {

// How much is kept of each text and list. The sum of the worst cases, every byte escaped to six,
// stays below kMaxLineBytes (a test builds that line).
constexpr std::size_t kText = 256;
constexpr std::size_t kName = 64;
constexpr std::size_t kGroup = 128;
constexpr std::size_t kDetail = 512;
constexpr std::size_t kGroups = 32;
constexpr std::size_t kTools = 64;
constexpr std::size_t kBetas = 32;
constexpr std::size_t kProxies = 8;
constexpr std::size_t kDetails = 24;
// Of what stands in a closed line, which has a fixed room: identifiers, kept to plain ASCII.
constexpr std::size_t kProviderId = 96;
constexpr std::size_t kToken = 64;
constexpr std::size_t kId = 40;  // ours: a UUID

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
  char buffer[kDetail + 32];
  json.text(name, bounded(text, limit, buffer));
}

void put(JsonWriter& json, std::string_view name, std::string_view text,
         std::size_t limit = kText) {
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
  char buffer[kProviderId];
  std::ranges::transform(text, buffer, [](char c) { return stands_for_itself(c) ? c : '?'; });
  json.text(name, {buffer, text.size()});
}

void put_count(JsonWriter& json, std::string_view name, std::int64_t value) {
  if (value >= 0) json.number(name, value);
}

void put_list(JsonWriter& json, std::string_view name, Texts texts, std::size_t most,
              std::size_t limit) {
  if (texts.empty()) return;
  char buffer[kText + 32];
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

void put_betas(JsonWriter& json, Texts texts) {
  std::string_view values[kBetas + 1];
  std::size_t count = 0;
  std::size_t more = 0;
  for (std::string_view list : texts) {
    while (!list.empty()) {
      auto value = take_element(list);
      if (value.empty()) continue;
      if (count < kBetas) {
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
  put_list(json, field::kBetas, Texts(values, count), kBetas + 1, kName);
}

void put_person_members(JsonWriter& json, const Person& person) {
  put(json, field::kPersonIssuer, person.issuer);
  put(json, field::kPersonTenant, person.tenant);
  if (person.object_id.empty()) {
    put(json, field::kPersonSubject, person.subject);
  } else {
    put(json, field::kPersonObjectId, person.object_id);
  }
  put(json, field::kPersonToken, person.token_kind, kName);
  if (person.app_only) json.boolean(field::kPersonAppOnly, true);
  put_list(json, field::kPersonGroups, person.groups, kGroups, kGroup);
  put(json, field::kPersonTokenId, person.token_id);
  put(json, field::kPersonSessionId, person.session_id);
  put(json, field::kPersonClient, person.client);
}

void put_person(JsonWriter& json, const Person& person) {
  if (!person.ready.empty()) {
    json.raw(field::kPerson, person.ready);
    return;
  }
  json.object(field::kPerson);
  put_person_members(json, person);
  json.end();
}

void put_source(JsonWriter& json, const NetworkOrigin& source) {
  json.object(field::kSource);
  put(json, field::kSourceAddress, source.address, kName);
  put_list(json, field::kSourceProxies, source.proxies, kProxies, kName);
  json.end();
}

void put_program(JsonWriter& json, const Program& client) {
  json.object(field::kClient);
  put(json, field::kClientProgram, client.program);
  put(json, field::kClientVersion, client.version);
  put(json, field::kClientSurface, client.surface);
  put(json, field::kClientSession, client.session);
  put(json, field::kClientAgent, client.agent);
  put(json, field::kClientParentAgent, client.parent_agent);
  put(json, field::kClientPrompt, client.prompt);
  json.end();
}

void put_request(JsonWriter& json, const Request& request) {
  json.object(field::kRequest);
  put(json, field::kMethod, request.method, kName);
  put(json, field::kPath, request.path);
  put(json, field::kModel, request.model);
  if (request.stream) json.boolean(field::kStream, true);
  put_count(json, field::kRequestBytes, request.bytes);
  put_count(json, field::kMaxTokens, request.max_tokens);
  put_list(json, field::kTools, request.tools, kTools, kName);
  put_betas(json, request.betas);
  json.end();
}

// What all records of a request by a known person begin with.
template <typename Record>
void put_who_and_what(JsonWriter& json, const Record& record) {
  put(json, field::kId, record.id, kName);
  put_person(json, record.person);
  put_source(json, record.source);
  put_program(json, record.client);
  put_request(json, record.request);
}

void put_attempts(JsonWriter& json, std::span<const Attempt> attempts) {
  if (attempts.empty()) return;
  json.array(field::kAttempts);
  for (const auto& attempt : attempts.first(std::min(attempts.size(), kMaxAttempts))) {
    json.begin();
    put_token(json, field::kUpstream, attempt.upstream, kToken);
    put_token(json, field::kDeployment, attempt.deployment, kToken);
    json.number(field::kAttemptStatus, attempt.status);
    put_token(json, field::kAttemptError, attempt.error, kToken);
    json.end();
  }
  json.end_array();
}

void put_usage(JsonWriter& json, const Usage& usage) {
  json.object(field::kUsage);
  json.number(field::kInput, usage.input).number(field::kOutput, usage.output);
  json.number(field::kCacheWrite5m, usage.cache_write_5m);
  json.number(field::kCacheWrite1h, usage.cache_write_1h);
  json.number(field::kCacheRead, usage.cache_read);
  if (usage.thinking != 0) json.number(field::kThinking, usage.thinking);
  if (usage.web_searches != 0) json.number(field::kWebSearches, usage.web_searches);
  json.boolean(field::kExact, usage.exact);
  if (usage.malformed) json.boolean(field::kMalformed, true);
  json.end();
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
  put_person_members(json, person);
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
  put_who_and_what(json, record);
  json.object(field::kDecision);
  put(json, field::kPolicy, record.policy);
  put(json, field::kReason, record.reason);
  json.end();
  json.object(field::kRoute);
  put(json, field::kUpstream, record.upstream);
  put(json, field::kDeployment, record.deployment);
  json.end();
}

void append_members(JsonWriter& json, const Closed& record) {
  put_token(json, field::kId, record.id, kId);
  if (record.opened_sequence != 0) {
    json.number(field::kOpened, static_cast<std::int64_t>(record.opened_sequence));
  }
  json.number(field::kStatus, record.status);
  json.text(field::kOutcome, text(record.outcome));
  put_attempts(json, record.attempts);
  put_token(json, field::kRequestId, record.provider_request_id, kProviderId);
  put_token(json, field::kApimRequestId, record.apim_request_id, kProviderId);
  put_token(json, field::kStopReason, record.stop_reason, kToken);
  put_token(json, field::kErrorType, record.error_type, kToken);
  put_token(json, field::kRevocation, record.revocation, kId);
  put_count(json, field::kFirstByte, record.first_byte_us);
  json.number(field::kDuration, record.duration_us);
  json.number(field::kBytes, record.bytes);
  if (record.usage != nullptr) put_usage(json, *record.usage);
}

void append_members(JsonWriter& json, const Refused& record) {
  put_who_and_what(json, record);
  json.number(field::kStatus, record.status);
  put(json, field::kReason, record.reason);
  put(json, field::kClaim, record.claim);
  put(json, field::kExpected, record.expected);
  put(json, field::kGot, record.got);
  put(json, field::kNextStep, record.next_step, kDetail);
  put(json, field::kRevocation, record.revocation, kName);
}

void append_members(JsonWriter& json, const Answered& record) {
  put_who_and_what(json, record);
  json.number(field::kStatus, record.status);
}

void append_members(JsonWriter& json, const Event& record) {
  put(json, field::kEvent, record.name, kName);
  if (record.details.empty()) return;
  json.object(field::kDetails);
  for (const auto& detail : record.details.first(std::min(kDetails, record.details.size()))) {
    if (detail.is_number) {
      json.number(detail.name, detail.number);
    } else {
      put(json, detail.name, detail.text, kDetail);
    }
  }
  json.end();
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
