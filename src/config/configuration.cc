#include "config/configuration.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "base/encoding.h"
#include "base/files.h"
#include "config/document.h"
#include "config/draft.h"
#include "config/instance.h"
#include "config/reader.h"
#include "config/rules.h"

namespace sallyport::config {
namespace {

std::string absolute(const std::string& path) {
  std::error_code error;
  auto result = std::filesystem::absolute(path, error);
  return error ? path : result.lexically_normal().string();
}

}  // namespace

std::string_view Configuration::store_file() const {
  std::string_view location = store;
  return location.starts_with(kSqliteScheme) ? location.substr(kSqliteScheme.size()) : location;
}

Loaded load(const std::string& path, const Environment& environment) {
  auto file = environment.file(path, kMaxFileBytes);
  if (file) return parse(file->content.reveal(), path, environment);
  Finding finding{Severity::kError, "config.file_unreadable", path, {}, {}, {}, {}, {}};
  if (file.error().code == kFileMissing) finding.code = "config.file_missing";
  if (file.error().code == kFileTooLarge) finding.code = "config.too_large";
  finding.message = std::move(file.error().message);
  const std::string old(kOldConfiguration);
  if (path == places_of(kDefaultInstance).configuration && environment.exists(old)) {
    file.error().next_step =
        fmt::format("name the one that is there: --instance sallyport, or move {}", old);
  }
  finding.next_step = file.error().next_step.empty() ? "name the configuration file"
                                                     : std::move(file.error().next_step);
  return {std::nullopt, {std::move(finding)}, {}};
}

Loaded parse(std::string_view bytes, const std::string& path, const Environment& environment) {
  Draft draft;
  Report report(path, draft);
  auto digest = sha256(bytes);
  draft.configuration.sha256 = to_hex(digest);
  draft.configuration.path = absolute(path);
  draft.configuration.instance = instance_of(draft.configuration.path).value_or("");
  // The order counts: names of upstreams before the models that use them; what is unused after.
  Document document = parse_document(bytes);
  report.add(std::move(document.findings));
  if (document.whole) {
    auto folder = std::filesystem::path(draft.configuration.path).parent_path();
    Reader(folder, environment, draft, report).read(document.root);
    if (document.root.kind == Node::Kind::kMapping) {
      Scene scene{draft, environment, report};
      check_listen(scene);
      check_limits(scene);
      check_issuers(scene);
      check_models(scene);
      check_upstreams(scene);
      check_admin(scene);
      check_moved_defaults(scene);
    }
  }
  Loaded loaded;
  bool refused = !draft.broken.empty();
  if (report.sound("issuers")) loaded.issuers = draft.configuration.issuers;
  loaded.findings = report.take();
  if (!refused) loaded.configuration = std::move(draft.configuration);
  return loaded;
}

}  // namespace sallyport::config
