// One request from its head to its record. endpoints.cc chooses what answers; the life of a request
// that goes to a provider is readable top to bottom in exchange.cc. Each step is one call into one
// folder. Runs on its worker's thread.
#pragma once

#include "base/task.h"
#include "gateway/source.h"
#include "http/server_connection.h"

namespace sallyport::gateway {

class Worker;

/// Answers the request whose head `client` has just read. Afterwards the connection is ready for
/// the next one, or client.keep_alive() is false.
[[nodiscard]] Task<void> run_exchange(Worker& worker, http::ServerConnection& client,
                                      const Source& peer);

}  // namespace sallyport::gateway
