// The firewall list that follows from a configuration: each host with the keys that require it and
// the purpose. Two boundaries are kept apart (facts: desktop-config 12): the perimeter's firewall,
// and the in-app sandbox that governs the agent's own tools. Hosts and purposes are the catalogue's
// data; only the conditions are code. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "profile/value.h"

namespace sallyport::profile {

struct EgressReason {
  std::string rule;     ///< the catalogue's id of the condition
  std::string key;      ///< the key that opens it; empty: always
  std::string purpose;  ///< for people
  bool confirmed = true;
};

struct EgressHost {
  std::string host;           ///< name, *.name, or name:port where the port is not 443
  bool browser_only = false;  ///< reached by the person's browser, not by the app
  std::vector<EgressReason> reasons;
};

struct EgressList {
  std::vector<EgressHost> perimeter;  ///< sorted by host
  std::vector<std::string> sandbox;   ///< what the agent's tools may reach
  std::vector<std::string> sandbox_notes;
};

struct EgressOptions {
  bool offline_installer = false;  ///< the offline installer brings what is else downloaded
};

[[nodiscard]] EgressList egress(const json::object& values, const EgressOptions& options);

/// What opens when `before` becomes `after`, and what may be closed then; sandbox lists left out.
struct EgressChange {
  EgressList opened, closed;
};
[[nodiscard]] EgressChange egress_change(const EgressList& before, const EgressList& after);

[[nodiscard]] std::string egress_text(const EgressList& list);
/// One host a line, nothing else: what a firewall's import takes.
[[nodiscard]] std::string egress_hosts(const EgressList& list);
/// RFC 4180: host,port,used by,key,purpose,confirmed. Cells that a spreadsheet could take for a
/// formula are quoted with a leading apostrophe.
[[nodiscard]] std::string egress_csv(const EgressList& list);
[[nodiscard]] json::object egress_json(const EgressList& list);

/// Each with a leading + (opened) or - (closed), as a column of its own in CSV.
[[nodiscard]] std::string egress_text(const EgressChange& change);
[[nodiscard]] std::string egress_hosts(const EgressChange& change);
[[nodiscard]] std::string egress_csv(const EgressChange& change);
[[nodiscard]] json::object egress_json(const EgressChange& change);

}  // namespace sallyport::profile
