// What a route of the administrator's side gets of a request, and what it answers with.
#pragma once

#include <functional>
#include <string>

#include "http/server_stream.h"

namespace sallyport::admin {

class RevocationDesk;

struct Answer {
  int status = 200;
  std::string type = "application/json";
  std::string body;
};

/// What somebody asks by the local socket.
struct Question {
  std::string body;
  std::string who;  ///< the peer by the kernel's word: "root (uid 0)"
};
/// To be called once, from any thread, while the server lives.
using Reply = std::function<void(Answer)>;

/// What the routes speak of; filled in app/. Functions are called on the admin thread.
struct Services {
  std::function<std::string()> metrics;  ///< Prometheus text
  std::function<std::string()> status;   ///< JSON
  RevocationDesk* revocations = nullptr;
};

struct Call {
  EventLoop& loop;
  http::ServerStream& client;
  Services& services;
  http::ByteBudget& bodies;
  std::string who;  ///< by the local socket; else empty
};

}  // namespace sallyport::admin
