#include "admin/door_server.h"

#include "admin/desk.h"
#include "base/log.h"
#include "http/bits.h"

namespace sallyport::admin {
namespace {

constexpr std::uint32_t kStop = http::kFirstOwn;
constexpr http::ServerTimes kTimes{std::chrono::seconds(5), std::chrono::seconds(5),
                                   std::chrono::seconds(15)};

}  // namespace

http::WrittenRefusal refuse_bad_head(std::optional<http::HeadFault> fault) {
  http::AnswerHead head(fault ? 400 : 408);
  head.add("content-type", "text/plain").add("cache-control", "no-store");
  return {std::move(head),
          fault ? "This is not valid HTTP/1.1.\n" : "The request did not arrive in time.\n"};
}

void DoorServer::add(UniqueFd listener, Door& door) {
  posts_.push_back(std::make_unique<Post>(loop_, std::move(listener), door));
}

void DoorServer::start() {
  if (posts_.empty()) return;
  thread_ = std::thread([this] {
    stand_back(nice_);
    for (auto& post : posts_) spawn(accept_connections(*post));
    loop_.run();
  });
}

void DoorServer::stop() {
  if (!thread_.joinable()) return;
  loop_.post([this] {
    stopping_ = true;
    for (auto& post : posts_) post->acceptor.stop();
    for (auto* connection : connections_) connection->raise(kStop);
    if (running_ == 0) loop_.stop();
  });
  thread_.join();
}

void DoorServer::end_one() {
  if (--running_ == 0) loop_.stop();
}

Task<void> DoorServer::accept_connections(Post& post) {
  ++running_;
  co_await post.acceptor.run([this, &post](UniqueFd fd, const sockaddr_storage& peer) {
    auto handler = post.door.welcome(fd.get(), peer);
    if (handler) spawn(serve(std::move(fd), std::move(handler), post.door.tls()));
  });
  end_one();
}

Task<void> DoorServer::serve(UniqueFd fd, std::unique_ptr<http::ServerHandler> handler,
                             std::shared_ptr<const http::TlsServer> tls) {
  ++running_;
  try {
    http::ServerConnection connection(loop_, std::move(fd), kTimes, kStop);
    connections_.insert(&connection);
    struct Leave {
      std::unordered_set<http::ServerConnection*>& set;
      http::ServerConnection* connection;
      ~Leave() { set.erase(connection); }
    } leave{connections_, &connection};
    if (connection.watch_error() == 0) {
      http::SslPtr session = tls ? tls->session(connection.fd()) : nullptr;
      co_await connection.serve(std::move(session), *handler);
    }
  } catch (const std::exception& error) {
    log::limited(log::Level::kError, "admin.connection_failed",
                 {{"door", name_}, {"reason", error.what()}});
  }
  handler.reset();
  end_one();
}

}  // namespace sallyport::admin
