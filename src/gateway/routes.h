// What the data plane needs of the configuration, made ready: an immutable snapshot that a reload
// replaces. Each worker holds the newest as a plain member; a running exchange keeps its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "gateway/resource_metadata.h"
#include "gateway/settings.h"
#include "gateway/source.h"
#include "http/tls.h"
#include "identity/settings.h"
#include "upstream/upstream.h"

namespace sallyport::gateway {

inline constexpr std::string_view kModelUpstreamUnknown = "model.upstream_unknown";

struct ModelRoute {
  std::string id;
  std::string display_name;
  std::string deployment;
  std::size_t upstream = 0;     ///< place in Routes::upstreams
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

  /// The model of that id, or null.
  [[nodiscard]] const ModelRoute* find_model(std::string_view id) const;

  Limits limits;
  std::string path_prefix;
  std::shared_ptr<const http::TlsServer> tls;  ///< null: plain HTTP
  std::vector<Network> trusted_proxies;
  std::vector<std::shared_ptr<const upstream::Upstream>> upstreams;
  std::vector<ModelRoute> models;  ///< in file order
  std::string models_answer;       ///< the body of GET /v1/models
  ResourceMetadata metadata;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> by_id_;
};
using RoutesPtr = std::shared_ptr<const Routes>;

}  // namespace sallyport::gateway
