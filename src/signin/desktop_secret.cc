#include "signin/desktop_secret.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "signin/dbus_message.h"
#include "signin/secret_channel.h"
#include "signin/vault.h"

namespace sallyport::signin {
namespace {

constexpr std::string_view kBus = "org.freedesktop.DBus";
constexpr std::string_view kService = "org.freedesktop.secrets";
constexpr std::string_view kServicePath = "/org/freedesktop/secrets";
constexpr std::chrono::seconds kPatience{10};  ///< with the key ring, in all
constexpr int kMaxMessages = 64;               ///< signals that come between

std::unexpected<Error> detour(std::string why) {
  return fail(kVaultUnavailable, "the desktop's key ring cannot be read: " + std::move(why));
}

// ---- the bus ------------------------------------------------------------------------------------

// The first address of the session bus, where it is a socket of this machine.
std::optional<sockaddr_un> bus_address(socklen_t& size) {
  const char* named = std::getenv("DBUS_SESSION_BUS_ADDRESS");
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  std::string address = named != nullptr     ? named
                        : runtime != nullptr ? std::string("unix:path=") + runtime + "/bus"
                                             : std::string();
  std::string_view path = std::string_view(address).substr(0, address.find_first_of(",;"));
  constexpr std::string_view kPath = "unix:path=", kAbstract = "unix:abstract=";
  bool abstract = path.starts_with(kAbstract);
  if (!abstract && !path.starts_with(kPath)) return {};
  path.remove_prefix(abstract ? kAbstract.size() : kPath.size());
  sockaddr_un where{};
  if (path.empty() || path.size() + 2 > sizeof where.sun_path || path.contains('%')) return {};
  where.sun_family = AF_UNIX;
  std::memcpy(where.sun_path + (abstract ? 1 : 0), path.data(), path.size());
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return where;
}

class SessionBus {
 public:
  Result<void> connect() {
    socklen_t size = 0;
    auto where = bus_address(size);
    if (!where) return detour("the session bus has an address of another kind");
    socket_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    timeval patience{kPatience.count(), 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    end_ = std::chrono::steady_clock::now() + kPatience;
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&*where), size) != 0) {
      return detour(std::string("no session bus: ") + std::strerror(errno));
    }
    // The whole of it at once, as sd-bus does; what the other side does not like, it says below.
    out_.push_back('\0');
    out_ += "AUTH EXTERNAL ";
    for (char digit : std::to_string(::geteuid())) (out_ += '3') += digit;  // in hexadecimal
    out_ += "\r\nBEGIN\r\n";
    call({kBus, "/org/freedesktop/DBus", kBus, "Hello", {}, {}});
    return {};
  }

  /// Goes out with send(), or with the next answer that is waited for. Gives back its number.
  std::uint32_t call(const DbusCall& what) {
    out_ += write_call(what, ++serial_);
    return serial_;
  }

  Result<void> send() {
    std::string_view left = out_;
    while (!left.empty()) {
      ssize_t n = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return detour(std::strerror(errno));
      left.remove_prefix(static_cast<std::size_t>(n));
    }
    out_.clear();
    return {};
  }

  /// The answer to this call; answers to calls before it are passed over. Valid until the next.
  Result<DbusMessage> answer(std::uint32_t serial) {
    if (auto sent = send(); !sent) return std::unexpected(std::move(sent.error()));
    if (!welcomed_) {
      auto line = read_line();
      if (!line) return std::unexpected(std::move(line.error()));
      if (!line->starts_with("OK ")) return detour("the session bus does not know us");
      welcomed_ = true;
    }
    for (int i = 0; i < kMaxMessages; ++i) {
      auto message = read_message();
      if (!message) return message;
      if (message->reply_to != serial) continue;
      if (message->type == DbusMessage::Type::kReply) return message;
      if (message->type == DbusMessage::Type::kError) {
        return detour(std::string(message->error.substr(0, 200)));
      }
    }
    return detour("too many messages without an answer");
  }

 private:
  /// Until `size` bytes are there that have not been taken.
  Result<void> fill(std::size_t size) {
    while (in_.size() - taken_ < size) {
      auto left =
          std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
      pollfd waiting{socket_.get(), POLLIN, 0};
      int ready = left.count() <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left.count()));
      if (ready < 0 && errno == EINTR) continue;
      if (ready == 0) return detour("the session bus takes too long");
      char buffer[16384];
      ssize_t n = ::recv(socket_.get(), buffer, sizeof buffer, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return detour(n == 0 ? "the session bus hung up" : std::strerror(errno));
      in_.append(buffer, static_cast<std::size_t>(n));
    }
    return {};
  }

  Result<std::string> read_line() {
    constexpr std::size_t kMost = 512;
    for (std::size_t size = 1; size < kMost; ++size) {
      if (auto filled = fill(size); !filled) return std::unexpected(std::move(filled.error()));
      if (in_[taken_ + size - 1] != '\n') continue;
      std::string line = in_.substr(taken_, size);
      taken_ += size;
      return line;
    }
    return detour("the session bus answers with something else");
  }

  Result<DbusMessage> read_message() {
    in_.erase(0, std::exchange(taken_, 0));  // what the last message was read from
    if (auto filled = fill(kDbusHead); !filled) return std::unexpected(std::move(filled.error()));
    auto size = dbus_size(std::string_view(in_).substr(taken_));
    if (!size) return detour("a message that is none");
    if (auto filled = fill(*size); !filled) return std::unexpected(std::move(filled.error()));
    auto message = parse_message(std::string_view(in_).substr(taken_, *size));
    taken_ += *size;
    if (!message) return detour("a message that cannot be read");
    return *message;
  }

  UniqueFd socket_;
  std::string out_;
  std::string in_;  ///< secrets in it are encrypted
  std::size_t taken_ = 0;
  std::uint32_t serial_ = 0;
  bool welcomed_ = false;
  SteadyTime end_{};  ///< of everything that is waited for
};

// ---- the calls ----------------------------------------------------------------------------------

std::uint32_t open_session(SessionBus& bus, const SecretChannel& channel) {
  std::string body;
  DbusWriter out(body);
  out.text(SecretChannel::kAlgorithm);
  out.signature("ay");
  out.bytes(channel.public_key());
  return bus.call(
      {kService, kServicePath, "org.freedesktop.Secret.Service", "OpenSession", "sv", body});
}

std::uint32_t search_items(SessionBus& bus, const SecretAttributes& attributes) {
  std::string body;
  DbusWriter out(body);
  auto array = out.begin_array(8);
  for (const auto& [name, value] : attributes) {
    out.align(8);
    out.text(name);
    out.text(value);
  }
  out.end_array(array);
  return bus.call(
      {kService, kServicePath, "org.freedesktop.Secret.Service", "SearchItems", "a{ss}", body});
}

// The first of an array of paths; empty if there is none.
std::string first_path(DbusReader& reader) {
  std::size_t length = reader.array(4);
  std::size_t end = reader.at() + length;
  std::string first;
  while (reader.good() && reader.at() < end) {
    auto path = reader.text();
    if (first.empty()) first = path;
  }
  return first;
}

}  // namespace

Result<Secret> read_desktop_secret(const SecretAttributes& attributes, Entropy& entropy) {
  SessionBus bus;
  if (auto connected = bus.connect(); !connected) {
    return std::unexpected(std::move(connected.error()));
  }
  SecretChannel channel(entropy);
  auto session_call = open_session(bus, channel);
  auto search_call = search_items(bus, attributes);

  // The other side reckons for five milliseconds; ours has something to do meanwhile.
  if (auto sent = bus.send(); !sent) return std::unexpected(std::move(sent.error()));
  SecretChannel::start_cryptography();
  auto opened = bus.answer(session_call);
  if (!opened) return std::unexpected(std::move(opened.error()));
  auto reader = opened->reader();
  if (opened->signature != "vo" || reader.signature() != "ay" || !channel.agree(reader.bytes())) {
    return detour("it agrees on no key");
  }
  std::string session(reader.text());

  auto found = bus.answer(search_call);
  if (!found) return std::unexpected(std::move(found.error()));
  reader = found->reader();
  std::string item = first_path(reader), locked = first_path(reader);
  if (found->signature != "aoao" || !reader.good()) return detour("a list that is none");
  if (item.empty() && !locked.empty()) {
    return fail(kVaultLocked, "the desktop's key ring is locked",
                "unlock it (signing in to the desktop does), then try again");
  }
  if (item.empty()) {
    return fail(kVaultMissing, "the desktop's key ring holds nothing of this sign-in",
                "run `sallyport sign-in`");
  }

  std::string body;
  DbusWriter(body).text(session);
  auto secret =
      bus.answer(bus.call({kService, item, "org.freedesktop.Secret.Item", "GetSecret", "o", body}));
  if (!secret) return std::unexpected(std::move(secret.error()));
  reader = secret->reader();
  reader.align(8);
  reader.text();  // the session
  auto vector = reader.bytes();
  auto value = reader.bytes();
  if (secret->signature != "(oayays)" || !reader.good()) return detour("a secret that is none");
  auto plain = channel.decrypt(vector, value);
  if (!plain) return detour("a secret that cannot be decrypted");
  return std::move(*plain);
}

}  // namespace sallyport::signin
