#include "audit/history.h"

#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <tuple>
#include <unordered_map>

#include "audit/line.h"
#include "audit/reader.h"
#include "audit/record_fields.h"
#include "base/json_reader.h"

namespace sallyport::audit {
namespace {

// Members of one object by name; each visit reads or skips the value.
template <typename Visit>
void for_members(JsonReader& json, Visit visit) {
  JsonText key;
  if (!json.begin_object()) return;
  while (json.next_member(key)) visit(key);
}

std::string read_text(JsonReader& json) {
  JsonText value;
  if (json.peek() != JsonKind::kText) {
    json.skip();
    return {};
  }
  return json.text(value) ? value.decode() : std::string();
}

std::int64_t read_number(JsonReader& json) {
  std::string_view token;
  if (json.peek() != JsonKind::kNumber) {
    json.skip();
    return -1;
  }
  if (!json.number(token)) return -1;
  return static_cast<std::int64_t>(whole_number(token).value_or(0));
}

// The value where `audit show` has a column for it; false: it has none, and nothing was read.
bool read_shown(JsonReader& json, std::string_view inside, const JsonText& key, Row& row) {
  const auto fields = shown_fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].inside != inside || !key.is(fields[i].field->name)) continue;
    if (json.peek() == JsonKind::kNumber) {
      row.shown[i].number = read_number(json);
    } else {
      row.shown[i].text = read_text(json);
    }
    return true;
  }
  return false;
}

std::string read_person(JsonReader& json) {
  std::string issuer, tenant, object_id, subject;
  for_members(json, [&](const JsonText& key) {
    auto* part = key.is(name_of<&Person::issuer>)      ? &issuer
                 : key.is(name_of<&Person::tenant>)    ? &tenant
                 : key.is(name_of<&Person::object_id>) ? &object_id
                 : key.is(name_of<&Person::subject>)   ? &subject
                                                       : nullptr;
    if (part != nullptr) {
      *part = read_text(json);
    } else {
      json.skip();
    }
  });
  if (object_id.empty()) return issuer + "/" + subject;
  return issuer + "/" + tenant + "/" + object_id;
}

void read_usage(JsonReader& json, Row& row) {
  row.input = 0;
  for_members(json, [&](const JsonText& key) {
    if (key.is(name_of<&Usage::output>)) {
      row.output = read_number(json);
    } else if (key.is(name_of<&Usage::input>) || key.is(name_of<&Usage::cache_read>) ||
               key.is(name_of<&Usage::cache_write_5m>) || key.is(name_of<&Usage::cache_write_1h>)) {
      row.input += std::max<std::int64_t>(0, read_number(json));
    } else if (key.is(name_of<&Usage::exact>)) {
      row.exact = json.peek() == JsonKind::kTrue;
      json.skip();
    } else if (!read_shown(json, name_of<&Closed::usage>, key, row)) {
      json.skip();
    }
  });
}

void read_request(JsonReader& json, Row& row) {
  for_members(json, [&](const JsonText& key) {
    if (key.is(name_of<&Request::model>)) {
      row.model = read_text(json);
    } else if (key.is(name_of<&Request::path>)) {
      row.path = read_text(json);
    } else if (!read_shown(json, name_of<&Opened::request>, key, row)) {
      json.skip();
    }
  });
}

// A member of the line that has no column of its own and is composed into none.
void read_other(JsonReader& json, const JsonText& key, Row& row) {
  const auto holds = [&](const ShownField& one) {
    return !one.inside.empty() && key.is(one.inside);
  };
  auto inside = std::ranges::find_if(shown_fields(), holds);
  if (inside == shown_fields().end() || json.peek() != JsonKind::kObject) {
    json.skip();
    return;
  }
  for_members(json, [&](const JsonText& inner) {
    if (!read_shown(json, inside->inside, inner, row)) json.skip();
  });
}

// The members of any line that a row shows; a line of a type has only some of them.
void fill(std::string_view text, Row& row) {
  JsonReader json(text);
  for_members(json, [&](const JsonText& key) {
    if (key.is(name_of<&Opened::person>) && json.peek() == JsonKind::kObject) {
      row.person = read_person(json);
    } else if (key.is(name_of<&Opened::request>) && json.peek() == JsonKind::kObject) {
      read_request(json, row);
    } else if (key.is(name_of<&Closed::usage>) && json.peek() == JsonKind::kObject) {
      read_usage(json, row);
    } else if (key.is(name_of<&Closed::outcome>) || key.is(name_of<&Refused::reason>)) {
      row.outcome = read_text(json);
    } else if (!read_shown(json, {}, key, row)) {
      read_other(json, key, row);
    }
  });
}

bool is_person(const std::string& key, const std::string& asked) {
  return key == asked || key.ends_with("/" + asked);
}

bool earlier(const Row& a, const Row& b) {
  return std::tie(a.time, a.id) < std::tie(b.time, b.id);
}

// Nothing in the file is newer than the file.
bool older_than(const std::filesystem::path& path, const std::string& since) {
  struct stat info{};
  if (since.empty() || ::stat(path.c_str(), &info) != 0) return false;
  char stamp[kTimeChars];
  write_time(stamp, WallTime(std::chrono::seconds(info.st_mtim.tv_sec + 1)));
  return std::string_view(stamp, kTimeChars) < since;
}

class History {
 public:
  explicit History(const HistoryQuery& query) : query_(query) {}

  Result<void> read(const ChainFiles& chain) {
    open_.clear();
    rows_.clear();
    dropped_ = 0;
    live_ = chain.live;
    for (std::size_t i = 0; i < chain.segments.size(); ++i) {
      const auto& path = chain.segments[i].path;
      if (older_than(path, query_.since)) continue;
      auto read = read_segment(chain, i, [this](std::string_view text) {
        take(text);
        return true;
      });
      // A start beside us removes files without a line.
      std::error_code gone;
      if (!read && std::filesystem::exists(path, gone)) {
        return std::unexpected(std::move(read.error()));
      }
      if (read && read->last) break;
    }
    for (auto& row : rows_) all_.push_back(std::move(row));
    keep_newest();
    return {};
  }

  std::vector<Row> finish() {
    for (auto& row : all_) {
      auto end = interrupted_.find(row.id);
      if (row.kind != "request" || !row.end.empty() || end == interrupted_.end()) continue;
      row.outcome = "interrupted";
      row.end = end->second;
    }
    std::ranges::sort(all_, earlier);
    return std::move(all_);
  }

 private:
  void take(std::string_view text) {
    if (!parse_line(text, line_)) return;
    if (line_.type == LineType::kClosed) return close(text);
    if (line_.type == LineType::kOther || !wanted()) return;
    bool event = line_.type == LineType::kEvent;
    Row row;
    row.kind = line_.type == LineType::kOpened    ? "request"
               : line_.type == LineType::kRefused ? "refused"
               : event                            ? "event"
                                                  : "answered";
    row.time = line_.time;
    row.id = line_.id;
    row.record = text;
    row.shown.resize(shown_fields().size());
    fill(text, row);
    if (event) row.outcome = line_.event;
    if (row.kind == "request") row.outcome = live_ ? "running" : "unfinished";
    if (!query_.person.empty() && !is_person(row.person, query_.person)) return;
    if (row.kind == "request") open_[row.id] = dropped_ + rows_.size();
    rows_.push_back(std::move(row));
    if (query_.last > 0 && rows_.size() > query_.last) {
      rows_.pop_front();
      ++dropped_;
    }
  }

  bool wanted() const {
    if (line_.time < query_.since) return false;
    if (!query_.id.empty()) return line_.id == query_.id;
    if (line_.type != LineType::kEvent) return true;
    // The chain's own bookkeeping is for verify.
    return query_.person.empty() && line_.event != "segment" && line_.event != "heads" &&
           (line_.worker == "main" || (line_.event != "start" && line_.event != "stop"));
  }

  void close(std::string_view text) {
    if (line_.interrupted()) {
      interrupted_.emplace(line_.id, text);
      return;
    }
    auto opened = open_.find(std::string(line_.id));
    if (opened == open_.end()) return;
    if (opened->second >= dropped_) {
      auto& row = rows_[opened->second - dropped_];
      fill(text, row);
      row.end = text;
    }
    open_.erase(opened);
  }

  void keep_newest() {
    if (query_.last == 0 || all_.size() <= query_.last) return;
    std::ranges::sort(all_, earlier);
    all_.erase(all_.begin(), all_.end() - static_cast<std::ptrdiff_t>(query_.last));
  }

  const HistoryQuery& query_;
  Line line_;
  bool live_ = false;
  std::deque<Row> rows_;  ///< of the chain that is read
  std::size_t dropped_ = 0;
  std::unordered_map<std::string, std::size_t> open_;  ///< id -> place counted from the first row
  std::unordered_map<std::string, std::string> interrupted_;
  std::vector<Row> all_;
};

}  // namespace

Result<std::vector<Row>> read_history(const std::filesystem::path& directory,
                                      const HistoryQuery& query) {
  auto chains = list_chains(directory);
  if (!chains) return std::unexpected(std::move(chains.error()));
  History history(query);
  for (const auto& chain : *chains) {
    if (auto read = history.read(chain); !read) return std::unexpected(std::move(read.error()));
  }
  return history.finish();
}

}  // namespace sallyport::audit
