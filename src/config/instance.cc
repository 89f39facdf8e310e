#include "config/instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <system_error>

#include "base/files.h"
#include "config/configuration.h"
#include "config/document.h"
#include "config/draft.h"
#include "config/reader.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSlot = "{instance}";
constexpr std::string_view kEnding = ".yaml";

// The keys that say where a gateway is.
constexpr std::string_view kKeys[] = {"admin.socket", "audit.directory", "store"};

std::string absolute(const std::string& path) {
  std::error_code error;
  auto result = fs::absolute(path, error);
  return error ? path : result.lexically_normal().string();
}

// Whoever asks for a socket has no business with the provider's key.
class WithoutReferences final : public Environment {
 public:
  explicit WithoutReferences(const Environment& environment) : environment_(environment) {}
  [[nodiscard]] std::optional<Secret> variable(const std::string& /*name*/) const override {
    return std::nullopt;
  }
  [[nodiscard]] Result<File> file(const std::string& path, std::size_t /*limit*/) const override {
    return fail(kFileMissing, fmt::format("{} is not looked at", path));
  }
  [[nodiscard]] bool exists(const std::string& path) const override {
    return environment_.exists(path);
  }
  [[nodiscard]] std::vector<std::string> names_in(const std::string& folder) const override {
    return environment_.names_in(folder);
  }
  [[nodiscard]] unsigned cores() const override { return environment_.cores(); }
  [[nodiscard]] WallTime now() const override { return environment_.now(); }

 private:
  const Environment& environment_;
};

bool concerns_places(const Finding& finding) {
  if (finding.severity != Severity::kError) return false;
  return std::ranges::any_of(kKeys, [&](std::string_view key) {
    const std::string_view block = key.substr(0, key.find('.'));
    return finding.key == key || finding.key == block || finding.nearest == block ||
           key.ends_with(fmt::format(".{}", finding.nearest));
  });
}

Result<GatewayPlaces> read_places(std::string_view bytes, const std::string& path,
                                  const Environment& environment) {
  Draft draft;
  Report report(path, draft);
  auto& configuration = draft.configuration;
  configuration.path = absolute(path);
  configuration.instance = instance_of(configuration.path).value_or("");
  Document document = parse_document(bytes);
  report.add(std::move(document.findings));
  if (document.whole) {
    const WithoutReferences only_the_file(environment);
    const auto folder = fs::path(configuration.path).parent_path();
    Reader(folder, only_the_file, draft, report).read(document.root);
  }
  const bool mapping = document.root.kind == Node::Kind::kMapping;
  const bool sound =
      document.whole && mapping && std::ranges::all_of(kKeys, [&](auto key) {
        return report.sound(key) && !draft.broken.contains(key.substr(0, key.find('.')));
      });
  if (!sound) {
    auto findings = report.take();
    if (document.whole && mapping) std::erase_if(findings, std::not_fn(concerns_places));
    return std::unexpected(as_error(findings));
  }
  return GatewayPlaces{.instance = configuration.instance,
                       .configuration = path,
                       .socket = configuration.admin.socket,
                       .audit_directory = configuration.audit.directory.string(),
                       .store_file = std::string(configuration.store_file()),
                       .profiles = with_instance(kProfilesDefault, configuration.instance)};
}

FoundInstance configured_as(std::string_view stem, const Environment& environment) {
  FoundInstance found{.places = places_of(stem), .configured = true, .problem = {}};
  if (!is_instance_name(stem)) {
    found.places.instance.clear();
    found.problem = not_an_instance_name(stem);
    return found;
  }
  auto places = find_instance(stem, environment);
  if (places) {
    found.places = std::move(*places);
  } else {
    found.problem = std::move(places.error());
  }
  return found;
}

}  // namespace

bool is_instance_name(std::string_view name) {
  auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 32 && plain(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return plain(c) || c == '-'; });
}

Error not_an_instance_name(std::string_view name) {
  return {"instance.name", fmt::format("`{}` is no name of an instance", shown(name)),
          "use small letters, digits and `-`, a letter or digit first, at most 32 in all"};
}

std::string with_instance(std::string_view text, std::string_view name) {
  const auto at = text.find(kSlot);
  if (at == std::string_view::npos) return std::string(text);
  return fmt::format("{}{}{}", text.substr(0, at), name, text.substr(at + kSlot.size()));
}

GatewayPlaces places_of(std::string_view name) {
  return {.instance = std::string(name),
          .configuration = fmt::format("{}/{}{}", kConfigurationFolder, name, kEnding),
          .socket = with_instance(kSocketDefault, name),
          .audit_directory = with_instance(kAuditDefault, name),
          .store_file = with_instance(kStoreDefault.substr(kSqliteScheme.size()), name),
          .profiles = with_instance(kProfilesDefault, name)};
}

std::optional<std::string> instance_of(const std::string& path) {
  const fs::path file = absolute(path);
  if (file.parent_path() != kConfigurationFolder) {
    return std::string(kDefaultInstance);
  }
  std::string stem = file.stem().string();
  if (file.extension() != kEnding || !is_instance_name(stem)) return std::nullopt;
  return stem;
}

Result<GatewayPlaces> find_gateway(const std::string& path, const Environment& environment) {
  auto file = environment.file(path, kMaxFileBytes);
  if (!file) return std::unexpected(std::move(file.error()));
  return read_places(file->content.reveal(), path, environment);
}

Result<GatewayPlaces> find_instance(std::string_view name, const Environment& environment) {
  GatewayPlaces usual = places_of(name);
  auto file = environment.file(usual.configuration, kMaxFileBytes);
  if (!file) return usual;
  return read_places(file->content.reveal(), usual.configuration, environment);
}

std::vector<FoundInstance> find_instances(const Environment& environment) {
  std::map<std::string, FoundInstance> found;
  for (const std::string& name : environment.names_in(std::string(kConfigurationFolder))) {
    if (!name.ends_with(kEnding) || name.starts_with('.')) continue;
    std::string stem = name.substr(0, name.size() - kEnding.size());
    FoundInstance one = configured_as(stem, environment);
    found.emplace(std::move(stem), std::move(one));
  }
  for (std::string& name : environment.names_in(std::string(kRunFolder))) {
    if (!is_instance_name(name) || found.contains(name)) continue;
    GatewayPlaces places = places_of(name);
    if (!environment.exists(places.socket)) continue;
    places.configuration.clear();
    found.emplace(std::move(name), FoundInstance{.places = std::move(places), .problem = {}});
  }
  std::vector<FoundInstance> all;
  all.reserve(found.size());
  for (auto& [name, one] : found) all.push_back(std::move(one));
  return all;
}

}  // namespace sallyport::config
