// Rules for the administrator's doors: a port that lets nobody in, or the wrong ones, is found here.
#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/encoding.h"
#include "base/guid.h"
#include "base/nearest.h"
#include "base/url.h"
#include "config/pem.h"
#include "config/rules.h"

namespace sallyport::config {
namespace {

using admin::Settings;
using identity::IssuerSettings;

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

bool share(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::find_first_of(a, b) != a.end();
}

// With SO_REUSEPORT both could bind, and connections would go to either.
void check_port_apart(Scene& scene, const std::string& key, const admin::PortSettings& port,
                      const std::string& other_key, const std::string& other_host,
                      std::uint16_t other_port) {
  bool any =
      other_host == "0.0.0.0" || other_host == "::" || port.host == "0.0.0.0" || port.host == "::";
  if (port.port == 0 || port.port != other_port || !(any || port.host == other_host)) return;
  scene.report.error(key, {"config.port_taken", fmt::format("{} has the same port", other_key),
                           "choose another port"});
}

void check_metrics(Scene& scene) {
  const auto& configuration = scene.draft.configuration;
  const auto& metrics = configuration.metrics;
  if (!metrics.listen) return;
  if (scene.report.sound("listen.address")) {
    check_port_apart(scene, "metrics.listen", *metrics.listen, "listen.address",
                     configuration.listen.host, configuration.listen.port);
  }
  if (!metrics.token && !is_loopback_literal(metrics.listen->host)) {
    scene.report.error("metrics.listen",
                       {"config.not_loopback", "whoever reaches this address could read it",
                        "write a loopback literal, or set metrics.token"});
  }
}

// Where there is one issuer, it is meant.
const IssuerSettings* find_issuer(Scene& scene) {
  auto& configuration = scene.draft.configuration;
  auto& name = configuration.admin.issuer;
  if (name.empty() && configuration.issuers.size() == 1) name = configuration.issuers[0].name;
  auto found = std::ranges::find(configuration.issuers, name, &IssuerSettings::name);
  if (found != configuration.issuers.end()) return &*found;
  if (!scene.report.sound("issuers")) return nullptr;
  std::vector<std::string_view> names;
  for (const auto& issuer : configuration.issuers) names.push_back(issuer.name);
  if (name.empty()) {
    scene.report.error("admin.listen", {"config.missing_key", "there are several issuers",
                                        "say in admin.issuer whose people administer"});
  } else {
    scene.report.error("admin.issuer",
                       {"config.unknown_name", fmt::format("no issuer is named {}", name),
                        fmt::format("name one of: {}", fmt::join(names, ", ")),
                        std::string(nearest_name(name, names))});
  }
  return nullptr;
}

void check_address(Scene& scene) {
  auto& configuration = scene.draft.configuration;
  Settings& settings = configuration.admin;
  const auto& listen = *settings.listen;
  if (scene.report.sound("listen.address")) {
    check_port_apart(scene, "admin.listen", listen, "listen.address", configuration.listen.host,
                     configuration.listen.port);
  }
  if (configuration.metrics.listen) {
    check_port_apart(scene, "admin.listen", listen, "metrics.listen",
                     configuration.metrics.listen->host, configuration.metrics.listen->port);
  }
  while (settings.public_url.ends_with('/')) settings.public_url.pop_back();
  bool tls = !settings.tls_certificate.empty() || scene.draft.given("admin.tls");
  if (!tls && !is_loopback_literal(listen.host)) {
    scene.report.error("admin.listen",
                       {"config.not_loopback", "without admin.tls this is for loopback alone",
                        "set admin.tls, or write a loopback literal"});
  }
  if (settings.public_url.empty()) {
    if (tls) {
      scene.report.error("admin.public_url", {"config.missing_key", "this key is missing",
                                              "write the https URL by which administrators come"});
    } else {
      settings.public_url = fmt::format("http://{}", format_address(listen.host, listen.port));
    }
    return;
  }
  auto url = parse_url(settings.public_url);
  if (!url) return;
  if (!url->path.empty()) {
    scene.report.error("admin.public_url", {"config.bad_value", "the URL has a path",
                                            "end it after the host and port"});
  }
  if (url->is_https() != tls) {
    scene.report.error(
        "admin.public_url",
        {"config.url_scheme", "the URL and admin.tls do not fit",
         tls ? "write https" : "set admin.tls, or write http and a loopback literal"});
  }
}

// What one door takes the other must refuse: of tokens for one API the clients and the scope tell
// the two apart, and both sides have to ask for them.
void check_audience(Scene& scene, const Settings& settings, const IssuerSettings& own) {
  if (settings.audience.empty()) return;
  if (settings.clients.empty()) {
    scene.report.error("admin.clients",
                       {"config.missing_key", "any application of the tenant would be let in",
                        "name the applications whose tokens are taken"});
  }
  if (settings.sign_in && settings.audience == settings.sign_in->client) {
    scene.report.error("admin.audience", {"config.admin_audience",
                                          "this is the client of admin.sign_in: an ID token "
                                          "would pass for an access token",
                                          "register an API, and write its id"});
  }
  if (settings.command_line && settings.audience == settings.command_line->client) {
    scene.report.error("admin.audience", {"config.admin_audience",
                                          "this is the client of admin.command_line: an ID token "
                                          "would pass for an access token",
                                          "register an API, and write its id"});
  }
  for (const auto& issuer : scene.draft.configuration.issuers) {
    if (issuer.issuer != own.issuer || !contains(issuer.audiences, settings.audience)) continue;
    bool apart = !settings.scope.empty() && !issuer.clients.empty() &&
                 !share(issuer.clients, settings.clients) &&
                 !contains(issuer.require_scopes, settings.scope);
    if (apart) continue;
    scene.report.error(
        "admin.audience",
        {"config.admin_audience",
         fmt::format("issuer {} takes the same audience on the data plane", issuer.name),
         "write another audience; or set admin.scope, and name clients on both sides that differ"});
  }
}

// How the web application proves itself: the certificate and its key are read here.
void check_web_credential(Scene& scene) {
  auto& credential = scene.draft.configuration.admin.sign_in->credential;
  const auto& files = scene.draft.web_application;
  const std::string block = "admin.sign_in.credential";
  bool has_certificate = !files.certificate.empty();
  if (has_certificate == files.key.empty() || (has_certificate && credential.secret)) {
    scene.report.error(block,
                       {"config.credential", "it needs a secret, or a certificate and its key",
                        "write client_secret, or certificate and key"});
    return;
  }
  if (!has_certificate) return;
  const auto key_key = fmt::format("{}.key", block);
  auto certificate = open_file(scene, fmt::format("{}.certificate", block), files.certificate);
  auto key = open_file(scene, key_key, files.key);
  if (!certificate || !key) return;
  auto fits = check_signing_key(certificate->content.reveal(), key->content.reveal());
  if (!fits) report_failure(scene, key_key, files.key, std::move(fits.error()));
  check_key_mode(scene, key_key, files.key, key->mode);
  credential.certificate = std::string(certificate->content.reveal());
  credential.certificate_key = std::make_shared<const Secret>(std::move(key->content));
}

void check_sign_in_client(Scene& scene, const Settings& settings) {
  if (!settings.sign_in) return;
  const auto& client = settings.sign_in->client;
  for (const auto& issuer : scene.draft.configuration.issuers) {
    if (!contains(issuer.audiences, client)) continue;
    scene.report.error("admin.sign_in.client",
                       {"config.admin_audience",
                        fmt::format("issuer {} admits tokens for this client", issuer.name),
                        "register a web application of its own for administrators"});
  }
  check_web_credential(scene);
}

void check_command_line(Scene& scene, const Settings& settings) {
  if (!settings.command_line) return;
  if (!contains(settings.clients, settings.command_line->client)) {
    scene.report.error(
        "admin.command_line.client",
        {"config.sign_in_refused", "this client is not among admin.clients", "add it there"});
  }
  // A provider redeems one client's refresh token for any scope that the client may ask for: of a
  // shared client an ordinary person's vault would be good for the administrator's scope.
  const auto& client = settings.command_line->client;
  for (const auto& issuer : scene.draft.configuration.issuers) {
    bool signs_in = issuer.sign_in && issuer.sign_in->client == client;
    if (!signs_in && !contains(issuer.clients, client) && !contains(issuer.audiences, client)) {
      continue;
    }
    scene.report.error("admin.command_line.client",
                       {"config.admin_client",
                        fmt::format("issuer {} has this client on the data plane, too: what it "
                                    "keeps for Claude could be redeemed for this port",
                                    issuer.name),
                        "register a public client of its own for administrators"});
  }
}

// As keys are made: tenant and object id in small letters. A subject stays as it is.
std::string as_recorded(const std::string& user, std::string_view issuer) {
  std::string_view rest = std::string_view(user).substr(issuer.size() + 1);
  auto slash = rest.find('/');
  bool guids = slash != std::string_view::npos && is_guid(rest.substr(0, slash)) &&
               is_guid(rest.substr(slash + 1));
  return guids ? fmt::format("{}/{}", issuer, lower_case(rest)) : user;
}

void check_roles(Scene& scene, Settings& settings) {
  const auto& issuers = scene.draft.configuration.issuers;
  // Tokens of another issuer are not taken at the port: who is named by it would have no role.
  auto counts = [&](const IssuerSettings& issuer) {
    return settings.issuer.empty() || issuer.name == settings.issuer;
  };
  for (auto& rule : settings.roles) {
    auto key = fmt::format("admin.roles.{}", admin::text(rule.role));
    if (rule.groups.empty() && rule.roles.empty() && rule.users.empty()) {
      scene.report.error(key, {"config.empty_rule", "this gives the role to nobody",
                               "name groups, roles or users, or take it away"});
    }
    for (std::size_t i = 0; i < rule.users.size(); ++i) {
      auto& user = rule.users[i];
      auto own = std::ranges::find_if(issuers, [&](const IssuerSettings& issuer) {
        return user.size() > issuer.name.size() + 1 && user[issuer.name.size()] == '/' &&
               user.starts_with(issuer.name);
      });
      if (own != issuers.end() && counts(*own)) {
        user = as_recorded(user, own->name);
        continue;
      }
      scene.report.error(
          fmt::format("{}.users[{}]", key, i),
          {"config.bad_value",
           own == issuers.end() ? "this is no person's key"
                                : "people of this issuer do not come in: admin.issuer is another",
           "write ISSUER/TENANT/OBJECT_ID, or ISSUER//SUBJECT"});
    }
  }
}

// Somebody has to be able to come in and to put things right.
void check_somebody(Scene& scene, const Settings& settings) {
  if (!settings.sign_in && settings.audience.empty()) {
    scene.report.error(
        "admin.listen",
        {"config.admin_nobody", "this is the administrator's port now, and nobody could come in",
         "for /metrics write metrics: {listen: ...}; for administrators set "
         "admin.sign_in or admin.audience, see docs/administrators.md"});
    return;
  }
  if (settings.roles.empty()) {
    scene.report.error("admin.listen", {"config.admin_nobody", "nobody has a role at this port",
                                        "give one in admin.roles"});
  } else if (std::ranges::none_of(settings.roles, [](const auto& rule) {
               return rule.role == admin::Role::kAdministrator;
             })) {
    scene.report.warning("admin.roles",
                         {"config.no_administrator",
                          "nobody at the port is an administrator, only root at the socket",
                          "give the role in admin.roles.administrator"});
  }
}

}  // namespace

void check_admin(Scene& scene) {
  check_metrics(scene);
  Settings& settings = scene.draft.configuration.admin;
  check_roles(scene, settings);
  if (!settings.listen || !scene.report.sound("admin")) return;
  check_address(scene);
  check_somebody(scene, settings);
  const auto* issuer = find_issuer(scene);
  if (issuer == nullptr) return;
  check_audience(scene, settings, *issuer);
  check_sign_in_client(scene, settings);
  check_command_line(scene, settings);
  if (settings.tls_certificate.empty() || settings.tls_key.empty()) return;
  check_tls_files(scene, "admin.tls",
                  {settings.tls_certificate, settings.tls_key, settings.public_url});
}

}  // namespace sallyport::config
