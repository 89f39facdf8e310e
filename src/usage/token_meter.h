// Reads what an answer cost from a copy of its bytes, event by event, and never disturbs the
// answer: whatever comes, it only sets flags.
//
//   TokenMeter meter;
//   meter.on_event(event.name, event.data);   // each event of a stream, or
//   meter.on_json_body(body);                 // the whole body of an answer that is none
//   Usage usage = meter.finish(ended_properly);
//
// Rules (Messages API, "Streaming" and "Usage"):
//  * `message_start` opens the account; every later frame is cumulative, so each number is the
//    largest that was seen, never a sum.
//  * Output includes thinking. Cache writes are split into 5 minutes and 1 hour where the answer
//    says so; what it does not split counts as 5 minutes.
//  * A stream without a final usage frame (client gone, cut, error event) is estimated: input as
//    `message_start` said, output the larger of the last count and a quarter of the characters that
//    came in `text`, `thinking` and `partial_json` deltas. A character is a Unicode code point of
//    the decoded text. An abort must not be free.
//  * A number that is none (text, negative, fraction, absurdly large) is left out and flagged.
//
// Belongs to one exchange and one thread. No allocation per delta event. Costs some ten
// nanoseconds for a delta in the provider's usual form, more for other key orders.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/few.h"
#include "base/json_reader.h"

namespace sallyport::usage {

struct Usage {
  std::uint64_t input = 0;  ///< what follows the last cache breakpoint, as the provider counts
  std::uint64_t output = 0;
  std::uint64_t cache_write_5m = 0;
  std::uint64_t cache_write_1h = 0;
  std::uint64_t cache_read = 0;
  std::uint64_t thinking = 0;  ///< part of output
  std::uint64_t web_searches = 0;
  std::string model;        ///< as the provider names it
  std::string message_id;   ///< msg_...
  std::string stop_reason;  ///< end_turn, tool_use, ...; empty: none came
  std::string error_type;   ///< of an `error` event or body: overloaded_error, ...; empty: none
  bool complete = false;    ///< the answer came whole, without an error
  bool estimated = false;   ///< no final count came: output is a floor, see above
  bool malformed = false;   ///< something could not be read; the rest counts

  [[nodiscard]] std::uint64_t total_input() const {
    return input + cache_write_5m + cache_write_1h + cache_read;
  }
};

/// The texts of a message's `model`, as they stand in its body, for whoever edits them. There is
/// one; all are kept, since the last one wins with most readers, but no more than kMostModels and
/// one: each would cost memory and time that no limit counts.
using ModelTexts = Few<JsonText, 2>;
inline constexpr std::size_t kMostModels = 16;

class TokenMeter {
 public:
  /// One event of a stream: its `event` name (may be empty) and its joined data.
  void on_event(std::string_view name, std::string_view data);
  /// An event that was too large to be read.
  void on_unread_event() { usage_.malformed = true; }
  /// A whole answer that is no stream: a message or an error. `models`, which is empty, gets those
  /// of a body that is well-formed.
  void on_json_body(std::string_view body, ModelTexts* models = nullptr);
  /// `ended_properly`: the transport ended as its framing promised. May be called once.
  [[nodiscard]] Usage finish(bool ended_properly);

  /// Code points in the deltas so far.
  [[nodiscard]] std::uint64_t characters() const { return characters_; }

 private:
  bool count_usual_delta(std::string_view data);
  void read_delta(std::string_view data);
  void read_message_start(std::string_view data);
  void read_message_delta(std::string_view data);
  void read_error_event(std::string_view data);
  void read_message(JsonReader& json, ModelTexts* models = nullptr);
  void read_model(JsonReader& json, ModelTexts* models);
  bool read_usage(JsonReader& json);
  void read_error(JsonReader& json);
  bool read_count(JsonReader& json, std::uint64_t& largest);
  static void read_text(JsonReader& json, std::string& to);
  static void keep_text(const JsonText& text, std::string& to);

  Usage usage_;                        ///< cache_write_5m: as the answers split it
  std::uint64_t cache_writes_ = 0;     ///< of both kinds together
  std::uint64_t characters_ = 0;       ///< in the deltas of a stream
  std::uint64_t body_characters_ = 0;  ///< of a body that is no stream and gave no usage
  bool started_ = false;               ///< message_start came
  bool counted_ = false;               ///< an output count came in a frame after it
  bool final_ = false;                 ///< one came with the reason for the end, or in a body
  bool stopped_ = false;               ///< message_stop came, or a whole body
  bool saw_output_ = false;            ///< the usage object that was read last had an output count
};

/// What an event of a stream is: the `type` in its data where that is the first member, as the
/// provider writes it; else the event's name; else the `type` member wherever it stands.
[[nodiscard]] std::string_view event_type(std::string_view name, std::string_view data);

}  // namespace sallyport::usage
