#include "signin/metadata.h"

#include <fmt/format.h>

#include "base/address.h"
#include "base/url.h"
#include "identity/claims.h"
#include "identity/strict_json.h"

namespace sallyport::signin {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";

std::unexpected<Error> damaged(std::string_view what) {
  return fail("gateway.damaged",
              "the gateway's document about signing in is not usable: " + std::string(what),
              "check the URL, or name issuer, client and scopes yourself (--help)");
}

// A text of the document that goes on to URLs and files: bounded, one line.
bool read_text(identity::JsonView entry, std::string_view name, std::string& to) {
  auto member = entry.member(name);
  if (!member || !member->is_text() || member->text().empty()) return false;
  if (member->text().size() > 2048) return false;
  for (char c : member->text()) {
    if (c < 0x20 || c == 0x7f) return false;
  }
  to = member->text();
  return true;
}

bool read_target(identity::JsonView entry, bool allow_http, Target& target) {
  if (!entry.is_object() || !read_text(entry, "name", target.name) ||
      !read_text(entry, "issuer", target.issuer) || !read_text(entry, "client", target.client)) {
    return false;
  }
  if (!identity::is_endpoint_url(target.issuer, allow_http)) return false;
  // It goes into URLs: nothing may end it early.
  if (target.issuer.find_first_of("?#") != std::string::npos) return false;
  auto scopes = entry.member("scopes");
  if (!scopes || !scopes->is_array()) return false;
  for (identity::JsonView scope : *scopes) {
    if (!scope.is_text() || scope.text().empty() || scope.text().size() > 512 ||
        scope.text().find(' ') != std::string_view::npos) {
      return false;
    }
    target.scopes.emplace_back(scope.text());
  }
  auto token = entry.member("token");
  if (token && token->text() != "id_token" && token->text() != "access_token") return false;
  target.id_token = token && token->text() == "id_token";
  if (auto port = entry.member("redirect_port")) {
    auto number = port->whole_number();
    if (!number || *number < 1 || *number > 65535) return false;
    target.redirect_port = static_cast<std::uint16_t>(*number);
  }
  return target.scopes.size() <= 64;
}

}  // namespace

Result<std::string> tidy_gateway_url(const std::string& typed) {
  auto url = parse_request_url(typed);
  bool usable = url && (url->is_https() || is_loopback_literal(url->host)) && !url->has_query;
  if (!usable) {
    return fail(kGatewayUrl, fmt::format("{} is not the URL of a gateway", typed),
                "write it as https://host or https://host/path; plain http is for 127.0.0.1 alone");
  }
  std::string text = url->scheme + "://" + url->authority() + url->path;
  while (text.ends_with('/')) text.pop_back();
  return text;
}

Result<std::string> tidy_server_url(const std::string& typed) {
  auto tidy = tidy_gateway_url(typed);
  auto url = parse_request_url(tidy ? *tidy : typed);
  if (!tidy || !url || !url->path.empty()) {
    return fail(kServerUrl, fmt::format("{} is not the URL of an administrator's port", typed),
                "write it as https://host or https://host:port, as admin.public_url has it; plain "
                "http is for 127.0.0.1 alone");
  }
  return tidy;
}

std::string metadata_url(const std::string& gateway) {
  auto host = gateway.find("://") + 3;
  auto path = std::min(gateway.find('/', host), gateway.size());
  return gateway.substr(0, path) + std::string(kWellKnown) + gateway.substr(path);
}

Result<std::vector<Target>> parse_gateway_document(std::string_view json,
                                                   const std::string& gateway) {
  auto document = identity::StrictJson::parse(json, identity::kDocumentJson);
  if (!document || !document->root().is_object()) return damaged("it is not a JSON object");
  std::string resource;
  if (!read_text(document->root(), "resource", resource)) return damaged("it names no resource");
  auto named = tidy_gateway_url(resource);
  if (!named || *named != gateway) {
    return fail(
        "gateway.other_name",
        fmt::format("the gateway at {} calls itself {}", gateway, identity::bounded(resource)),
        "use that URL, here and in your client");
  }
  auto entries = document->root().member("sallyport_sign_in");
  if (!entries || !entries->is_array() || entries->empty()) {
    return fail("gateway.no_sign_in", fmt::format("{} does not say how to sign in", gateway),
                "ask its administrator to set issuers[].sign_in, or name issuer, client and scopes "
                "yourself");
  }
  // A gateway elsewhere has no business with a server of this machine.
  const bool allow_http = gateway.starts_with("http://");
  std::vector<Target> targets;
  for (identity::JsonView entry : *entries) {
    Target target;
    if (!read_target(entry, allow_http, target) || targets.size() == 64) {
      return damaged("an entry of sallyport_sign_in is not as it should be");
    }
    target.gateway = gateway;
    targets.push_back(std::move(target));
  }
  return targets;
}

Result<std::vector<Target>> ask_gateway(Web& web, const std::string& gateway) {
  auto answer = web.get(metadata_url(gateway));
  if (answer && answer->status == 404) {  // behind a proxy that forwards the path alone
    answer = web.get(gateway + std::string(kWellKnown));
  }
  if (!answer) return fail(std::move(answer.error()), "while asking the gateway how to sign in");
  if (answer->status != 200) {
    return fail(
        "gateway.not_found",
        fmt::format("{} does not say how to sign in: it answers {}", gateway, answer->status),
        "check the URL; it has to be a Sallyport gateway");
  }
  return parse_gateway_document(answer->body, gateway);
}

Result<std::vector<Target>> ask_server(Web& web, const std::string& server) {
  auto targets = ask_gateway(web, server);
  if (!targets) {
    Error error = std::move(targets.error());
    if (error.code == "gateway.no_sign_in") {
      error.next_step = "ask its administrator to set admin.command_line";
    }
    if (error.code == "gateway.not_found") {
      error.next_step = "check the URL; it has to be a gateway's admin.public_url";
    }
    return std::unexpected(std::move(error));
  }
  for (auto& target : *targets) {
    target.server = server;
    target.gateway.clear();
  }
  return targets;
}

Result<identity::Discovery> discover(Web& web, const std::string& issuer) {
  if (!identity::is_endpoint_url(issuer, true)) {
    return fail(kProviderUrl, fmt::format("{} is not the URL of an issuer", issuer),
                "write it exactly as tokens carry it, with https");
  }
  auto answer = web.get(identity::discovery_url(issuer));
  if (!answer) return fail(std::move(answer.error()), "while asking the identity provider");
  if (answer->status != 200) {
    return fail("provider.error",
                fmt::format("{} has no discovery document: it answers {}", issuer, answer->status),
                "check the issuer; for Entra ID it ends in the tenant id and /v2.0");
  }
  return identity::parse_discovery(answer->body, issuer);
}

}  // namespace sallyport::signin
