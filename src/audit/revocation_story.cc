#include "audit/revocation_story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "audit/history.h"
#include "audit/line.h"
#include "audit/reader.h"
#include "audit/record_fields.h"
#include "base/json_reader.h"

namespace sallyport::audit {
namespace {

using Texts = std::map<std::string, std::string, std::less<>>;

// Texts and numbers of one object; deeper objects as "outer.inner".
void read_members(JsonReader& json, const std::string& prefix, int depth, Texts& found) {
  JsonText key;
  JsonText value;
  std::string_view number;
  if (!json.begin_object()) return;
  while (json.next_member(key)) {
    auto name = prefix + key.decode();
    auto kind = json.peek();
    if (kind == JsonKind::kText) {
      if (json.text(value)) found[name] = value.decode();
    } else if (kind == JsonKind::kNumber) {
      if (json.number(number)) found[name] = number;
    } else if (kind == JsonKind::kObject && depth > 0) {
      read_members(json, name + ".", depth - 1, found);
    } else {
      json.skip();
    }
  }
}

Texts members(std::string_view line) {
  Texts found;
  JsonReader json(line);
  read_members(json, "", 1, found);
  return found;
}

std::string get(const Texts& texts, std::string_view name) {
  auto found = texts.find(name);
  return found == texts.end() ? std::string() : found->second;
}

std::string with(std::string_view before, const std::string& text) {
  return text.empty() ? std::string() : fmt::format("{}{}", before, text);
}

std::string revoked_text(const Texts& line) {
  auto detail = [&](std::string_view name) { return get(line, fmt::format("details.{}", name)); };
  auto text = fmt::format("{}{}{}{} by {}{}", detail("kind"), with(" ", detail("target")),
                          with(" of issuer ", detail("issuer")), with(" of ", detail("user")),
                          detail("by"), with(": ", detail("reason")));
  text += with("; until ", detail("until"));
  auto took = whole_number(detail("took_us")).value_or(0);
  return text + fmt::format("; {} running cut, in force everywhere after {:.1f} ms", detail("cut"),
                            static_cast<double>(took) / 1000);
}

// The order of steps that have the same time.
std::ptrdiff_t rank(std::string_view what) {
  constexpr std::string_view kOrder[] = {"last_admitted", "revoked", "cut",
                                         "first_refused", "refused", "lifted"};
  return std::ranges::find(kOrder, what) - std::begin(kOrder);
}

// Every line of every chain to `take`, but for segments older than `since`; those that go meanwhile
// are left out.
template <typename Take>
Result<void> read_lines(const std::vector<ChainFiles>& chains, const std::string& since,
                        Patience& patience, Take take) {
  for (const auto& chain : chains) {
    for (std::size_t i = 0; i < chain.segments.size(); ++i) {
      if (older_than(chain.segments[i].path, since)) continue;
      if (!patience.for_segment()) return reading_ended();
      auto read = read_segment(chain, i, [&take, &patience](std::string_view text) {
        if (!patience.for_line()) return false;
        take(text);
        return true;
      });
      if (patience.ended()) return reading_ended();
      std::error_code gone;
      if (!read && std::filesystem::exists(chain.segments[i].path, gone)) {
        return std::unexpected(std::move(read.error()));
      }
      if (read && read->last) break;
    }
  }
  return {};
}

// The newest request of those whom a revocation concerned that was admitted before it held
// everywhere: later ones there are none, but for people who were healed or lifted. The workers'
// own memory, which the event names, is of their last few hundred requests alone.
class LastAdmission {
 public:
  /// `event`: the line that tells of the revocation, written when it held; `held`: its time.
  LastAdmission(const Texts& event, std::string held)
      : kind_(get(event, "details.kind")),
        target_(get(event, "details.target")),
        issuer_(get(event, "details.issuer")),
        user_(get(event, "details.user")),
        held_(std::move(held)),
        request_(get(event, "details.last_request")) {}

  /// A record names no groups that it did not need; what the workers knew has to do.
  [[nodiscard]] bool in_record() const { return kind_ != "group"; }
  [[nodiscard]] const std::string& request() const { return request_; }

  void take(std::string_view text) {
    // Most lines are of others: the last part of a key stands in the line as it is.
    std::string_view part = std::string_view(target_).substr(target_.rfind('/') + 1);
    if (text.find(part) == std::string_view::npos || !parse_line(text, line_)) return;
    if (line_.type != LineType::kOpened && line_.type != LineType::kAnswered) return;
    if (line_.time > held_ || line_.time < time_ || !concerned(members(text))) return;
    time_ = line_.time;
    request_ = line_.id;
  }

 private:
  [[nodiscard]] bool concerned(const Texts& line) const {
    auto person = [&](std::string_view name) {
      return get(line, fmt::format("{}.{}", name_of<&Opened::person>, name));
    };
    std::string who = person(name_of<&Person::object_id>);
    who = person(name_of<&Person::issuer>) +
          (who.empty() ? "//" + person(name_of<&Person::subject>)
                       : "/" + person(name_of<&Person::tenant>) + "/" + who);
    if (kind_ == "user" || kind_ == "sign-ins") return who == target_;
    if (!issuer_.empty() && person(name_of<&Person::issuer>) != issuer_) return false;
    if (!user_.empty() && who != user_) return false;
    return kind_ == "all" || person(kind_ == "client"    ? name_of<&Person::client>
                                    : kind_ == "session" ? name_of<&Person::session_id>
                                                         : name_of<&Person::token_id>) == target_;
  }

  std::string kind_, target_, issuer_, user_;
  std::string held_;
  std::string time_;
  std::string request_;
  Line line_;
};

class StoryReader {
 public:
  explicit StoryReader(const std::string& id) : id_(id) {}

  /// Nothing where the record does not tell of the revocation itself.
  [[nodiscard]] std::optional<LastAdmission>& last_admission() { return last_admission_; }

  void add(StoryStep step) { story_.steps.push_back(std::move(step)); }

  RevocationStory finish() {
    if (!last_refused_.time.empty() && story_.refused > 1) {
      last_refused_.text = fmt::format("the last of {} refused requests", story_.refused);
      add(std::move(last_refused_));
    }
    auto place = [](const StoryStep& step) { return std::pair(step.time, rank(step.what)); };
    std::ranges::sort(story_.steps, {}, place);
    return std::move(story_);
  }

  void take(std::string_view text) {
    if (text.find(id_) == std::string_view::npos || !parse_line(text, line_)) return;
    auto found = members(text);
    if (line_.is_event("revocation") && get(found, "details.id") == id_) {
      take_event(found, text);
    } else if (get(found, name_of<&Closed::revocation>) != id_) {
      return;  // the id stands in somebody's text
    } else if (line_.type == LineType::kClosed) {
      ++story_.cut;
      add({std::string(line_.time), "cut", std::string(line_.id),
           fmt::format("status {}, {}/{} tokens, {} bytes", get(found, name_of<&Closed::status>),
                       get(found, "usage.input"), get(found, "usage.output"),
                       get(found, name_of<&Closed::bytes>)),
           std::string(text)});
    } else if (line_.type == LineType::kRefused) {
      ++story_.refused;
      if (line_.time < last_refused_.time) return;
      last_refused_ = {
          std::string(line_.time), "refused", std::string(line_.id), {}, std::string(text)};
    }
  }

 private:
  void take_event(const Texts& found, std::string_view text) {
    StoryStep step{std::string(line_.time),
                   get(found, "details.what"),
                   get(found, "details.request"),
                   {},
                   std::string(text)};
    if (step.what == "revoked") {
      // The event is written when all is done; the answers that were cut ended before that.
      step.time = get(found, "details.at");
      step.text = revoked_text(found);
      last_admission_.emplace(found, std::string(line_.time));
    } else if (step.what == "first_refused") {
      step.text = get(found, "details.person");
    } else {
      step.text = with("by ", get(found, "details.by")) + with(": ", get(found, "details.reason"));
    }
    add(std::move(step));
  }

  const std::string& id_;
  Line line_;
  RevocationStory story_;
  StoryStep last_refused_;
  std::optional<LastAdmission> last_admission_;
};

}  // namespace

Result<RevocationStory> read_revocation_story(const std::filesystem::path& directory,
                                              const std::string& id, const GoOn& go_on) {
  auto chains = list_chains(directory);
  if (!chains) return std::unexpected(std::move(chains.error()));
  StoryReader reader(id);
  Patience patience(go_on);
  const auto since = earliest_of(id, system_clock().wall());
  auto read =
      read_lines(*chains, since, patience, [&](std::string_view text) { reader.take(text); });
  auto& last = reader.last_admission();
  if (read && last && last->in_record()) {
    read = read_lines(*chains, {}, patience, [&](std::string_view text) { last->take(text); });
  }
  if (!read) return std::unexpected(std::move(read.error()));
  if (last && !last->request().empty()) {
    HistoryQuery query{1, last->request(), {}, {}};
    query.go_on = go_on;
    auto rows = read_history(directory, query);
    if (!rows) return std::unexpected(std::move(rows.error()));
    for (const auto& row : *rows) {
      reader.add({row.time, "last_admitted", row.id,
                  fmt::format("{} {}: {}", row.person, row.model.empty() ? row.path : row.model,
                              row.outcome),
                  row.record});
    }
  }
  return reader.finish();
}

}  // namespace sallyport::audit
