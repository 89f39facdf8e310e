#include "identity/snapshot.h"

#include <algorithm>

namespace sallyport::identity {

IssuerState::IssuerState(IssuerSettings from, KeySetPtr with_keys, WallTime until)
    : settings(std::move(from)),
      entra(parse_entra_issuer(settings.issuer)),
      keys(std::move(with_keys)),
      keys_until(until) {
  for (const auto& name : settings.algorithms) {
    if (auto algorithm = parse_algorithm(name)) algorithms.push_back(*algorithm);
  }
}

bool Snapshot::any_ready(WallTime now) const {
  return std::ranges::any_of(issuers, [&](const auto& issuer) { return issuer.ready(now); });
}

bool Snapshot::all_ready(WallTime now) const {
  return !issuers.empty() &&
         std::ranges::all_of(issuers, [&](const auto& issuer) { return issuer.ready(now); });
}

SnapshotPtr make_snapshot(std::uint64_t generation, std::vector<IssuerState> issuers) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->generation = generation;
  for (const auto& issuer : issuers) {
    const auto& header = issuer.settings.header;
    if (!header.empty() &&
        std::ranges::find(snapshot->extra_headers, header) == snapshot->extra_headers.end()) {
      snapshot->extra_headers.push_back(header);
    }
  }
  snapshot->issuers = std::move(issuers);
  return snapshot;
}

}  // namespace sallyport::identity
