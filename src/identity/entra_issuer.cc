#include "identity/entra_issuer.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/guid.h"

namespace sallyport::identity {
namespace {

constexpr std::string_view kVersion1Hosts[] = {"https://sts.windows.net/",
                                               "https://sts.chinacloudapi.cn/"};

}  // namespace

std::optional<EntraIssuer> parse_entra_issuer(std::string_view issuer) {
  for (std::string_view host : kVersion1Hosts) {
    if (!issuer.starts_with(host) || !issuer.ends_with('/')) continue;
    std::string_view tenant = issuer.substr(host.size());
    tenant.remove_suffix(1);
    if (is_guid(tenant)) return EntraIssuer{.tenant = lower_case(tenant), .version = 1};
  }
  constexpr std::string_view kVersion2 = "/v2.0";
  if (!issuer.ends_with(kVersion2)) return std::nullopt;
  std::string_view rest = issuer.substr(0, issuer.size() - kVersion2.size());
  auto scheme = rest.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  auto slash = rest.find('/', scheme + 3);
  if (slash == std::string_view::npos || !is_guid(rest.substr(slash + 1))) return std::nullopt;
  return EntraIssuer{.tenant = lower_case(rest.substr(slash + 1)), .version = 2};
}

}  // namespace sallyport::identity
