// The client side of a load: connections, requests and answers. What to send when, and what to make
// of the answers, is decided by a load (loads.h) that derives from Driver. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "message_reader.h"
#include "wire.h"

namespace rig {

/// What a request looks like; the tokens are used in turn.
struct RequestShape {
  std::string path = "/v1/messages";
  std::string fields;               ///< further header lines, each with its CRLF
  std::vector<std::string> tokens;  ///< bearer tokens; none: no Authorization header
  std::string body;
  bool close = false;  ///< ask for the connection to be closed after the answer
};

struct Connection {
  Socket socket;
  MessageReader reader;
  std::string unsent;
  std::size_t index = 0;
  std::int64_t started = 0;  ///< when its request was due
  int status = 0;
  bool is_busy = false;
  bool wants_write = false;
  // For streams:
  std::string cut_marker;  ///< the front of a marker whose rest has not come yet
  std::uint64_t events = 0;
  bool has_begun = false;
};

class Driver {
 public:
  Driver(std::uint16_t port, SSL_CTX* tls, RequestShape shape);
  virtual ~Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  [[nodiscard]] std::uint64_t errors() const { return errors_; }
  [[nodiscard]] const std::string& first_error() const { return first_error_; }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 protected:
  /// A whole answer has come. `good`: status 200 and a well-formed message.
  virtual void on_answer(Connection& connection, bool good) = 0;
  virtual void on_body(Connection&, std::string_view) {}

  /// Waits at most this long, then handles what has come.
  void turn(std::int64_t wait_ns);
  [[nodiscard]] Connection& add_connection();
  /// Sends the next request, over a new connection where the old one is closed.
  void send_request(Connection& connection, std::int64_t due);
  void fail(const std::string& why);

  std::vector<std::unique_ptr<Connection>> connections_;

 private:
  struct Visitor;
  void connect(Connection& connection);
  void read_from(Connection& connection);
  void flush(Connection& connection);
  void lose(Connection& connection);
  void keep_unsent(Connection& connection, std::string_view head, std::size_t sent);
  void watch(const Connection& connection, std::uint32_t what, int how) const;

  int epoll_;
  std::uint16_t port_;
  SSL_CTX* tls_;
  RequestShape shape_;
  std::string before_token_;
  std::string after_token_;
  std::string head_;
  std::size_t next_token_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t errors_ = 0;
  std::string first_error_;
  std::vector<char> buffer_;
};

}  // namespace rig
