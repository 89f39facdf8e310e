// What is remembered of a request: flat structs of views and values that the gateway fills, and
// their JSON, which is written by the table in record_fields.h. Pure: no I/O, no allocation but the
// growth of the caller's reused buffer. Any thread.
//
// Every text that a stranger may choose is cut at a limit and marked ("...[+123]" = 123 bytes
// more), lists are cut the same way, so that a line is never longer than kMaxLineBytes and a closed
// line never longer than kClosedLineBytes, which is what `opened` reserves for it. Views need to
// live for the append call alone. What must never come in here: credentials, names of people,
// content.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json_writer.h"

namespace sallyport::audit {

inline constexpr std::size_t kMaxLineBytes = 128 << 10;
inline constexpr std::size_t kClosedLineBytes = 2048;

using Texts = std::span<const std::string_view>;

/// Who: a verified principal.
struct Person {
  std::string_view issuer;      ///< configured name
  std::string_view tenant;      ///< empty where the provider has none
  std::string_view object_id;   ///< empty where the provider has none
  std::string_view subject;     ///< written only where there is no object id
  std::string_view token_kind;  ///< "access_token", "id_token"
  bool app_only = false;
  Texts groups;                 ///< those that mattered for the decision
  std::string_view token_id;    ///< `uti`, else `jti`
  std::string_view session_id;  ///< `sid`
  std::string_view client;      ///< `azp` and its relatives
  /// person_text() of all this, made before: it is copied as it stands and nothing above is looked
  /// at. What a record says of somebody is the same for each of her requests with a token.
  std::string_view ready{};
};
/// The JSON object that records have of this person, for Person::ready.
[[nodiscard]] std::string person_text(const Person& person);

/// From where: the address that counts and the proxies that were believed on the way to it.
struct NetworkOrigin {
  std::string_view address;
  Texts proxies;
};

/// With what: the User-Agent split, and the x-app and x-claude-code-* headers.
struct Program {
  std::string_view program;  ///< User-Agent's product, or the whole
  std::string_view version;
  std::string_view surface;  ///< of the user agent, else x-app
  std::string_view session;
  std::string_view agent;
  std::string_view parent_agent;
  std::string_view prompt;
};

/// What was asked, as far as it is known.
struct Request {
  std::string_view method;
  std::string_view path;   ///< without the query
  std::string_view model;  ///< as asked
  bool stream = false;
  std::int64_t bytes = -1;       ///< of the body; -1: not read
  std::int64_t max_tokens = -1;  ///< -1: absent
  Texts tools;                   ///< names
  Texts betas;                   ///< anthropic-beta values; a value with commas is split here
};

/// Why it was let in.
struct Decision {
  std::string_view policy;  ///< name of the policy; empty while there are none
  std::string_view reason;  ///< reason code: "allowed"
};

/// Where it goes.
struct Destination {
  std::string_view upstream;
  std::string_view deployment;
};

struct Opened {
  std::string_view id;  ///< UUIDv7 of the request
  WallTime time;
  Person person;
  NetworkOrigin source;
  Program client;
  Request request;
  Decision decision;
  Destination route;
};

enum class Outcome : std::uint8_t {
  kComplete,
  kAbortedByClient,
  kCutByRevocation,
  kUpstreamError,
  /// The record could not be written (flush failed: nothing was sent) or not made durable in time
  /// (`sync: each`: the answer was withheld).
  kRecordFailed,
  kInterrupted,  ///< written by a later start alone
};
[[nodiscard]] std::string_view text(Outcome outcome);

/// One sending of the request to a provider.
struct Attempt {
  std::string_view upstream;
  std::string_view deployment;
  int status = 0;          ///< 0: no answer
  std::string_view error;  ///< reason code, empty if there was an answer
};

struct Usage {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cache_write_5m = 0;
  std::int64_t cache_write_1h = 0;
  std::int64_t cache_read = 0;
  std::int64_t thinking = 0;  ///< part of output
  std::int64_t web_searches = 0;
  bool exact = false;      ///< false: estimated from what was seen
  bool malformed = false;  ///< the provider's numbers could not be read
};

/// An id by which the provider's support finds the request. The name of the member is the
/// provider's row's (upstream/provider.h), of 20 bytes at most.
struct ProviderId {
  std::string_view name;
  std::string_view value;
};
inline constexpr std::size_t kMaxProviderIds = 2;

struct Closed {
  std::string_view id;
  WallTime time;
  /// Chain::appended_sequence() right after append_opened(); 0 if it was lost (then the next start
  /// after a crash reads more of the chain than it had to).
  std::uint64_t opened_sequence = 0;
  int status = 0;  ///< that the client got; 0: none
  Outcome outcome = Outcome::kComplete;
  std::span<const Attempt> attempts;         ///< at most kMaxAttempts are written
  std::span<const ProviderId> provider_ids;  ///< kMaxProviderIds; without a value: not written
  std::string_view stop_reason;
  std::string_view error_type;      ///< of the provider's answer or of ours
  std::string_view revocation;      ///< kCutByRevocation: its id
  std::int64_t first_byte_us = -1;  ///< from the head read to the first answer byte; -1: none
  std::int64_t duration_us = 0;
  std::int64_t bytes = 0;        ///< to the client
  const Usage* usage = nullptr;  ///< null: nothing to count (count_tokens, no answer)
};
inline constexpr std::size_t kMaxAttempts = 3;

/// A refusal of a known person. (Strangers: side_journal.h.)
struct Refused {
  std::string_view id;
  WallTime time;
  Person person;
  NetworkOrigin source;
  Program client;
  Request request;
  int status = 0;
  std::string_view reason;  ///< stable code
  std::string_view claim;   ///< what was looked at: "roles"
  std::string_view expected;
  std::string_view got;
  std::string_view next_step{};   ///< what the administrator can do about it
  std::string_view revocation{};  ///< its id, where that is why
};

/// An answer of our own to a known person, such as GET /v1/models.
struct Answered {
  std::string_view id;
  WallTime time;
  Person person;
  NetworkOrigin source;
  Program client;
  Request request;
  int status = 0;
};

/// A key and a text or a whole number.
struct Detail {
  Detail(std::string_view detail_name, std::string_view value) : name(detail_name), text(value) {}
  Detail(std::string_view detail_name, const std::string& value) : name(detail_name), text(value) {}
  Detail(std::string_view detail_name, const char* value) : name(detail_name), text(value) {}
  Detail(std::string_view detail_name, std::int64_t value)
      : name(detail_name), number(value), is_number(true) {}
  std::string_view name;
  std::string_view text;
  std::int64_t number = 0;
  bool is_number = false;
};

/// Something of the process: configuration, keys, credentials, revocations.
/// Names in use: configuration, keys, credential, revocation, export; the chain itself writes
/// start, heads, recovered, damaged, segment and stop.
struct Event {
  std::string_view name;
  WallTime time;
  std::span<const Detail> details;
};

// The members that follow the line's frame (seq, prev, type, time, node, instance, worker).
void append_members(JsonWriter& json, const Opened& record);
void append_members(JsonWriter& json, const Closed& record);
void append_members(JsonWriter& json, const Refused& record);
void append_members(JsonWriter& json, const Answered& record);
void append_members(JsonWriter& json, const Event& record);

/// RFC 3339 in UTC with microseconds into 27 characters, as format_time() without its allocation.
inline constexpr std::size_t kTimeChars = 27;
void write_time(char (&out)[kTimeChars], WallTime time);

/// write_time() for one line after the other: the date and the time of day are worked out once a
/// second. One thread.
class TimeWriter {
 public:
  /// Valid until the next call.
  [[nodiscard]] std::string_view text(WallTime time);

 private:
  WallTime second_ = WallTime::min();  ///< the one that stands in the text
  char text_[kTimeChars];
};

}  // namespace sallyport::audit
