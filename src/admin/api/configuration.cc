// The configuration: what runs, where the file says it, and reading the file again.
#include <fmt/format.h>

#include "admin/api/backends.h"
#include "admin/api/page.h"
#include "admin/api/tables.h"

namespace sallyport::admin {
namespace {

constexpr std::size_t kMostNamed = 10;     // keys in one event line
constexpr std::size_t kMostOfValue = 200;  // bytes of one there

void put_key(JsonWriter& json, const ConfigurationKey& key) {
  json.begin().text("key", key.key);
  if (key.is_list) {
    json.array("values");
    for (const auto& value : key.values) json.item(value);
    json.end_array();
  } else if (!key.values.empty()) {
    json.text("value", key.values.front());
  }
  json.boolean("default", key.is_default);
  if (key.is_secret) json.boolean("secret", true);
  json.text_if("note", key.note);
  if (key.line > 0) json.number("line", key.line).number("column", key.column);
  json.end();
}

ApiResult show(const ApiRequest& /*request*/, Backends& backends) {
  auto view = backends.configuration();
  ApiAnswer answer;
  answer.etag = view.sha256;
  JsonWriter json(answer.body);
  json.begin().text("file", view.path).text("sha256", view.sha256).array("keys");
  for (const auto& key : view.keys) put_key(json, key);
  json.end_array().end();
  answer.body += '\n';
  return answer;
}

void add_change(ApiAnswer& answer, std::string name, const std::string& value) {
  answer.changed.emplace_back(std::move(name), value.substr(0, kMostOfValue));
}

ApiResult reload(const ApiRequest& request, Backends& backends) {
  auto done = backends.reload(request.caller, {request.dry_run, request.version});
  if (!done) return std::unexpected(std::move(done.error()));
  ApiAnswer answer;
  answer.etag = request.dry_run ? done->sha256_before : done->sha256;
  JsonWriter json(answer.body);
  json.begin();
  if (request.dry_run) json.boolean("dry_run", true);
  json.text("sha256_before", done->sha256_before).text("sha256", done->sha256).array("changed");
  for (const auto& change : done->changed) {
    json.begin().text("key", change.key).text_if("old", change.old_value);
    json.text_if("new", change.new_value).end();
  }
  json.end_array().raw("findings", done->findings).end();
  answer.body += '\n';
  add_change(answer, "old_sha256", done->sha256_before);
  add_change(answer, "new_sha256", done->sha256);
  for (std::size_t i = 0; i < done->changed.size() && i < kMostNamed; ++i) {
    const auto& change = done->changed[i];
    add_change(answer, change.key, fmt::format("{} -> {}", change.old_value, change.new_value));
  }
  return answer;
}

std::string version(const ApiRequest& /*request*/, Backends& backends) {
  return backends.configuration().sha256;
}

constexpr Field kKey[] = {
    {"key", FieldType::kText, Need::kRequired, "As docs/configuration.md names it."},
    {"value", FieldType::kText, Need::kOptional,
     "Of a key with one value; of a secret where it comes from."},
    {"values", FieldType::kTexts, Need::kOptional, "Of a list."},
    {"default", FieldType::kBoolean, Need::kRequired, "The file does not have it."},
    {"secret", FieldType::kBoolean, Need::kOptional, "true: the value is its source alone."},
    {"note", FieldType::kText, Need::kOptional, "What holds where there is no value."},
    {"line", FieldType::kNumber, Need::kOptional, "In the file, from 1."},
    {"column", FieldType::kNumber, Need::kOptional, "In the line, from 1."},
};
constexpr Field kShown[] = {
    {"file", FieldType::kText, Need::kRequired, "The file that runs."},
    {"sha256", FieldType::kText, Need::kRequired, "Of its bytes when it was read; the ETag."},
    {"keys", FieldType::kObjects, Need::kRequired, "In the order of docs/configuration.md.", kKey},
};

constexpr Field kReloadQuery[] = {kDryRunField};
constexpr Field kChange[] = {
    {"key", FieldType::kText, Need::kRequired, "Which."},
    {"old", FieldType::kText, Need::kOptional, "What it was; absent: it had no value."},
    {"new", FieldType::kText, Need::kOptional, "What it is; absent: it has no value any more."},
};
constexpr Field kFinding[] = {
    {"severity", FieldType::kText, Need::kRequired, "How bad it is.", {}, "error|warning"},
    {"code", FieldType::kText, Need::kRequired, "Of its kind."},
    {"file", FieldType::kText, Need::kRequired, "Where."},
    {"line", FieldType::kNumber, Need::kRequired, "From 1; 0: the file as a whole."},
    {"column", FieldType::kNumber, Need::kRequired, "From 1."},
    {"key", FieldType::kText, Need::kRequired, "Which key; empty: the file as a whole."},
    {"message", FieldType::kText, Need::kRequired, "What is wrong."},
    {"nearest", FieldType::kText, Need::kOptional, "The nearest right name."},
    {"next_step", FieldType::kText, Need::kOptional, "What to do."},
};
constexpr Field kReloaded[] = {
    {"dry_run", FieldType::kBoolean, Need::kOptional, "Nothing was done."},
    {"sha256_before", FieldType::kText, Need::kRequired, "Of the file that ran."},
    {"sha256", FieldType::kText, Need::kRequired, "Of the file that was read."},
    {"changed", FieldType::kObjects, Need::kRequired, "Keys whose value is another.", kChange},
    {"findings", FieldType::kObjects, Need::kRequired, "Warnings about the file.", kFinding},
};

constexpr Roles kMayRead{Role::kAuditor, Role::kOperator, Role::kAdministrator};
constexpr Roles kMayReload{Role::kOperator, Role::kAdministrator};

constexpr ApiRoute kRoutes[] = {
    {"GET",
     "/configuration",
     kMayRead,
     Effect::kReads,
     show,
     "The configuration that runs: each key, its value, and where the file has it. Secrets are "
     "named by their source.",
     {.answer = kShown}},
    {"POST",
     "/configuration/reload",
     kMayReload,
     Effect::kWrites,
     reload,
     "Reads the file again and takes it over as a whole, or refuses it with every defect.",
     {.query = kReloadQuery, .answer = kReloaded, .version = version}},
};

}  // namespace

std::span<const ApiRoute> configuration_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
