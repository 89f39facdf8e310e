#include "profile/egress.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/ascii.h"
#include "base/check.h"
#include "base/terminal_text.h"
#include "profile/egress_builder.h"
#include "profile/url.h"

namespace sallyport::profile {
namespace {

// host, *.host or *, with or without a port: what a firewall list may hold, and nothing that could
// add a line to it.
bool is_host_entry(std::string_view entry) {
  return !entry.empty() && entry.size() <= 262 && for_terminal(entry) == entry &&
         std::all_of(entry.begin(), entry.end(), [](char c) {
           return is_letter_or_digit(c) ||
                  std::string_view("-._*:[]").find(c) != std::string_view::npos ||
                  static_cast<unsigned char>(c) >= 0x80;
         });
}

// Two keys open hosts without a rule of their own in the catalogue.
constexpr std::string_view kProxyKeys[] = {"egressProxyUrl", "egressProxyPacUrl"};

}  // namespace

void EgressBuilder::add(std::string_view host, std::string_view key, bool browser) {
  if (!is_host_entry(host)) return;  // the rules name it; a firewall has no use for it
  EgressHost& entry = hosts_[std::string(host)];
  if (entry.reasons.empty()) entry.browser_only = browser;
  entry.host = host;
  entry.browser_only = entry.browser_only && browser;
  std::string purpose = rule_->purpose.empty() ? std::string(purpose_) : rule_->purpose;
  for (const EgressReason& known : entry.reasons) {
    if (known.rule == rule_->id && known.key == key) return;
  }
  entry.reasons.push_back({rule_->id, std::string(key), purpose, rule_->confirmed});
}

void EgressBuilder::add_url(std::string_view url_text, std::string_view key, bool browser) {
  if (auto url = parse_any_url(url_text); url && !is_loopback_host(url->host)) {
    add(host_and_port(*url), key, browser);
  }
}

void EgressBuilder::add_listed(std::string_view key) {
  for (const std::string& host : rule_->hosts) {
    if (host.find('{') == std::string::npos && host.find(' ') == std::string::npos) add(host, key);
  }
}

void EgressBuilder::add_oidc(std::string_view key) {
  const json::value* value = find(key);
  if (value == nullptr || !value->is_object()) return;
  const json::object& oidc = value->get_object();
  const json::value* issuer = oidc.if_contains("issuer");
  bool by_issuer = issuer != nullptr && issuer->is_string() && !issuer->get_string().empty();
  for (std::string_view name : {"issuer", "authorizationUrl", "tokenUrl"}) {
    const json::value* url = oidc.if_contains(name);
    if (url == nullptr || !url->is_string() || (by_issuer && name != "issuer")) continue;
    add_url(url->get_string(), key);
  }
}

void EgressBuilder::build_sandbox(EgressList& list) {
  if (const json::value* hosts = find("coworkEgressAllowedHosts");
      hosts != nullptr && hosts->is_array()) {
    for (const json::value& item : hosts->get_array()) {
      if (item.is_string() && is_host_entry(item.get_string())) {
        list.sandbox.emplace_back(item.get_string());
      }
    }
  } else {
    list.sandbox_notes.emplace_back(
        "coworkEgressAllowedHosts is not set: the agent's tools reach the inference endpoint "
        "alone, "
        "and other fetches end in 403");
  }
  if (auto url = parse_any_url(text("otlpEndpoint"))) {
    list.sandbox_notes.push_back(
        fmt::format("the app adds the collector {} by itself", bracketed(url->host)));
  }
  if (!is("disableNonessentialTelemetry", true)) {
    list.sandbox_notes.emplace_back(
        "the app adds api.anthropic.com while nonessential telemetry is on");
  }
}

EgressList EgressBuilder::build() {
  for (const EgressCondition& condition : egress_conditions()) {
    rule_ = Catalogue::builtin().egress_rule(condition.id);
    SALLYPORT_CHECK(rule_ != nullptr);
    purpose_ = condition.purpose;
    condition.apply(*this);
  }
  EgressRule proxy;
  proxy.id = "proxy";
  rule_ = &proxy;
  purpose_ = "the proxy that the agent uses";
  for (std::string_view key : kProxyKeys) add_url(text(key), key);
  EgressList list;
  for (auto& [host, entry] : hosts_) list.perimeter.push_back(std::move(entry));
  build_sandbox(list);
  return list;
}

EgressList egress(const json::object& values, const EgressOptions& options) {
  return EgressBuilder(values, options).build();
}

}  // namespace sallyport::profile
