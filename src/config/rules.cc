// Rules for the gateway's own side: listen, limits.
#include "config/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "base/ascii.h"
#include "base/files.h"
#include "base/url.h"
#include "config/instance.h"
#include "config/pem.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

constexpr std::size_t kMaxPemBytes = 4 << 20;

std::string date_of(WallTime time) {
  return format_time(time).substr(0, 10);
}

void check_certificate_facts(Scene& scene, const std::string& key, const CertificateFacts& facts,
                             const std::string& host) {
  auto now = scene.environment.now();
  if (now > facts.not_after) {
    scene.report.warning(key,
                         {"config.certificate_expired",
                          fmt::format("the certificate expired on {}", date_of(facts.not_after)),
                          "renew it: no client will accept it"});
  } else if (now < facts.not_before) {
    scene.report.warning(
        key, {"config.certificate_expired",
              fmt::format("the certificate holds from {} on", date_of(facts.not_before)),
              "check the clock of this machine"});
  }
  if (!facts.fits_host) {
    scene.report.warning(
        key, {"config.certificate_name", fmt::format("the certificate is not for {}", shown(host)),
              "use one that names the host of public_url"});
  }
}

void check_tls(Scene& scene) {
  const auto& listen = scene.draft.configuration.listen;
  if (listen.tls_certificate.empty() || listen.tls_key.empty()) return;  // told by the reader
  check_tls_files(scene, "listen.tls", {listen.tls_certificate, listen.tls_key, listen.public_url});
}

// Segments of unreserved characters (RFC 3986 section 2.3): the prefix is compared byte for byte.
bool is_plain_path(std::string_view path) {
  if (path.find("//") != std::string_view::npos) return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    auto segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return false;
    if (!std::ranges::all_of(segment, [](char c) {
          return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
        })) {
      return false;
    }
    path.remove_prefix(segment.size());
  }
  return true;
}

void check_public_url(Scene& scene) {
  auto& listen = scene.draft.configuration.listen;
  const std::string key = "listen.public_url";
  if (listen.public_url.empty()) {
    if (scene.report.sound(key) && !is_loopback_literal(listen.host)) {
      scene.report.error(key, {"config.missing_key", "this key is missing",
                               "write the https URL that clients are given"});
    }
    return;
  }
  while (listen.public_url.ends_with('/')) listen.public_url.pop_back();
  auto url = parse_url(listen.public_url);
  if (!url) return;
  if (!is_plain_path(url->path)) {
    scene.report.error(key, {"config.bad_value", "the URL's path cannot be a prefix",
                             "use letters, digits, `-`, `.`, `_` and `~` between single slashes"});
    return;
  }
  listen.path_prefix = url->path;
  if (url->path == "/v1" || url->path.ends_with("/v1") ||
      url->path.find("/v1/") != url->path.npos) {
    auto base = listen.public_url.substr(0, listen.public_url.rfind("/v1"));
    scene.report.warning(
        key, {"config.url_has_v1", "clients put /v1/messages after this URL, so /v1 comes twice",
              "leave /v1 out", base});
  }
  if (!url->is_https() && !listen.tls_certificate.empty()) {
    scene.report.warning(key, {"config.url_scheme", "the URL says http, but listen.tls is given",
                               "write https", fmt::format("https{}", listen.public_url.substr(4))});
  }
}

}  // namespace

std::optional<Environment::File> open_file(Scene& scene, const std::string& key,
                                           const std::string& path) {
  auto file = scene.environment.file(path, kMaxPemBytes);
  if (file) return std::move(*file);
  bool missing = file.error().code == kFileMissing;
  scene.report.error(
      key, {missing ? "config.file_missing" : "config.file_unreadable", file.error().message,
            missing ? "put the file there, or mend the path" : file.error().next_step});
  return std::nullopt;
}

void report_failure(Scene& scene, const std::string& key, const std::string& path, Error error) {
  scene.report.error(key, {error.code, fmt::format("{}: {}", shown(path), error.message),
                           std::move(error.next_step)});
}

void check_key_mode(Scene& scene, const std::string& key, const std::string& path, unsigned mode) {
  if ((mode & 0007) == 0) return;
  scene.report.warning(key, {"config.secret_world_readable",
                             fmt::format("every user of this machine may open {}", shown(path)),
                             fmt::format("run `chmod o= {}`", shown(path))});
}

void check_authorities(Scene& scene, const std::string& key, const std::string& path) {
  if (path.empty()) return;
  auto file = open_file(scene, key, path);
  if (!file) return;
  auto facts = read_certificates(file->content.reveal(), {});
  if (!facts) report_failure(scene, key, path, std::move(facts.error()));
}

void check_listen(Scene& scene) {
  auto& listen = scene.draft.configuration.listen;
  if (!scene.draft.given("listen.workers")) {
    listen.workers = std::clamp(scene.environment.cores(), 1u, 256u);
  }
  check_public_url(scene);
  check_tls(scene);
  bool address_known = scene.report.sound("listen.address") && scene.draft.given("listen.address");
  if (address_known && !scene.draft.given("listen.tls") && !is_loopback_literal(listen.host)) {
    scene.report.error("listen.address",
                       {"config.plain_http",
                        fmt::format("{} can be reached from other machines, and listen.tls is "
                                    "missing: tokens would travel without encryption",
                                    format_address(listen.host, listen.port)),
                        "give listen.tls, or listen on 127.0.0.1 behind a proxy with TLS"});
  }
  for (std::size_t i = 0; i < listen.trusted_proxies.size(); ++i) {
    if (!listen.trusted_proxies[i].ends_with("/0")) continue;
    scene.report.warning(
        fmt::format("listen.trusted_proxies[{}]", i),
        {"config.trusts_everybody", "every client could write any source address into the record",
         "name the proxies' own addresses"});
  }
}

void check_limits(Scene& scene) {
  const auto& limits = scene.draft.configuration.limits;
  if (!scene.report.sound("limits")) return;
  if (limits.ping >= limits.silence && scene.draft.given("limits.ping")) {
    scene.report.warning(
        "limits.ping", {"config.ping_too_late", "a stream is given up before its first ping is due",
                        "choose less than limits.silence"});
  }
  if (limits.connections_per_source > limits.connections &&
      scene.draft.given("limits.connections_per_source")) {
    scene.report.warning("limits.connections_per_source",
                         {"config.limit_without_effect",
                          "one source may have more connections than there are at all",
                          "choose less than limits.connections"});
  }
}

void check_tls_files(Scene& scene, const std::string& block, const TlsFiles& files) {
  const auto certificate_key = fmt::format("{}.certificate", block);
  const auto key_key = fmt::format("{}.key", block);
  auto certificate = open_file(scene, certificate_key, files.certificate);
  auto key = open_file(scene, key_key, files.key);
  if (!certificate || !key) return;
  std::string host;
  if (auto url = parse_url(files.public_url)) host = url->host;
  auto facts = read_certificates(certificate->content.reveal(), host);
  if (!facts) {
    report_failure(scene, certificate_key, files.certificate, std::move(facts.error()));
    return;
  }
  check_certificate_facts(scene, certificate_key, *facts, host);
  if (auto match = check_key(certificate->content.reveal(), key->content.reveal()); !match) {
    report_failure(scene, key_key, files.key, std::move(match.error()));
  }
  check_key_mode(scene, key_key, files.key, key->mode);
}

// A gateway that went on without them would have forgotten who is revoked, and begun a new record.
void check_moved_defaults(Scene& scene) {
  const auto& configuration = scene.draft.configuration;
  // Those whose files had the old defaults: the one of README.md, and any outside /etc/sallyport.
  const bool had_them =
      configuration.instance == kDefaultInstance || configuration.instance == "sallyport";
  if (!had_them) return;
  auto look = [&](const std::string& key, std::string_view written, std::string_view now) {
    const std::string old(written.substr(written.find('/')));
    const std::string place(now);
    if (scene.draft.given(key) || !scene.report.sound(key)) return;
    if (!scene.environment.exists(old) || scene.environment.exists(place)) return;
    scene.report.error(
        key, {"config.moved_default",
              fmt::format("the default is now {}, and {} is there from before", place, old),
              fmt::format("move it to {}, or write `{}: {}`", place, key, written)});
  };
  look("audit.directory", kOldAudit, configuration.audit.directory.string());
  look("store", kOldStore, configuration.store_file());
}

}  // namespace sallyport::config
