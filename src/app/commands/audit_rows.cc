#include "app/commands/audit_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "audit/record_fields.h"
#include "base/terminal_text.h"

namespace sallyport::app {
namespace {

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  while (width_of(text) > width) {
    do {
      text.pop_back();
    } while (!text.empty() && width_of(text) >= width);
    text += "~";
  }
  text.append(width - width_of(text), ' ');
  return text;
}

// The last part of the key is what tells people apart.
std::string person_of(const audit::Row& row, const NameOf& name_of) {
  auto name = name_of(row);
  if (!name.empty()) return name;
  return row.person.substr(row.person.rfind('/') + 1);
}

std::string time_of(const audit::Row& row, const NameOf& /*name_of*/) {
  return row.time.substr(0, 19) + "Z";
}

std::string who_of(const audit::Row& row, const NameOf& name_of) {
  return row.kind == "event" ? "-" : person_of(row, name_of);
}

std::string what_of(const audit::Row& row, const NameOf& /*name_of*/) {
  if (row.kind == "event") return "event";
  return row.model.empty() ? row.path : row.model;
}

std::string outcome_of(const audit::Row& row, const NameOf& /*name_of*/) {
  return row.outcome;
}

std::string tokens_of(const audit::Row& row, const NameOf& /*name_of*/) {
  if (row.input < 0) return "-";
  return fmt::format("{}{}/{}", row.exact ? "" : "~", row.input, row.output);
}

void put_tokens(JsonWriter& json, const audit::Row& row) {
  if (row.input < 0) return;
  json.number("input", row.input).number("output", row.output).boolean("exact", row.exact);
}

// A column that several members make. The others are the record's own (audit/record_fields.h).
struct Composed {
  audit::Column column;
  bool right;
  std::string (*text)(const audit::Row& row, const NameOf& name_of);
  void (*put)(JsonWriter& json, const audit::Row& row);  ///< null: the head of a row has it
};

constexpr Composed kComposed[] = {
    {{.title = "TIME (UTC)", .place = 0, .width = 20}, false, time_of, nullptr},
    {{.title = "PERSON", .place = 10, .width = 36}, false, who_of, nullptr},
    {{.title = "MODEL", .place = 20, .width = 20}, false, what_of, nullptr},
    {{.title = "OUTCOME", .place = 40, .width = 18}, false, outcome_of, nullptr},
    {{.title = "TOKENS IN/OUT", .place = 50, .width = 14}, true, tokens_of, put_tokens},
};

bool is_number(const audit::Field& field) {
  return field.type.starts_with("number");
}

std::string cell_of(const audit::Field& field, const audit::ShownValue& value) {
  if (!is_number(field)) return value.text;
  if (value.number < 0 || value.number == field.column.none) return "-";
  if (!field.type.ends_with("microseconds")) return std::to_string(value.number);
  return fmt::format("{:.2f}s", static_cast<double>(value.number) / 1e6);
}

void put_shown(JsonWriter& json, const audit::Field& field, const audit::ShownValue& value) {
  if (!is_number(field)) {
    json.text_if(field.name, value.text);
  } else if (value.number >= 0 && value.number != field.column.none) {
    json.number(field.name, value.number);
  }
}

// Composed columns and the record's own by their places: `composed(one)` or `own(index)`.
template <typename OfComposed, typename OfOwn>
void for_columns(OfComposed composed, OfOwn own) {
  const auto fields = audit::shown_fields();
  std::size_t next = 0;
  for (const auto& one : kComposed) {
    for (; next < fields.size() && fields[next].field->column.place < one.column.place; ++next) {
      own(next);
    }
    composed(one);
  }
  for (; next < fields.size(); ++next) own(next);
}

std::string cell(std::string text, const audit::Column& column, bool right) {
  const auto width = static_cast<std::size_t>(column.width);
  return right ? fmt::format("{:>{}}", text, width) : padded(std::move(text), width);
}

}  // namespace

void print_table(const std::vector<audit::Row>& rows, const NameOf& name_of) {
  const auto fields = audit::shown_fields();
  std::string out;
  auto add = [&out](const std::string& text) { out.append(text).append(" "); };
  for_columns(
      [&](const Composed& one) { add(cell(std::string(one.column.title), one.column, one.right)); },
      [&](std::size_t i) {
        const auto& field = *fields[i].field;
        add(cell(std::string(field.column.title), field.column, is_number(field)));
      });
  print(out.append(" REQUEST\n"));
  for (const auto& row : rows) {
    out.clear();
    for_columns(
        [&](const Composed& one) {
          add(cell(for_terminal(one.text(row, name_of)), one.column, one.right));
        },
        [&](std::size_t i) {
          const auto& field = *fields[i].field;
          add(cell(for_terminal(cell_of(field, row.shown[i])), field.column, is_number(field)));
        });
    print(out.append(" ").append(for_terminal(row.id)).append("\n"));
  }
}

// One request in full: the lines of the chain are ASCII-safe JSON but for UTF-8 texts.
void print_lines(const std::vector<audit::Row>& rows) {
  for (const auto& row : rows) {
    print(for_terminal(row.record) + "\n");
    if (!row.end.empty()) print(for_terminal(row.end) + "\n");
  }
}

void print_json(const std::vector<audit::Row>& rows, const NameOf& name_of, const AlsoPut& also) {
  std::string out;
  JsonWriter json(out);
  json.begin().array("rows");
  for (const auto& row : rows) {
    json.begin().text("kind", row.kind).text("time", row.time).text_if("id", row.id);
    json.text_if("person", row.person).text_if("name", name_of(row));
    json.text_if("model", row.model).text("outcome", row.outcome);
    for_columns(
        [&](const Composed& one) {
          if (one.put != nullptr) one.put(json, row);
        },
        [&](std::size_t i) { put_shown(json, *audit::shown_fields()[i].field, row.shown[i]); });
    if (!row.record.empty()) json.raw("record", row.record);
    if (!row.end.empty()) json.raw("end", row.end);
    if (also) also(json, row);
    json.end();
  }
  json.end_array().end();
  print(out + "\n");
}

}  // namespace sallyport::app
