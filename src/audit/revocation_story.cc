#include "audit/revocation_story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "audit/history.h"
#include "audit/line.h"
#include "audit/reader.h"
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

class StoryReader {
 public:
  explicit StoryReader(const std::string& id) : id_(id) {}

  Result<void> read(const ChainFiles& chain) {
    for (std::size_t i = 0; i < chain.segments.size(); ++i) {
      auto read = read_segment(chain, i, [this](std::string_view text) {
        take(text);
        return true;
      });
      std::error_code gone;
      if (!read && std::filesystem::exists(chain.segments[i].path, gone)) {
        return std::unexpected(std::move(read.error()));
      }
      if (read && read->last) break;
    }
    return {};
  }

  [[nodiscard]] const std::string& last_request() const { return last_request_; }
  [[nodiscard]] const std::string& revoked_at() const { return revoked_at_; }

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

 private:
  void take(std::string_view text) {
    if (text.find(id_) == std::string_view::npos || !parse_line(text, line_)) return;
    auto found = members(text);
    if (line_.is_event("revocation") && get(found, "details.id") == id_) {
      take_event(found, text);
    } else if (get(found, "revocation") != id_) {
      return;  // the id stands in somebody's text
    } else if (line_.type == LineType::kClosed) {
      ++story_.cut;
      add({std::string(line_.time), "cut", std::string(line_.id),
           fmt::format("status {}, {}/{} tokens, {} bytes", get(found, "status"),
                       get(found, "usage.input"), get(found, "usage.output"), get(found, "bytes")),
           std::string(text)});
    } else if (line_.type == LineType::kRefused) {
      ++story_.refused;
      if (line_.time < last_refused_.time) return;
      last_refused_ = {
          std::string(line_.time), "refused", std::string(line_.id), {}, std::string(text)};
    }
  }

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
      last_request_ = get(found, "details.last_request");
      revoked_at_ = step.time;
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
  std::string last_request_;
  std::string revoked_at_;
};

}  // namespace

Result<RevocationStory> read_revocation_story(const std::filesystem::path& directory,
                                              const std::string& id) {
  auto chains = list_chains(directory);
  if (!chains) return std::unexpected(std::move(chains.error()));
  StoryReader reader(id);
  for (const auto& chain : *chains) {
    if (auto read = reader.read(chain); !read) return std::unexpected(std::move(read.error()));
  }
  if (!reader.last_request().empty()) {
    auto rows = read_history(directory, {1, reader.last_request(), {}, {}});
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
