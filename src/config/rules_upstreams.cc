// Rules for providers and models.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/nearest.h"
#include "base/url.h"
#include "config/provider_words.h"
#include "config/rules.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

using upstream::kProviderRules;
using upstream::ProviderRules;
using upstream::UpstreamSettings;

// Where requests go: the one place that there is, or the key that names it, or `base_url`.
void check_target(Scene& scene, const std::string& key, const ProviderRules& rules,
                  UpstreamSettings& settings, const std::string& target) {
  for (const auto& other : kProviderRules) {
    if (other.target_key.empty() || other.target_key == rules.target_key) continue;
    auto foreign = fmt::format("{}.{}", key, other.target_key);
    if (!scene.draft.given(foreign)) continue;
    auto words = words_of_foreign_target(kProviderRules, other.target_key);
    scene.report.error(
        foreign, {"config.keys_exclude", std::move(words.message), std::move(words.next_step)});
    return;
  }
  bool has_url = scene.draft.given(key + ".base_url");
  if (rules.target_key.empty()) {
    if (!has_url) settings.base_url = rules.base_url;
    return;
  }
  bool has_target = scene.draft.given(fmt::format("{}.{}", key, rules.target_key));
  if (has_url && has_target) {
    scene.report.error(key + ".base_url",
                       {"config.keys_exclude",
                        fmt::format("`{}` says already where requests go", rules.target_key),
                        "keep one of the two"});
  } else if (!has_url && !has_target) {
    scene.report.error(key, {"config.missing_key", "this upstream has no target",
                             fmt::format("write `{}: {}` (or `base_url` for a private endpoint)",
                                         rules.target_key, rules.target_word)});
  } else if (has_target) {
    settings.target = target;
    settings.base_url = fmt::format(fmt::runtime(rules.base_url), target);
  }
}

void check_key_header(Scene& scene, const std::string& key, const ProviderRules& rules,
                      UpstreamSettings& settings) {
  const auto& headers = rules.key_headers;
  if (headers.empty()) return;
  if (!scene.draft.given(key + ".credential.header")) settings.credential.header = headers.front();
  if (std::ranges::find(headers, settings.credential.header) != headers.end()) return;
  scene.report.warning(
      key + ".credential.header",
      {"config.header_unusual",
       fmt::format("{} reads its key from {}", rules.title, fmt::join(headers, " or ")),
       "leave `header` out"});
}

bool is_host_of(const ProviderRules& rules, std::string_view host) {
  return std::ranges::any_of(rules.hosts, [&](std::string_view own) {
    auto star = own.find('*');
    if (star == own.npos) return host == own;
    return host.size() >= own.size() && host.starts_with(own.substr(0, star)) &&
           host.ends_with(own.substr(star + 1));
  });
}

// The Messages API is at BASE/v1/messages, and at some providers' hosts the base ends in a path.
void check_base_path(Scene& scene, const std::string& key, const ProviderRules& rules,
                     UpstreamSettings& settings) {
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
  if (!rules.path.empty() && is_host_of(rules, host) && !url->path.ends_with(rules.path)) {
    scene.report.warning(key, {rules.path_code,
                               fmt::format("{} answers 404 where the path does not end in {}",
                                           rules.title, rules.path),
                               "add it", base + std::string(rules.path)});
  }
  for (const auto& other : kProviderRules) {
    if (other.provider == rules.provider || !is_host_of(other, host)) continue;
    scene.report.warning(
        key, {"config.provider_mismatch", fmt::format("{} belongs to {}", shown(host), other.title),
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

void check_model_name(Scene& scene, const std::string& key, const ProviderRules& rules,
                      const std::string& deployment) {
  if (rules.model_mark.empty() || deployment.contains(rules.model_mark)) return;
  scene.report.warning(
      key, {"config.model_form",
            fmt::format("{}'s models have `{}` in their names", rules.title, rules.model_mark),
            fmt::format("write {}{} if that is meant", rules.model_mark, shown(deployment))});
}

void check_deployment(Scene& scene, std::size_t index) {
  const auto& configuration = scene.draft.configuration;
  const auto& model = configuration.models[index];
  auto key = fmt::format("models[{}].deployments", index);
  if (!scene.report.sound(key) || scene.draft.models[index].deployments == 0) return;
  if (scene.draft.models[index].deployments > 1) {
    scene.report.error(
        key, {"config.several_deployments",
              fmt::format("the model has {} deployments", scene.draft.models[index].deployments),
              "keep one: failover is not in this version"});
    return;
  }
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < configuration.upstreams.size(); ++i) {
    if (!scene.report.sound(fmt::format("upstreams[{}].name", i))) return;
    names.push_back(configuration.upstreams[i].name);
  }
  auto upstream = std::ranges::find(names, model.upstream);
  if (names.empty()) return;
  auto deployment_key = fmt::format("{}.{}", key, shown(model.upstream));
  if (upstream != names.end()) {
    auto index_of = static_cast<std::size_t>(upstream - names.begin());
    if (!scene.report.sound(fmt::format("upstreams[{}].provider", index_of))) return;
    const auto& rules = upstream::rules_of(configuration.upstreams[index_of].provider);
    return check_model_name(scene, deployment_key, rules, model.deployment);
  }
  scene.report.error(
      deployment_key,
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
      const auto& rules = upstream::rules_of(settings.provider);
      check_target(scene, key, rules, settings, scene.draft.upstreams[i].resource);
      check_key_header(scene, key, rules, settings);
      if (scene.draft.given(key + ".base_url")) {
        check_base_path(scene, key + ".base_url", rules, settings);
      }
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
