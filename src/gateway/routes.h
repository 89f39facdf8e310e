// What the data plane needs of the configuration, made ready: an immutable snapshot that a reload
// replaces. Each worker holds the newest as a plain member; a running exchange keeps its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/resource_metadata.h"
#include "gateway/settings.h"
#include "gateway/source.h"
#include "http/tls.h"
#include "identity/settings.h"
#include "policy/snapshot.h"
#include "upstream/upstream.h"

namespace sallyport::gateway {

inline constexpr std::string_view kModelUpstreamUnknown = "model.upstream_unknown";

/// What of a model does not concern a decision; the rest is in policy::Model.
struct ModelRoute {
  std::string deployment_json;  ///< as a JSON text, for splicing; empty: the same as the id
};

class Routes {
 public:
  /// Errors: those of Upstream::create and TlsServer::load, kModelUpstreamUnknown.
  [[nodiscard]] static Result<std::shared_ptr<const Routes>> create(
      const ListenSettings& listen, const Limits& limits,
      const std::vector<identity::IssuerSettings>& issuers,
      const std::vector<upstream::UpstreamSettings>& upstreams,
      const std::vector<upstream::ModelSettings>& models);

  Limits limits;
  std::string path_prefix;
  std::shared_ptr<const http::TlsServer> tls;  ///< null: plain HTTP
  std::vector<Network> trusted_proxies;
  std::vector<std::shared_ptr<const upstream::Upstream>> upstreams;
  policy::Snapshot policy;         ///< the models, in file order
  std::vector<ModelRoute> models;  ///< in the same order
  std::string models_answer;       ///< the body of GET /v1/models
  ResourceMetadata metadata;
};
using RoutesPtr = std::shared_ptr<const Routes>;

}  // namespace sallyport::gateway
