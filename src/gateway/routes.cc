#include "gateway/routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"

namespace sallyport::gateway {
namespace {

const std::string& shown_name(const upstream::ModelSettings& model) {
  return model.display_name.empty() ? model.id : model.display_name;
}

// Anthropic's list shape; created_at is not ours to know, so it is a fixed time.
std::string write_models(const std::vector<upstream::ModelSettings>& models) {
  std::string body;
  JsonWriter json(body);
  json.begin().array("data");
  for (const auto& model : models) {
    json.begin().text("type", "model").text("id", model.id);
    json.text("display_name", shown_name(model)).text("created_at", "1970-01-01T00:00:00Z").end();
  }
  json.end_array().boolean("has_more", false);
  if (models.empty()) {
    json.null("first_id").null("last_id");
  } else {
    json.text("first_id", models.front().id).text("last_id", models.back().id);
  }
  json.end();
  return body;
}

}  // namespace

Result<std::shared_ptr<const Routes>> Routes::create(
    const ListenSettings& listen, const Limits& limits,
    const std::vector<identity::IssuerSettings>& issuers,
    const std::vector<upstream::UpstreamSettings>& upstreams,
    const std::vector<upstream::ModelSettings>& models) {
  auto routes = std::make_shared<Routes>();
  routes->limits = limits;
  routes->path_prefix = listen.path_prefix;
  for (const auto& text : listen.trusted_proxies) {
    if (auto network = parse_network(text)) routes->trusted_proxies.push_back(*network);
  }
  if (!listen.tls_certificate.empty()) {
    auto tls = http::TlsServer::load(listen.tls_certificate, listen.tls_key);
    if (!tls) return std::unexpected(std::move(tls.error()));
    routes->tls = std::move(*tls);
  }
  for (const auto& settings : upstreams) {
    auto upstream = upstream::Upstream::create(settings, limits.connect);
    if (!upstream) return std::unexpected(std::move(upstream.error()));
    routes->upstreams.push_back(std::move(*upstream));
  }
  for (const auto& settings : models) {
    auto upstream =
        std::ranges::find(upstreams, settings.upstream, &upstream::UpstreamSettings::name);
    if (upstream == upstreams.end()) {
      return fail(kModelUpstreamUnknown,
                  fmt::format("model {} names the upstream {}, which is not configured",
                              settings.id, settings.upstream),
                  "name one of the configured upstreams");
    }
    routes->policy.add(
        {settings.id, settings.deployment, static_cast<std::size_t>(upstream - upstreams.begin())});
    ModelRoute& model = routes->models.emplace_back();
    if (settings.deployment != settings.id) {
      append_json_text(model.deployment_json, settings.deployment);
    }
  }
  routes->models_answer = write_models(models);
  routes->metadata = ResourceMetadata(listen, issuers);
  return routes;
}

}  // namespace sallyport::gateway
