// Carries an answer from the provider to the client and makes the only edits that there are:
//  * the value of `message_start.message.model` (of a stream) or of the top-level `model` (of any
//    other answer) goes back from the deployment's name to the id that the client asked for, where
//    it equals a deployment of this request;
//  * an event of a stream whose data is exactly `[DONE]` is dropped (Foundry sends one at times).
// All other bytes leave as they came, an event when it is complete, so that a stream can always be
// ended by an event of ours (docs/adr/0002-whole-events.md). An event of more than 64 KiB leaves as
// it comes; only message_start, where this request renames a model, is held up to 1 MiB.
//
//   AnswerEditor editor(plan.models, meter);
//   for each chunk: write(editor.feed(chunk));
//   write(editor.finish());                // not if the provider died: half an event is none
//
// Pure: bytes in, views out; a copy goes to the meter. Belongs to one exchange and one thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/splice.h"
#include "http/event_stream.h"
#include "upstream/route_plan.h"
#include "usage/token_meter.h"

namespace sallyport::gateway {

class AnswerEditor {
 public:
  /// Copies what it needs of `names`; those that change nothing are left out. `meter` outlives
  /// the editor.
  AnswerEditor(std::span<const upstream::RoutedModel> names, usage::TokenMeter& meter);

  /// What to send for this chunk, perhaps nothing. The views point into the chunk and into this
  /// object and live until the next feed() or finish().
  [[nodiscard]] std::span<const std::string_view> feed(std::string_view chunk);
  /// The body ended, properly or not: what is still held, as it came.
  [[nodiscard]] std::span<const std::string_view> finish();

  /// Bytes of an event that is not complete yet.
  [[nodiscard]] std::size_t unfinished() const { return splitter_.unfinished().size(); }
  /// What was sent so far ends between two events, so that one of ours may go here.
  [[nodiscard]] bool at_event_boundary() const { return !partly_sent_; }

 private:
  struct Rename {
    std::string deployment;
    std::string id_token;  ///< a JSON text with its quotes
  };

  void on_event(const http::StreamEvent& event, std::string_view chunk);
  void on_rest(std::string_view chunk);
  [[nodiscard]] bool rename(const http::StreamEvent& event);
  [[nodiscard]] bool must_hold(std::string_view unfinished) const;
  void send(std::string_view bytes);

  std::vector<Rename> renames_;
  usage::TokenMeter& meter_;
  http::EventStreamSplitter splitter_;
  std::vector<std::string_view> pieces_;
  std::size_t event_begin_ = 0;  ///< in the chunk, of the event that is looked at
  std::size_t sent_ = 0;         ///< bytes of the chunk before this are decided upon
  bool awaiting_start_;          ///< message_start may still come and be edited
  bool held_ = false;            ///< the unfinished event is held back, all of it
  bool partly_sent_ = false;     ///< the unfinished event has been sent as far as it came
};

/// For answers that are no stream: read once, by the meter. The pieces view `body` and `scratch`,
/// which takes the new value.
[[nodiscard]] Pieces edit_json_answer(std::string_view body,
                                      std::span<const upstream::RoutedModel> names,
                                      usage::TokenMeter& meter, std::string& scratch);

}  // namespace sallyport::gateway
