// Where one request may go: the candidates in the order in which they are tried. There is one now;
// everything that belongs to a candidate (its deployment, its credential, what became of it) is
// kept here and never asked of the model, so that a second one is one more element. Views and
// pointers are into the configuration's snapshot, which the exchange keeps.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/few.h"
#include "upstream/credential.h"
#include "upstream/upstream.h"

namespace sallyport::upstream {

/// A model as the client and as the provider call it.
struct RoutedModel {
  std::string_view id;
  std::string_view deployment;
  std::string_view deployment_json{};  ///< as a JSON text; empty: the same as the id
};

struct Candidate {
  const Upstream* upstream = nullptr;
  std::size_t place = 0;        ///< of the upstream in the configuration, and so of its connections
  std::string_view deployment;  ///< of the top-level model
  Few<RoutedModel, 1> models;   ///< of all, in the order in which the request names them
  CredentialPtr credential;     ///< that the provider is shown
  CredentialPtr refused;        ///< that it refused before, in this exchange
};

struct RoutePlan {
  Few<Candidate, 1> candidates;
};

}  // namespace sallyport::upstream
