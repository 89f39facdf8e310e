// Rows of the record as `sallyport audit show` prints them, wherever they were read: from the folder
// (audit.cc) or at a server (audit_server.cc). Write to stdout.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/gateway_options.h"
#include "audit/history.h"
#include "audit/revocation_story.h"
#include "base/json_writer.h"

namespace sallyport::app {

/// The name of a row's person; empty where it is not known or nobody asked for it.
using NameOf = std::function<std::string(const audit::Row&)>;
/// More members of a row; may be empty.
using AlsoPut = std::function<void(JsonWriter& json, const audit::Row&)>;

void print_table(const std::vector<audit::Row>& rows, const NameOf& name_of);
/// The lines that the rows were read from, in full.
void print_lines(const std::vector<audit::Row>& rows);
void print_json(const std::vector<audit::Row>& rows, const NameOf& name_of,
                const AlsoPut& also = {});

/// What `audit show` was asked for, as far as a server can answer it.
struct ServerShow {
  GatewayOptions gateway;
  std::size_t last = 50;  ///< 0: all
  std::string id;
  std::string person;
  std::string since;  ///< as the record writes times, or a beginning of that; empty: none
  std::string outcome;
  std::string reason;
  std::string model;
  bool json = false;
};

/// `audit show --server`.
[[nodiscard]] Exit show_from_server(const ServerShow& show);

/// The story of a revocation; kNo where it is empty: the record does not know it.
[[nodiscard]] Exit print_story(const audit::RevocationStory& story, const std::string& id,
                               bool json);
/// `audit show --revocation ID --server`. It has no lines of the record.
[[nodiscard]] Exit show_story_from_server(const GatewayOptions& gateway, const std::string& id,
                                          bool json);

/// A beginning of a time made whole, at the earliest moment that it can mean.
[[nodiscard]] std::string whole_time(std::string text);

}  // namespace sallyport::app
