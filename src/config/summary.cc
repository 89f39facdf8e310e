#include "config/summary.h"

#include <fmt/format.h>

#include "base/address.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

std::string sync_text(const audit::Settings& audit) {
  return audit.sync.count() == 0 ? "before the first byte of each answer"
                                 : "every " + format_duration(audit.sync);
}

std::string listen_text(const gateway::ListenSettings& listen) {
  return fmt::format("{}, {}{}, {} {}", format_address(listen.host, listen.port),
                     listen.tls_certificate.empty() ? "plain HTTP" : "TLS",
                     listen.public_url.empty() ? "" : ", known as " + listen.public_url,
                     listen.workers, listen.workers == 1 ? "worker" : "workers");
}

// "requires scopes A, B; roles C" or what it means that nothing is required.
std::string gate_text(const identity::IssuerSettings& issuer) {
  std::string text;
  auto add = [&](std::string_view what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    text += fmt::format("{}{} {}", text.empty() ? "requires " : "; ", what, fmt::join(names, ", "));
  };
  add("scopes", issuer.require_scopes);
  add("roles", issuer.require_roles);
  add("groups", issuer.require_groups);
  if (text.empty()) text = "lets in everybody with a valid token";
  if (!issuer.clients.empty()) text += fmt::format("; through {}", fmt::join(issuer.clients, ", "));
  return text;
}

std::string credential_text(const upstream::UpstreamSettings& upstream) {
  const auto& credential = upstream.credential;
  const auto& source = upstream.credential_source;
  if (credential.kind == upstream::CredentialKind::kApiKey) {
    return fmt::format("key from {}, sent as {}", source, credential.header);
  }
  return fmt::format("{}, token for {}", source, credential.scope);
}

void append_row(std::string& out, std::string_view head, std::string_view rest) {
  out += fmt::format("{:<10}{}\n", head, rest);
}

void append_settings(std::string& out, const Configuration& configuration) {
  append_row(out, "listen", listen_text(configuration.listen));
  for (const auto& issuer : configuration.issuers) {
    append_row(out, "issuer", fmt::format("{}: {}", issuer.name, issuer.issuer));
    append_row(out, "",
               fmt::format("{} for {}", text(issuer.token), fmt::join(issuer.audiences, ", ")));
    append_row(out, "", gate_text(issuer));
  }
  for (const auto& upstream : configuration.upstreams) {
    append_row(out, "upstream",
               fmt::format("{} ({}): {}", upstream.name, upstream::rules_of(upstream.provider).name,
                           upstream.base_url));
    append_row(
        out, "",
        credential_text(upstream) + (upstream.proxy.empty() ? "" : ", through " + upstream.proxy));
  }
  std::size_t width = 0;
  for (const auto& model : configuration.models) width = std::max(width, model.id.size());
  for (const auto& model : configuration.models) {
    append_row(out, "model",
               fmt::format("{:<{}}  ->  {} / {}", model.id, std::min<std::size_t>(width, 40),
                           model.upstream, model.deployment));
  }
  append_row(out, "record",
             fmt::format("{}, forced to the disk {}", configuration.audit.directory.string(),
                         sync_text(configuration.audit)));
  append_row(out, "store", configuration.store_file());
  const auto& admin = configuration.admin;
  auto port = [](std::string_view what, const std::optional<admin::PortSettings>& listen) {
    return listen ? fmt::format(", {} on {}", what, format_address(listen->host, listen->port))
                  : std::string();
  };
  append_row(out, "admin",
             fmt::format("socket {}{}{}", admin.socket, port("port", admin.listen),
                         port("metrics", configuration.metrics.listen)));
}

void append_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.array(name);
  for (const auto& text : texts) json.item(text);
  json.end_array();
}

void append_issuers(JsonWriter& json, const Configuration& configuration) {
  json.array("issuers");
  for (const auto& issuer : configuration.issuers) {
    json.begin().text("name", issuer.name).text("issuer", issuer.issuer);
    json.text("token", text(issuer.token));
    append_texts(json, "audiences", issuer.audiences);
    append_texts(json, "clients", issuer.clients);
    append_texts(json, "scopes", issuer.require_scopes);
    append_texts(json, "roles", issuer.require_roles);
    append_texts(json, "groups", issuer.require_groups);
    json.end();
  }
  json.end_array();
}

void append_settings(JsonWriter& json, const Configuration& configuration) {
  const auto& listen = configuration.listen;
  json.object("listen")
      .text("address", format_address(listen.host, listen.port))
      .text("public_url", listen.public_url)
      .text("path_prefix", listen.path_prefix)
      .boolean("tls", !listen.tls_certificate.empty())
      .number("workers", listen.workers)
      .end();
  append_issuers(json, configuration);
  json.array("upstreams");
  for (const auto& upstream : configuration.upstreams) {
    json.begin()
        .text("name", upstream.name)
        .text("provider", upstream::rules_of(upstream.provider).name)
        .text("base_url", upstream.base_url)
        .text("credential", upstream.credential_source)
        .text("header", upstream.credential.header);
    if (upstream.credential.kind != upstream::CredentialKind::kApiKey) {
      json.text("scope", upstream.credential.scope).text("endpoint", upstream.credential.endpoint);
    }
    json.end();
  }
  json.end_array().array("models");
  for (const auto& model : configuration.models) {
    json.begin()
        .text("id", model.id)
        .text("display_name", model.display_name)
        .text("upstream", model.upstream)
        .text("deployment", model.deployment)
        .end();
  }
  json.end_array()
      .object("audit")
      .text("directory", configuration.audit.directory.string())
      .text("sync", configuration.audit.sync.count() == 0
                        ? "each"
                        : format_duration(configuration.audit.sync))
      .end()
      .text("store", configuration.store_file())
      .object("admin")
      .text("socket", configuration.admin.socket);
  if (configuration.admin.listen)
    json.text("listen",
              format_address(configuration.admin.listen->host, configuration.admin.listen->port));
  if (configuration.metrics.listen) {
    json.text("metrics", format_address(configuration.metrics.listen->host,
                                        configuration.metrics.listen->port));
  }
  json.end().boolean("policies", false);
}

}  // namespace

std::string summary_text(const Loaded& loaded) {
  std::string out;
  if (loaded.configuration) {
    const auto& configuration = *loaded.configuration;
    out += fmt::format("{} is right (sha256 {})\n\n", configuration.path,
                       configuration.sha256.substr(0, 16));
    append_settings(out, configuration);
    out +=
        "\nThere are no policies: the `require` of each issuer is the only gate, and every\n"
        "listed model is open to everybody who passes it.\n";
  }
  std::size_t errors = count_errors(loaded.findings);
  std::size_t warnings = loaded.findings.size() - errors;
  if (loaded.findings.empty()) return out;
  if (!out.empty()) out += '\n';
  for (const auto& finding : loaded.findings) out += text(finding) + '\n';
  out += fmt::format("{} {}, {} {}\n", errors, errors == 1 ? "error" : "errors", warnings,
                     warnings == 1 ? "warning" : "warnings");
  return out;
}

std::string summary_json(const Loaded& loaded) {
  std::string out;
  JsonWriter json(out);
  json.begin().boolean("ok", loaded.configuration.has_value());
  if (loaded.configuration) {
    json.text("path", loaded.configuration->path).text("sha256", loaded.configuration->sha256);
    append_settings(json, *loaded.configuration);
  }
  json.array("findings");
  for (const auto& finding : loaded.findings) append_json(json, finding);
  json.end_array().end();
  return out;
}

}  // namespace sallyport::config
