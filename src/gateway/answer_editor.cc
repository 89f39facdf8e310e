#include "gateway/answer_editor.h"

#include "base/few.h"
#include "base/json_reader.h"
#include "base/json_writer.h"

namespace sallyport::gateway {
namespace {

constexpr std::string_view kDone = "[DONE]";
/// Larger events are none that only say [DONE].
constexpr std::size_t kLargestDone = 1024;
/// Larger events leave as they come.
constexpr std::size_t kLargestHeld = 64 * 1024;

bool is_done(const http::StreamEvent& event) {
  return event.data_lines == 1 && event.data == kDone && event.raw.size() <= kLargestDone;
}

using usage::kMostModels;  // with more of them it is no message, and leaves as it came
using usage::ModelTexts;

/// The text values of `model` in the object that comes next.
void find_models(JsonReader& json, ModelTexts& models) {
  JsonText key;
  JsonText text;
  json.begin_object();
  while (json.next_member(key)) {
    if (key.is("model") && json.peek() == JsonKind::kText) {
      if (json.text(text) && models.size() <= kMostModels) models.push_back(text);
    } else {
      json.skip();
    }
  }
}

}  // namespace

AnswerEditor::AnswerEditor(std::span<const upstream::RoutedModel> renames, usage::TokenMeter& meter)
    : meter_(meter) {
  for (const upstream::RoutedModel& one : renames) {
    if (one.id == one.deployment) continue;
    Rename& kept = renames_.emplace_back();
    kept.deployment = one.deployment;
    append_json_text(kept.id_token, one.id);
  }
  awaiting_start_ = !renames_.empty();
}

std::span<const std::string_view> AnswerEditor::feed(std::string_view chunk) {
  pieces_.clear();
  event_begin_ = sent_ = 0;
  splitter_.feed(chunk);
  while (const http::StreamEvent* event = splitter_.next()) on_event(*event, chunk);
  on_rest(chunk);
  send(chunk.substr(sent_));
  return pieces_;
}

std::span<const std::string_view> AnswerEditor::finish() {
  pieces_.clear();
  event_begin_ = sent_ = 0;
  splitter_.finish();
  while (const http::StreamEvent* event = splitter_.next()) on_event(*event, {});
  if (held_) send(splitter_.unfinished());
  held_ = false;
  return pieces_;
}

void AnswerEditor::send(std::string_view bytes) {
  if (!bytes.empty()) pieces_.push_back(bytes);
}

/// An event is complete with this chunk. Its bytes in the chunk are sent with those around it,
/// unless it is edited.
void AnswerEditor::on_event(const http::StreamEvent& event, std::string_view chunk) {
  const bool untouched = !partly_sent_ && !event.oversized;
  bool edited = false;
  if (untouched && is_done(event)) {
    send(chunk.substr(sent_, event_begin_ - sent_));
    edited = true;
  } else {
    if (untouched && awaiting_start_ &&
        usage::event_type(event.name, event.data) == "message_start") {
      send(chunk.substr(sent_, event_begin_ - sent_));
      edited = rename(event);
      if (!edited) sent_ = event_begin_;
      awaiting_start_ = false;
    }
    if (!edited && held_) send(splitter_.carried());
    if (event.oversized) {
      meter_.on_unread_event();
    } else if (event.data_lines > 0) {
      meter_.on_event(event.name, event.data);
    }
  }
  if (edited) sent_ = event.end;
  event_begin_ = event.end;
  held_ = partly_sent_ = false;
}

/// The chunk ends inside an event or between two.
void AnswerEditor::on_rest(std::string_view chunk) {
  if (splitter_.between_events() || partly_sent_) return;
  if (must_hold(splitter_.unfinished())) {
    send(chunk.substr(sent_, event_begin_ - sent_));
    sent_ = chunk.size();
    held_ = true;
    return;
  }
  if (held_) send(splitter_.carried());
  held_ = false;
  partly_sent_ = true;
}

bool AnswerEditor::must_hold(std::string_view unfinished) const {
  if (unfinished.empty()) return false;  // it became oversized
  return awaiting_start_ || unfinished.size() <= kLargestHeld;
}

/// Sends message_start with the model's id instead of the deployment's name. False: nothing to
/// edit, nothing was sent.
bool AnswerEditor::rename(const http::StreamEvent& event) {
  JsonReader json(event.data);
  JsonText key;
  ModelTexts models;
  json.begin_object();
  while (json.next_member(key)) {
    if (key.is("message") && json.peek() == JsonKind::kObject) {
      find_models(json, models);
    } else {
      json.skip();
    }
  }
  if (!json.finish() || models.size() > kMostModels) return false;
  std::size_t done = 0;
  for (const JsonText& model : models) {
    for (const Rename& one : renames_) {
      if (!model.is(one.deployment)) continue;
      const std::size_t at = http::raw_offset(event, model.offset);
      send(event.raw.substr(done, at - done));
      send(one.id_token);
      done = at + model.raw.size() + 2;
      break;
    }
  }
  if (done == 0) return false;
  send(event.raw.substr(done));
  return true;
}

Pieces edit_json_answer(std::string_view body, std::span<const upstream::RoutedModel> renames,
                        usage::TokenMeter& meter, std::string& scratch) {
  ModelTexts models;
  meter.on_json_body(body, &models);
  if (models.size() > kMostModels) models.clear();
  struct Place {
    JsonText model;
    std::size_t begin, end;  // in scratch
  };
  Few<Place, 2> places;
  scratch.clear();
  for (const JsonText& model : models) {
    for (const upstream::RoutedModel& one : renames) {
      if (one.id == one.deployment || !model.is(one.deployment)) continue;
      const std::size_t begin = scratch.size();
      append_json_text(scratch, one.id);
      places.push_back({model, begin, scratch.size()});
      break;
    }
  }
  Few<Splice, 2> splices;
  for (const Place& place : places) {
    const auto value = std::string_view(scratch).substr(place.begin, place.end - place.begin);
    splices.push_back({place.model.offset, place.model.raw.size() + 2, value});
  }
  return splice(body, splices);
}

}  // namespace sallyport::gateway
