// What the shape of an issuer tells about the tokens of Microsoft Entra ID. Pure; any thread.
//
//   https://login.microsoftonline.com/{tenant}/v2.0     version 2, and so on the hosts of the US
//                                                       government, China and External ID
//   https://sts.windows.net/{tenant}/                   version 1 (China: sts.chinacloudapi.cn)
//
// The first form is recognised by its path, `/{GUID}/v2.0`, on whatever host: nobody else numbers
// tenants that way, and a test tenant can have the shape. Where it holds, a token must name the
// tenant of its issuer (`tid`), the version that fits (`ver`) and the object id (`oid`).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sallyport::identity {

struct EntraIssuer {
  std::string tenant;  ///< lower case
  int version = 2;
};

[[nodiscard]] std::optional<EntraIssuer> parse_entra_issuer(std::string_view issuer);

}  // namespace sallyport::identity
