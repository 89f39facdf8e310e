// Reads what status_json wrote, in another process and perhaps by another version: members that are
// not there keep their defaults, members that are not known are passed over, and only what is no
// status at all is an error.
#include <boost/json.hpp>

#include "admin/status.h"
#include "base/clock.h"

namespace sallyport::admin {
namespace {

namespace json = boost::json;

std::string text(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool truth(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::uint64_t count(const json::value* value) {
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  return value->is_int64() && value->get_int64() > 0
             ? static_cast<std::uint64_t>(value->get_int64())
             : 0;
}

std::uint64_t count(const json::object& from, std::string_view name) {
  return count(from.if_contains(name));
}

const json::object& object(const json::object& from, std::string_view name) {
  static const json::object nothing;
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : nothing;
}

// Calls `take` with every object of the array.
template <typename Take>
void each(const json::object& from, std::string_view name, Take take) {
  const auto* value = from.if_contains(name);
  if (value == nullptr || !value->is_array()) return;
  for (const auto& item : value->get_array()) {
    if (item.is_object()) take(item.get_object());
  }
}

UpstreamStatus upstream_of(const json::object& from) {
  UpstreamStatus upstream;
  upstream.name = text(from, "name");
  upstream.provider = text(from, "provider");
  upstream.host = text(from, "host");
  upstream.credential = text(from, "credential");
  upstream.source = text(from, "source");
  upstream.ready = truth(from, "ready");
  upstream.obtained = parse_time(text(from, "obtained"));
  upstream.expires = parse_time(text(from, "expires"));
  upstream.problem = text(from, "problem");
  upstream.refused = parse_time(text(from, "refused"));
  upstream.refused_status = count(from, "refused_status");
  return upstream;
}

WorkerStatus worker_of(const json::object& from) {
  WorkerStatus worker{
      count(from, "connections"), count(from, "exchanges"), count(from, "cached_tokens"), {}};
  for (const auto& member : object(from, "requests")) {
    worker.requests.emplace_back(std::string(member.key()), count(&member.value()));
  }
  return worker;
}

AuditStatus audit_of(const json::object& from) {
  AuditStatus audit;
  audit.directory = text(from, "directory");
  audit.sync = text(from, "sync");
  audit.segment_bytes = count(from, "segment_bytes");
  each(from, "chains", [&](const json::object& chain) {
    audit.chains.push_back({count(chain, "worker"), count(chain, "sequence"),
                            count(chain, "unsynced"), text(chain, "chain"), text(chain, "hash")});
  });
  return audit;
}

Status status_of(const json::object& from) {
  Status status;
  status.version = text(from, "version");
  status.instance = text(from, "instance");
  status.pid = static_cast<std::int64_t>(count(from, "pid"));
  status.started = parse_time(text(from, "started")).value_or(WallTime{});
  status.ready = truth(from, "ready");
  status.reason = text(from, "reason");
  status.configuration_path = text(object(from, "configuration"), "path");
  status.configuration_sha256 = text(object(from, "configuration"), "sha256");
  status.listen_address = text(object(from, "listen"), "address");
  status.public_url = text(object(from, "listen"), "public_url");
  each(from, "issuers", [&](const json::object& issuer) {
    status.issuers.push_back({text(issuer, "name"), text(issuer, "issuer"), truth(issuer, "ready"),
                              count(issuer, "keys"), parse_time(text(issuer, "refreshed")),
                              text(issuer, "problem")});
  });
  each(from, "upstreams",
       [&](const json::object& upstream) { status.upstreams.push_back(upstream_of(upstream)); });
  each(from, "workers",
       [&](const json::object& worker) { status.workers.push_back(worker_of(worker)); });
  status.audit = audit_of(object(from, "audit"));
  const auto& revoked = object(from, "revocations");
  status.revocations = {count(revoked, "in_force"), count(revoked, "applied"),
                        count(revoked, "cut"), text(revoked, "problem")};
  return status;
}

}  // namespace

Result<Status> parse_status(std::string_view bytes) {
  boost::system::error_code error;
  json::value value = json::parse(bytes, error);
  if (error || !value.is_object() || text(value.get_object(), "program") != "sallyport") {
    return fail("status.not_understood", "the answer is not the status of a gateway",
                "check that the socket is that of `sallyport gateway` (admin.socket)");
  }
  return status_of(value.get_object());
}

}  // namespace sallyport::admin
