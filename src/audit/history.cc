#include "audit/history.h"

#include <fmt/format.h>

#include <algorithm>
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

void read_person(JsonReader& json, Row& row) {
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
  if (object_id.empty()) {
    row.person = fmt::format("{}/{}", issuer, subject);
    row.key = fmt::format("{}//{}", issuer, subject);
  } else {
    row.person = row.key = fmt::format("{}/{}/{}", issuer, tenant, object_id);
  }
}

// What went wrong with the last sending.
void read_attempts(JsonReader& json, Row& row) {
  if (!json.begin_array()) return;
  while (json.next_element()) {
    std::string error;
    for_members(json, [&](const JsonText& key) {
      if (key.is(name_of<&Attempt::error>)) {
        error = read_text(json);
      } else {
        json.skip();
      }
    });
    if (!error.empty()) row.reason = std::move(error);
  }
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
      read_person(json, row);
    } else if (key.is(name_of<&Opened::request>) && json.peek() == JsonKind::kObject) {
      read_request(json, row);
    } else if (key.is(name_of<&Closed::usage>) && json.peek() == JsonKind::kObject) {
      read_usage(json, row);
    } else if (key.is(name_of<&Closed::outcome>)) {
      row.outcome = read_text(json);
    } else if (key.is(name_of<&Refused::reason>)) {
      row.outcome = row.reason = read_text(json);
    } else if (key.is(name_of<&Closed::attempts>) && json.peek() == JsonKind::kArray) {
      read_attempts(json, row);
    } else if (key.is(name_of<&Closed::error_type>)) {
      auto type = read_text(json);
      if (row.reason.empty()) row.reason = std::move(type);
    } else if (!read_shown(json, {}, key, row)) {
      read_other(json, key, row);
    }
  });
}

bool is_person(const Row& row, const std::string& asked) {
  return row.person == asked || row.key == asked || row.person.ends_with("/" + asked);
}

bool comes_before(const Row& row, std::string_view time, std::string_view id) {
  return row.time != time ? row.time < time : row.id < id;
}

bool earlier(const Row& a, const Row& b) {
  return comes_before(a, b.time, b.id);
}

bool later(const Row& a, const Row& b) {
  return earlier(b, a);
}

// The newest of the rows that are put in, at most so many; of 0 all.
class Newest {
 public:
  explicit Newest(std::size_t most) : most_(most) {}

  [[nodiscard]] bool takes(std::string_view time, std::string_view id) const {
    return most_ == 0 || rows_.size() < most_ || comes_before(rows_.front(), time, id);
  }
  void put(Row row) {
    if (!takes(row.time, row.id)) return;
    rows_.push_back(std::move(row));
    if (most_ == 0) return;
    std::ranges::push_heap(rows_, later);  // the earliest at the front
    if (rows_.size() <= most_) return;
    std::ranges::pop_heap(rows_, later);
    rows_.pop_back();
  }
  [[nodiscard]] std::vector<Row> take() {
    std::ranges::sort(rows_, earlier);
    return std::move(rows_);
  }

 private:
  std::size_t most_;
  std::vector<Row> rows_;
};

// Of a crash's requests: which of them a later start told the end of is known at the very end.
constexpr std::size_t kMostUnfinished = 1000;

class History {
 public:
  explicit History(const HistoryQuery& query)
      : query_(query),
        patience_(query.go_on),
        rows_(query.last),
        unfinished_(query.last == 0 ? 0 : std::max(query.last, kMostUnfinished)) {}

  Result<void> read(const ChainFiles& chain) {
    running_.clear();
    for (std::size_t i = 0; i < chain.segments.size(); ++i) {
      const auto& path = chain.segments[i].path;
      if (older_than(path, query_.since)) continue;
      if (!patience_.for_segment()) return reading_ended();
      auto read = read_segment(chain, i, [this](std::string_view text) {
        if (!patience_.for_line()) return false;
        take(text);
        return true;
      });
      if (patience_.ended()) return reading_ended();
      // A start beside us removes files without a line.
      std::error_code gone;
      if (!read && std::filesystem::exists(path, gone)) {
        return std::unexpected(std::move(read.error()));
      }
      if (read && read->last) break;
    }
    for (auto& [id, row] : running_) {
      row.outcome = chain.live ? "running" : "unfinished";
      if (chain.live) {
        keep(std::move(row));
      } else {
        unfinished_.put(std::move(row));
      }
    }
    return {};
  }

  std::vector<Row> finish() {
    for (auto& row : unfinished_.take()) {
      if (auto end = interrupted_.find(row.id); end != interrupted_.end()) {
        row.outcome = "interrupted";
        row.end = end->second;
      }
      keep(std::move(row));
    }
    return rows_.take();
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
    if (!query_.person.empty() && !is_person(row, query_.person)) return;
    if (!query_.model.empty() && row.model != query_.model) return;
    if (row.kind == "request") {
      running_.insert_or_assign(row.id, std::move(row));
    } else {
      keep(std::move(row));
    }
  }

  // By what every line says; the rest is looked at once it is known how it ended.
  bool wanted() const {
    const bool event = line_.type == LineType::kEvent;
    if (line_.time < query_.since || (event && query_.requests_only)) return false;
    if (!query_.until.empty() && line_.time >= query_.until) return false;
    if (!query_.before_time.empty() &&
        (line_.time != query_.before_time ? line_.time > query_.before_time
                                          : line_.id >= query_.before_id)) {
      return false;
    }
    if (!query_.id.empty()) {
      return query_.id_begins ? line_.id.starts_with(query_.id) : line_.id == query_.id;
    }
    if (!rows_.takes(line_.time, line_.id)) return false;
    if (!event) return true;
    // The chain's own bookkeeping is for verify.
    return query_.person.empty() && line_.event != "segment" && line_.event != "heads" &&
           (line_.worker == "main" || (line_.event != "start" && line_.event != "stop"));
  }

  void close(std::string_view text) {
    if (line_.interrupted()) {
      interrupted_.emplace(line_.id, text);
      return;
    }
    auto opened = running_.find(std::string(line_.id));
    if (opened == running_.end()) return;
    fill(text, opened->second);
    opened->second.end = text;
    keep(std::move(opened->second));
    running_.erase(opened);
  }

  void keep(Row row) {
    const auto& outcome = row.kind == "request" ? row.outcome : row.kind;
    if (!query_.outcome.empty() && outcome != query_.outcome) return;
    if (!query_.reason.empty() && row.reason != query_.reason) return;
    rows_.put(std::move(row));
  }

  const HistoryQuery& query_;
  Patience patience_;
  Line line_;
  std::unordered_map<std::string, Row> running_;  ///< by id; of the chain that is read
  std::unordered_map<std::string, std::string> interrupted_;
  Newest rows_;
  Newest unfinished_;
};

}  // namespace

std::int64_t shown_number(const Row& row, std::string_view name) {
  const auto fields = shown_fields();
  for (std::size_t i = 0; i < fields.size() && i < row.shown.size(); ++i) {
    if (fields[i].field->name == name) return row.shown[i].number;
  }
  return -1;
}

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
