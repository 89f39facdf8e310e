#include "admin/status_page.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/address.h"
#include "base/url.h"
#include "gateway/readiness.h"
#include "upstream/provider.h"

namespace sallyport::admin {
namespace {

WorkerStatus worker_row(const gateway::Counters& counts) {
  WorkerStatus row;
  row.connections = counts.connections();
  row.exchanges = counts.exchanges();
  row.cached_tokens = counts.cached_tokens.value();
  row.requests = {{"complete", counts.complete.value()},
                  {"aborted_by_client", counts.aborted.value()},
                  {"cut_by_revocation", counts.cut.value()},
                  {"upstream_error", counts.upstream_error.value()},
                  {"record_failed", counts.record_failed.value()},
                  {"refused", counts.refused()}};
  return row;
}

ChainStatus chain_row(const audit::Chain& chain, const std::optional<audit::Head>& head,
                      std::uint64_t worker) {
  std::uint64_t written = head ? head->sequence : chain.written_sequence();
  std::uint64_t synced = std::min(written, chain.synced_sequence());
  return {worker, written, written - synced, chain.name(), head ? head->hash : std::string()};
}

AuditStatus audit_rows(const audit::Settings& applied) {
  AuditStatus audit;
  audit.directory = applied.directory.string();
  audit.sync = applied.sync.count() == 0 ? "each" : fmt::format("{}ms", applied.sync.count());
  audit.segment_bytes = applied.segment_bytes;
  return audit;
}

}  // namespace

std::vector<UpstreamStatus> upstream_rows(const std::vector<upstream::UpstreamSettings>& upstreams,
                                          const std::vector<upstream::CredentialHealth>& health) {
  std::vector<UpstreamStatus> rows;
  for (const auto& upstream : upstreams) {
    auto url = parse_request_url(upstream.base_url);
    UpstreamStatus row;
    row.name = upstream.name;
    row.provider = upstream::rules_of(upstream.provider).name;
    row.host = url ? url->authority() : std::string();
    row.credential = upstream.credential_source;
    auto found = std::ranges::find(health, upstream.name, &upstream::CredentialHealth::upstream);
    if (found != health.end()) {
      row.source = found->source;
      row.ready = found->ready;
      row.obtained = found->obtained;
      row.expires = found->expires;
      row.problem = found->last_error;
      row.refused = found->refused;
      row.refused_status = static_cast<std::uint64_t>(found->refused_status);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Status read_status(const StatusParts& parts, const StatusSettings& settings, WallTime now) {
  auto heads = parts.gateway.heads(kHeadPatience);
  Status status;
  status.version = SALLYPORT_VERSION;
  status.instance = parts.trail.directory().instance();
  status.pid = ::getpid();
  status.started = parts.started;
  status.configuration_path = settings.configuration_path;
  status.configuration_sha256 = settings.configuration_sha256;
  status.listen_address = format_address(settings.listen.host, parts.gateway.port());
  status.public_url = settings.listen.public_url;
  status.audit = audit_rows(parts.trail.settings());  // what holds, not what the file says
  bool record = true;
  const auto& workers = parts.gateway.workers();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const auto& counts = workers[i]->counters();
    status.workers.push_back(worker_row(counts));
    status.audit.chains.push_back(chain_row(workers[i]->chain_view(), heads[i], i));
    record = record && counts.accepting;
  }
  auto revoked = parts.revocations.health();
  status.revocations = {revoked.in_force, revoked.applied, revoked.cut, revoked.problem};
  for (const auto& health : parts.keys.health()) {
    status.issuers.push_back({health.name, health.issuer, health.ready, health.keys,
                              health.last_success, health.last_error});
  }
  status.upstreams = upstream_rows(settings.upstreams, parts.credentials.health());
  auto readiness = gateway::readiness(
      {.keys = settings.identity->any_ready(now),
       .record = record,
       .credential = std::ranges::any_of(status.upstreams, &UpstreamStatus::ready),
       .draining = settings.draining});
  status.ready = readiness.ready;
  status.reason = readiness.code;
  return status;
}

}  // namespace sallyport::admin
