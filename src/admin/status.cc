#include "admin/status.h"

#include <fmt/format.h>

namespace sallyport::admin {
namespace {

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

void append_issuers(JsonWriter& json, const Status& status) {
  json.array("issuers");
  for (const auto& issuer : status.issuers) {
    json.begin();
    put_issuer(json, issuer);
    json.end();
  }
  json.end_array();
}

void append_upstreams(JsonWriter& json, const Status& status) {
  json.array("upstreams");
  for (const auto& upstream : status.upstreams) {
    json.begin();
    put_upstream(json, upstream);
    json.end();
  }
  json.end_array();
}

void append_workers(JsonWriter& json, const Status& status) {
  json.array("workers");
  for (const auto& worker : status.workers) {
    json.begin()
        .number("connections", number(worker.connections))
        .number("exchanges", number(worker.exchanges))
        .number("cached_tokens", number(worker.cached_tokens))
        .object("requests");
    for (const auto& [outcome, count] : worker.requests) json.number(outcome, number(count));
    json.end().end();
  }
  json.end_array();
}

void append_audit(JsonWriter& json, const AuditStatus& audit) {
  json.object("audit").text("directory", audit.directory).text("sync", audit.sync);
  json.number("segment_bytes", number(audit.segment_bytes)).array("chains");
  for (const auto& chain : audit.chains) {
    json.begin()
        .number("worker", number(chain.worker))
        .number("sequence", number(chain.sequence))
        .number("unsynced", number(chain.unsynced))
        .text("chain", chain.chain)
        .text_if("hash", chain.hash)
        .end();
  }
  json.end_array().end();
}

void append_revocations(JsonWriter& json, const RevocationStatus& revocations) {
  json.object("revocations")
      .number("in_force", number(revocations.in_force))
      .number("applied", number(revocations.applied))
      .number("cut", number(revocations.cut))
      .text_if("problem", revocations.problem)
      .end();
}

// "3s", "12m", "5h 20m", "9d 4h": two units are enough for an age.
std::string age(WallTime from, WallTime now) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - from).count();
  if (seconds < 0) seconds = 0;
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 86400) return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86400, seconds / 3600 % 24);
}

void append_row(std::string& out, std::string_view head, std::string_view rest) {
  out += fmt::format("{:<10}{}\n", head, rest);
}

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void append_issuer_rows(std::string& out, const Status& status, WallTime now) {
  for (const auto& issuer : status.issuers) {
    auto row = fmt::format("{}: {}, {}", issuer.name, issuer.ready ? "ready" : "NOT READY",
                           counted(issuer.keys, "key"));
    if (issuer.refreshed) row += fmt::format(", refreshed {} ago", age(*issuer.refreshed, now));
    append_row(out, "issuer", row);
    append_row(out, "", issuer.issuer);
    if (!issuer.problem.empty()) append_row(out, "", "last problem: " + issuer.problem);
  }
}

void append_upstream_rows(std::string& out, const UpstreamStatus& upstream, WallTime now) {
  bool key = upstream.source == "api_key";
  append_row(out, "upstream",
             fmt::format("{} ({}): {}, {}{}", upstream.name, upstream.provider, upstream.host,
                         key ? "key from " : "", upstream.credential));
  if (!upstream.ready) {
    append_row(out, "", "NO CREDENTIAL");
  } else if (!key && upstream.obtained && upstream.expires) {
    append_row(out, "",
               fmt::format("credential obtained {} ago, ends in {}", age(*upstream.obtained, now),
                           age(now, *upstream.expires)));
  }
  if (upstream.refused) {
    append_row(out, "",
               fmt::format("the provider refused it {} ago ({}): run `sallyport upstream "
                           "check`",
                           age(*upstream.refused, now), upstream.refused_status));
  }
  if (!upstream.problem.empty()) append_row(out, "", "last problem: " + upstream.problem);
}

void append_worker_rows(std::string& out, const Status& status) {
  for (std::size_t i = 0; i < status.workers.size(); ++i) {
    const auto& worker = status.workers[i];
    append_row(
        out, fmt::format("worker {}", i),
        fmt::format("{}, {} running, {} cached", counted(worker.connections, "connection"),
                    counted(worker.exchanges, "request"), counted(worker.cached_tokens, "token")));
    std::string requests;
    for (const auto& [outcome, count] : worker.requests) {
      requests += fmt::format("{}{} {}", requests.empty() ? "" : ", ", outcome, count);
    }
    if (!requests.empty()) append_row(out, "", "since the start: " + requests);
  }
}

void append_audit_rows(std::string& out, const AuditStatus& audit) {
  append_row(out, "record",
             fmt::format("{}, {}", audit.directory,
                         audit.sync == "each" ? "on the disk before each answer"
                                              : "on the disk every " + audit.sync));
  for (const auto& chain : audit.chains) {
    append_row(out, "",
               fmt::format("chain {}: {}, {} not on the disk yet", chain.chain,
                           counted(chain.sequence, "line"), chain.unsynced));
    append_row(out, "", chain.hash.empty() ? "its end is not known now" : "head " + chain.hash);
  }
}

}  // namespace

void put_issuer(JsonWriter& json, const IssuerStatus& issuer) {
  json.text("name", issuer.name).text("issuer", issuer.issuer).boolean("ready", issuer.ready);
  json.number("keys", number(issuer.keys));
  if (issuer.refreshed) json.text("refreshed", format_time(*issuer.refreshed));
  json.text_if("problem", issuer.problem);
}

void put_upstream(JsonWriter& json, const UpstreamStatus& upstream) {
  json.text("name", upstream.name)
      .text("provider", upstream.provider)
      .text("host", upstream.host)
      .text("credential", upstream.credential)
      .text("source", upstream.source)
      .boolean("ready", upstream.ready);
  if (upstream.obtained) json.text("obtained", format_time(*upstream.obtained));
  if (upstream.expires) json.text("expires", format_time(*upstream.expires));
  json.text_if("problem", upstream.problem);
  if (!upstream.refused) return;
  json.text("refused", format_time(*upstream.refused));
  json.number("refused_status", number(upstream.refused_status));
}

std::string status_json(const Status& status) {
  std::string out;
  JsonWriter json(out);
  json.begin()
      .text("program", "sallyport")
      .text("version", status.version)
      .text("instance", status.instance)
      .number("pid", status.pid)
      .text("started", format_time(status.started))
      .boolean("ready", status.ready)
      .text_if("reason", status.reason)
      .object("configuration")
      .text("path", status.configuration_path)
      .text("sha256", status.configuration_sha256)
      .end()
      .object("listen")
      .text("address", status.listen_address)
      .text("public_url", status.public_url)
      .end();
  append_issuers(json, status);
  append_upstreams(json, status);
  append_workers(json, status);
  append_audit(json, status.audit);
  append_revocations(json, status.revocations);
  json.end();
  return out;
}

std::string status_text(const Status& status, WallTime now) {
  std::string out =
      fmt::format("sallyport {} is {}, pid {}, up {}\n\n", status.version,
                  status.ready ? "ready" : fmt::format("NOT READY ({})", status.reason), status.pid,
                  age(status.started, now));
  append_row(out, "listen",
             status.public_url.empty()
                 ? status.listen_address
                 : fmt::format("{}, known as {}", status.listen_address, status.public_url));
  append_row(out, "config",
             fmt::format("{} (sha256 {})", status.configuration_path,
                         status.configuration_sha256.substr(0, 16)));
  append_row(out, "instance",
             fmt::format("{}, started {}", status.instance, format_time(status.started)));
  append_issuer_rows(out, status, now);
  for (const auto& upstream : status.upstreams) append_upstream_rows(out, upstream, now);
  append_worker_rows(out, status);
  append_audit_rows(out, status.audit);
  append_row(
      out, "revoked",
      fmt::format("{} in force; since the start {} changes, {} running requests cut",
                  status.revocations.in_force, status.revocations.applied, status.revocations.cut));
  if (!status.revocations.problem.empty()) {
    append_row(out, "", "NOTHING CAN BE REVOKED: " + status.revocations.problem);
  }
  // What stands here came over a socket: it must not steer a terminal.
  for (char& c : out) {
    auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7f) c = '?';
  }
  return out;
}

}  // namespace sallyport::admin
