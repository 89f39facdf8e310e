// Rules for providers and models.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/nearest.h"
#include "base/url.h"
#include "config/rules.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

using upstream::Provider;
using upstream::UpstreamSettings;

constexpr std::string_view kAnthropicUrl = "https://api.anthropic.com";

bool is_azure(std::string_view host) {
  return host.ends_with(".azure.com") || host.ends_with(".azure.us") || host.ends_with(".azure.cn");
}

void check_foundry_target(Scene& scene, const std::string& key, UpstreamSettings& settings,
                          const std::string& resource) {
  bool has_url = scene.draft.given(key + ".base_url");
  bool has_resource = scene.draft.given(key + ".resource");
  if (has_url && has_resource) {
    scene.report.error(key + ".base_url",
                       {"config.keys_exclude", "`resource` says already where requests go",
                        "keep one of the two"});
  } else if (!has_url && !has_resource) {
    scene.report.error(key, {"config.missing_key", "this upstream has no target",
                             "write `resource: NAME` (or `base_url` for a private endpoint)"});
  } else if (has_resource) {
    settings.base_url = fmt::format("https://{}.services.ai.azure.com/anthropic", resource);
  }
}

void check_anthropic_target(Scene& scene, const std::string& key, UpstreamSettings& settings) {
  if (scene.draft.given(key + ".resource")) {
    scene.report.error(key + ".resource", {"config.keys_exclude", "only Foundry has resources",
                                           "take it away, or set `provider: foundry`"});
  }
  if (!scene.draft.given(key + ".base_url")) settings.base_url = kAnthropicUrl;
  if (settings.credential.header != "x-api-key") {
    scene.report.warning(key + ".credential.header",
                         {"config.header_unusual", "the Claude API reads its key from x-api-key",
                          "leave `header` out"});
  }
}

// The Messages API is at BASE/v1/messages, and at Foundry the base ends in /anthropic.
void check_base_path(Scene& scene, const std::string& key, UpstreamSettings& settings) {
  auto& base = settings.base_url;
  while (base.ends_with('/')) base.pop_back();
  for (std::string_view tail : {"/v1/messages/count_tokens", "/v1/messages", "/v1"}) {
    if (!base.ends_with(tail)) continue;
    scene.report.error(
        key, {"config.url_has_v1", fmt::format("the gateway itself puts /v1/messages after it"),
              fmt::format("leave {} out", tail), base.substr(0, base.size() - tail.size())});
    return;
  }
  auto url = parse_url(base);
  if (!url) return;
  const std::string& host = url->host;
  if (settings.provider == Provider::kFoundry && is_azure(host) &&
      !url->path.ends_with("/anthropic")) {
    scene.report.warning(key, {"config.foundry_path",
                               "Foundry answers 404 where the path does not end in /anthropic",
                               "add it", base + "/anthropic"});
  }
  bool foreign =
      settings.provider == Provider::kFoundry ? host == "api.anthropic.com" : is_azure(host);
  if (foreign) {
    scene.report.warning(key, {"config.provider_mismatch",
                               fmt::format("{} belongs to the other provider", shown(host)),
                               "mend `provider` or `base_url`"});
  }
}

void check_name_taken(Scene& scene, std::size_t index) {
  const auto& upstreams = scene.draft.configuration.upstreams;
  const auto& name = upstreams[index].name;
  for (std::size_t i = 0; i < index && !name.empty(); ++i) {
    if (lower_case(upstreams[i].name) != lower_case(name)) continue;
    scene.report.error(fmt::format("upstreams[{}].name", index),
                       {"config.name_taken", "another upstream has this name", "choose another"});
    return;
  }
}

void check_used(Scene& scene, std::size_t index) {
  const auto& configuration = scene.draft.configuration;
  const auto& name = configuration.upstreams[index].name;
  // While models have errors, nobody knows what they would use.
  if (name.empty() || !scene.report.sound("models")) return;
  if (std::ranges::none_of(configuration.models,
                           [&](const auto& model) { return model.upstream == name; })) {
    scene.report.warning(fmt::format("upstreams[{}]", index),
                         {"config.upstream_unused", fmt::format("no model is deployed at {}", name),
                          "add a model, or take the upstream away"});
  }
}

bool is_recognised(std::string_view id) {
  auto lower = lower_case(id);
  return lower.find("claude") != std::string::npos || lower.find("anthropic") != std::string::npos;
}

void check_deployment(Scene& scene, std::size_t index) {
  const auto& configuration = scene.draft.configuration;
  const auto& model = configuration.models[index];
  auto key = fmt::format("models[{}].deployments", index);
  if (!scene.report.sound(key) || scene.draft.deployments[index] == 0) return;
  if (scene.draft.deployments[index] > 1) {
    scene.report.error(key,
                       {"config.several_deployments",
                        fmt::format("the model has {} deployments", scene.draft.deployments[index]),
                        "keep one: failover is not in this version"});
    return;
  }
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < configuration.upstreams.size(); ++i) {
    if (!scene.report.sound(fmt::format("upstreams[{}].name", i))) return;
    names.push_back(configuration.upstreams[i].name);
  }
  if (names.empty() || std::ranges::find(names, model.upstream) != names.end()) return;
  scene.report.error(
      fmt::format("{}.{}", key, shown(model.upstream)),
      {"config.upstream_unknown", fmt::format("there is no upstream `{}`", shown(model.upstream)),
       fmt::format("write one of: {}", fmt::join(names, ", ")),
       std::string(nearest_name(model.upstream, names))});
}

}  // namespace

void check_upstreams(Scene& scene) {
  auto& configuration = scene.draft.configuration;
  for (std::size_t i = 0; i < configuration.upstreams.size(); ++i) {
    auto key = fmt::format("upstreams[{}]", i);
    auto& settings = configuration.upstreams[i];
    if (scene.draft.given(key + ".provider") && scene.report.sound(key + ".provider")) {
      if (settings.provider == Provider::kFoundry) {
        check_foundry_target(scene, key, settings, scene.draft.resources[i]);
      } else {
        check_anthropic_target(scene, key, settings);
      }
      if (scene.draft.given(key + ".base_url")) check_base_path(scene, key + ".base_url", settings);
    }
    check_authorities(scene, key + ".ca_file", settings.ca_file);
    check_credential(scene, i);
    check_name_taken(scene, i);
    check_used(scene, i);
  }
}

void check_models(Scene& scene) {
  auto& models = scene.draft.configuration.models;
  std::set<std::string_view> ids;
  for (std::size_t i = 0; i < models.size(); ++i) {
    auto& model = models[i];
    check_deployment(scene, i);
    if (model.id.empty()) continue;
    auto key = fmt::format("models[{}].id", i);
    if (!ids.insert(model.id).second) {
      scene.report.error(
          key, {"config.model_repeated", "another model has this id", "keep one of the two"});
    }
    if (!is_recognised(model.id)) {
      scene.report.warning(key, {"config.model_not_recognised",
                                 "Claude Desktop and Claude Code list ids with `claude` or "
                                 "`anthropic` in them alone",
                                 "choose such an id; it need not be the deployment's name"});
    }
    if (model.display_name.empty()) model.display_name = model.id;
  }
}

}  // namespace sallyport::config
