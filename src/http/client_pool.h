// Connections to one provider: made with a time limit, verified, kept while idle, handed out again.
// One pool a worker and provider; belongs to the worker's loop.
//
//   auto connection = pool.take_idle();                       // or null
//   if (!connection) { auto made = co_await pool.connect(signal, abort_bits); ... }
//   ... write the request, feed connection->parser ...
//   pool.give_back(std::move(connection));                    // or just drop it
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/task.h"
#include "base/url.h"
#include "http/bits.h"
#include "http/buffer.h"
#include "http/message_parser.h"
#include "http/reads_per_turn.h"
#include "http/resolver.h"
#include "http/stream.h"

namespace sallyport::http {

/// Where a provider lives and how to get there. Immutable.
struct Destination {
  Url url;
  std::shared_ptr<const TlsClient> trust;  ///< null with http
  std::optional<Url> proxy;                ///< CONNECT through it
  std::chrono::milliseconds connect_limit{5000};
};

enum class ConnectFault : std::uint8_t {
  kResolve,  ///< the name has no (allowed) address
  kRefused,  ///< no address took the connection
  kTls,      ///< handshake or verification failed
  kProxy,    ///< the proxy refused or answered nonsense
  kTooLate,
  kAborted,  ///< one of the abort bits came
};
[[nodiscard]] std::string_view describe(ConnectFault fault);

struct ConnectFailure {
  ConnectFault fault;
  std::string detail;  ///< words for the operator
};

struct ClientConnection {
  ClientConnection(EventLoop& loop, UniqueFd fd) : stream(loop, std::move(fd)) {}
  Stream stream;
  Buffer in;
  ResponseParser parser;
  bool reused = false;  ///< carried an exchange before
  SteadyTime idle_since{};
};
using ClientConnectionPtr = std::unique_ptr<ClientConnection>;
using Connected = std::expected<ClientConnectionPtr, ConnectFailure>;

class ClientPool {
 public:
  static constexpr std::size_t kMaxIdle = 512;
  static constexpr std::chrono::seconds kIdleTime{60};

  ClientPool(EventLoop& loop, Resolver& resolver, std::shared_ptr<const Destination> destination)
      : loop_(loop), resolver_(resolver), destination_(std::move(destination)) {}

  /// An idle connection that the provider has not closed, or null.
  [[nodiscard]] ClientConnectionPtr take_idle();
  /// A new one, whose watch raises kProviderReadable and kProviderWritable of `signal`. `abort`:
  /// bits of the signal, kept ones, that end the attempt.
  [[nodiscard]] Task<Connected> connect(Signal& signal, std::uint32_t abort);
  /// Keeps it for the next exchange. Its parser must be done and its buffer empty.
  void give_back(ClientConnectionPtr connection);
  /// Drops what was idle too long or was closed by the provider. About once a second.
  void sweep();
  void close_all() { idle_.clear(); }

  [[nodiscard]] const Destination& destination() const { return *destination_; }
  [[nodiscard]] std::size_t idle() const { return idle_.size(); }

 private:
  using Fault = std::optional<ConnectFailure>;
  [[nodiscard]] Task<Connected> open_socket(Signal& signal, std::uint32_t abort);
  [[nodiscard]] Task<Fault> ask_proxy(ClientConnection& connection, Signal& signal,
                                      std::uint32_t abort);
  [[nodiscard]] Task<Fault> start_tls(ClientConnection& connection, Signal& signal,
                                      std::uint32_t abort);

  EventLoop& loop_;
  Resolver& resolver_;
  std::shared_ptr<const Destination> destination_;
  std::deque<ClientConnectionPtr> idle_;
};

}  // namespace sallyport::http
