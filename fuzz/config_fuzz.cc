// links: config
// sallyport.yaml is written by people and by templates. Whatever the bytes: an answer in bounded
// time and memory, a configuration exactly when nothing is wrong, findings of one line each, and
// no secret in any of them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "config/configuration.h"
#include "config/draft.h"
#include "config/fake_environment.h"
#include "config/reload.h"
#include "config/summary.h"

namespace {

constexpr std::string_view kCanary = "c4n4ry-s3cr3t";

const sallyport::config::FakeEnvironment& environment() {
  static const auto ready = [] {
    sallyport::config::FakeEnvironment made;
    made.variables["KEY"] = kCanary;
    made.files["/etc/sallyport/foundry-key"] = {std::string(kCanary) + "\n", 0644};
    made.files["/etc/sallyport/keys.json"] = {R"({"keys": []})", 0644};
    made.files["/etc/sallyport/bad.pem"] = {"-----BEGIN CERTIFICATE-----\nAAAA\n", 0644};
    return made;
  }();
  return ready;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport::config;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Loaded loaded = parse(bytes, "/etc/sallyport/sallyport.yaml", environment());
  SALLYPORT_CHECK(loaded.configuration.has_value() == (count_errors(loaded.findings) == 0));
  SALLYPORT_CHECK(loaded.findings.size() <= Report::kMaxFindings + 1);
  bool named_by_input = bytes.find(kCanary) != std::string_view::npos;
  for (const auto& finding : loaded.findings) {
    auto line = text(finding);
    SALLYPORT_CHECK(line.find('\n') == std::string::npos);
    SALLYPORT_CHECK(named_by_input || line.find(kCanary) == std::string::npos);
    SALLYPORT_CHECK(!finding.next_step.empty() || !finding.nearest.empty());
  }
  auto page = summary_text(loaded) + summary_json(loaded);
  SALLYPORT_CHECK(named_by_input || page.find(kCanary) == std::string::npos);
  if (!loaded.configuration) return 0;
  const auto& configuration = *loaded.configuration;
  SALLYPORT_CHECK(!configuration.issuers.empty() && !configuration.upstreams.empty() &&
                  !configuration.models.empty());
  for (const auto& issuer : configuration.issuers) SALLYPORT_CHECK(!issuer.audiences.empty());
  for (const auto& upstream : configuration.upstreams) {
    const auto& credential = upstream.credential;
    bool key = credential.kind == sallyport::upstream::CredentialKind::kApiKey;
    SALLYPORT_CHECK(!key || (credential.secret != nullptr && !credential.secret->empty()));
    SALLYPORT_CHECK(key || !credential.endpoint.empty());
    SALLYPORT_CHECK(upstream.base_url.starts_with("http"));
  }
  SALLYPORT_CHECK(refuse_reload(configuration, configuration).empty());
  return 0;
}
