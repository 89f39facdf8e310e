// The firewall list as text, CSV and JSON.
#include <fmt/format.h>

#include <algorithm>

#include "profile/egress.h"

namespace sallyport::profile {
namespace {

std::string csv_cell(std::string_view text) {
  std::string cell = "\"";
  bool formula = !text.empty() && std::string_view("=+-@").find(text[0]) != std::string_view::npos;
  if (formula) cell.push_back('\'');
  for (char c : text) {
    if (c == '"') cell.push_back('"');
    cell.push_back(c);
  }
  cell.push_back('"');
  return cell;
}

struct HostPort {
  std::string_view host, port;
};
HostPort split_port(std::string_view entry) {
  auto colon = entry.rfind(':');
  if (colon == std::string_view::npos || entry.ends_with(']')) return {entry, "443"};
  return {entry.substr(0, colon), entry.substr(colon + 1)};
}

constexpr std::string_view kColumns = "host,port,used by,key,purpose,confirmed\r\n";

void append_rows(std::string& out, const EgressHost& host, std::string_view first_cells) {
  auto [name, port] = split_port(host.host);
  for (const EgressReason& reason : host.reasons) {
    out += fmt::format("{}{},{},{},{},{},{}\r\n", first_cells, csv_cell(name), port,
                       host.browser_only ? "browser" : "app", csv_cell(reason.key),
                       csv_cell(reason.purpose), reason.confirmed ? "yes" : "no");
  }
}

void append_host(std::string& out, const EgressHost& host, std::string_view mark) {
  out += fmt::format("\n{}{}{}\n", mark, host.host,
                     host.browser_only ? "  (the person's browser)" : "");
  for (const EgressReason& reason : host.reasons) {
    out += fmt::format("    {}{}{}\n", reason.purpose,
                       reason.key.empty() ? std::string() : fmt::format(" [{}]", reason.key),
                       reason.confirmed ? "" : " (not confirmed by the vendor's tables)");
  }
}

EgressList without(const EgressList& list, const EgressList& other) {
  EgressList left;
  for (const EgressHost& host : list.perimeter) {
    bool there = std::any_of(other.perimeter.begin(), other.perimeter.end(),
                             [&](const EgressHost& known) { return known.host == host.host; });
    if (!there) left.perimeter.push_back(host);
  }
  return left;
}

}  // namespace

std::string egress_text(const EgressList& list) {
  std::string out = "Firewall: open these hosts, HTTPS, by server name\n";
  for (const EgressHost& host : list.perimeter) append_host(out, host, "");
  out += "\nIn-app sandbox: what the agent's tools may reach (not a firewall setting)\n";
  for (const std::string& host : list.sandbox) out += fmt::format("\n{}", host);
  if (!list.sandbox.empty()) out += "\n";
  for (const std::string& note : list.sandbox_notes) out += fmt::format("\n    {}\n", note);
  return out;
}

std::string egress_hosts(const EgressList& list) {
  std::string out;
  for (const EgressHost& host : list.perimeter) out += host.host + "\n";
  return out;
}

std::string egress_csv(const EgressList& list) {
  std::string out(kColumns);
  for (const EgressHost& host : list.perimeter) append_rows(out, host, "");
  return out;
}

json::object egress_json(const EgressList& list) {
  json::array perimeter, sandbox, notes;
  for (const EgressHost& host : list.perimeter) {
    json::array reasons;
    for (const EgressReason& reason : host.reasons) {
      json::object one;
      one["rule"] = reason.rule;
      if (!reason.key.empty()) one["key"] = reason.key;
      one["purpose"] = reason.purpose;
      one["confirmed"] = reason.confirmed;
      reasons.push_back(std::move(one));
    }
    json::object entry;
    entry["host"] = host.host;
    entry["usedBy"] = host.browser_only ? "browser" : "app";
    entry["reasons"] = std::move(reasons);
    perimeter.push_back(std::move(entry));
  }
  for (const std::string& host : list.sandbox) sandbox.emplace_back(host);
  for (const std::string& note : list.sandbox_notes) notes.emplace_back(note);
  json::object sandbox_object;
  sandbox_object["allowedHosts"] = std::move(sandbox);
  sandbox_object["notes"] = std::move(notes);
  json::object root;
  root["perimeter"] = std::move(perimeter);
  root["sandbox"] = std::move(sandbox_object);
  return root;
}

EgressChange egress_change(const EgressList& before, const EgressList& after) {
  return {without(after, before), without(before, after)};
}

std::string egress_text(const EgressChange& change) {
  std::string out;
  for (const EgressHost& host : change.opened.perimeter) append_host(out, host, "+ ");
  for (const EgressHost& host : change.closed.perimeter) append_host(out, host, "- ");
  return out.empty() ? "Both open the same hosts\n" : out.substr(1);
}

std::string egress_hosts(const EgressChange& change) {
  std::string out;
  for (const EgressHost& host : change.opened.perimeter) out += "+ " + host.host + "\n";
  for (const EgressHost& host : change.closed.perimeter) out += "- " + host.host + "\n";
  return out;
}

std::string egress_csv(const EgressChange& change) {
  std::string out = "change," + std::string(kColumns);
  for (const EgressHost& host : change.opened.perimeter) append_rows(out, host, "opened,");
  for (const EgressHost& host : change.closed.perimeter) append_rows(out, host, "closed,");
  return out;
}

json::object egress_json(const EgressChange& change) {
  json::object root;
  root["opened"] = egress_json(change.opened).at("perimeter");
  root["closed"] = egress_json(change.closed).at("perimeter");
  return root;
}

}  // namespace sallyport::profile
