// The rig's model provider: strict about its key, fast about everything else. One thread.
//
//   rig_upstream --port 0 --key SECRET [--model NAME] [--certificate PEM --private-key PEM]
//
// Prints "listening PORT". POST to anything answers about 1 KB of JSON; with ?rate=R&events=N in
// the query an event stream: N events (0: without end) at R a second (0: an opening, then silence).
// GET /stats tells what was seen. A request with a wrong key or any Authorization header is
// answered 403 and counted as a violation: a peer with violations has measured nothing.
#include <sys/epoll.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <queue>
#include <vector>

#include "message_reader.h"
#include "options.h"
#include "wire.h"

namespace rig {
namespace {

constexpr std::size_t kMaxUnsent = 4 << 20;  // of one stream whose reader has stopped

std::string chunk(std::string_view event) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", event.size());
  return size + std::string(event) + "\r\n";
}

std::string event(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}

constexpr std::string_view kFields =
    "request-id: req_011CSHoEeqs5C35K2UUqR7Fy\r\n"
    "anthropic-organization-id: 1f0f9d1e-2a3b-4c5d-8e9f-0123456789ab\r\n"
    "anthropic-ratelimit-requests-remaining: 3999\r\n"
    "date: Sat, 21 Nov 2026 10:00:00 GMT\r\n"
    "strict-transport-security: max-age=31536000\r\n";

std::string usage(int output) {
  return R"({"input_tokens":472,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,)"
         R"("output_tokens":)" +
         std::to_string(output) + "}";
}

/// The answers, made once. An event's time and number are written over its '0' digits.
struct Answers {
  std::string message;
  std::string refusal;
  std::string opening;
  std::string delta;
  std::string ending;
  std::size_t time_at;
  std::size_t number_at;

  explicit Answers(const std::string& model) {
    std::string text;
    while (text.size() < 700) text += "The keeper of the gate knows every face. ";
    std::string body = R"({"id":"msg_01Xyz","type":"message","role":"assistant","model":")" +
                       model + R"(","content":[{"type":"text","text":")" + text +
                       R"("}],"stop_reason":"end_turn","stop_sequence":null,"usage":)" +
                       usage(189) + "}";
    message = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + std::string(kFields) +
              "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    refusal =
        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    opening =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
        "cache-control: no-cache\r\n" +
        std::string(kFields) + "transfer-encoding: chunked\r\n\r\n" +
        chunk(event("message_start",
                    R"({"type":"message_start","message":{"id":"msg_01Xyz","type":"message",)"
                    R"("role":"assistant","content":[],"model":")" +
                        model + R"(","stop_reason":null,"stop_sequence":null,"usage":)" + usage(1) +
                        "}}")) +
        chunk(event("content_block_start", R"({"type":"content_block_start","index":0,)"
                                           R"("content_block":{"type":"text","text":""}})"));
    delta = chunk(event("content_block_delta",
                        R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta",)"
                        R"("text":"@0000000000000000000#00000000@ knows every face"}})"));
    time_at = delta.find('@') + 1;
    number_at = delta.find('#') + 1;
    ending =
        chunk(event("content_block_stop", R"({"type":"content_block_stop","index":0})")) +
        chunk(event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"end_turn",)"
                                     R"("stop_sequence":null},"usage":{"output_tokens":189}})")) +
        chunk(event("message_stop", R"({"type":"message_stop"})")) + "0\r\n\r\n";
  }
};

void write_digits(char* end, std::uint64_t value) {
  for (; value > 0; value /= 10) *--end = static_cast<char>('0' + value % 10);
}

struct Client {
  Socket socket;
  MessageReader reader;
  std::string unsent;
  std::uint64_t generation = 0;
  bool wants_write = false;
  // Of the request that is being read:
  bool is_allowed = false;
  bool asks_stats = false;
  bool asks_stream = false;
  // Of the stream that is being sent:
  bool is_streaming = false;
  std::uint64_t events = 0;
  std::uint64_t sent = 0;
  std::int64_t interval_ns = 0;
};

/// The number after "name=" in a request line's query; 0 without it.
double query_number(std::string_view line, std::string_view name) {
  std::size_t at = line.find(name);
  double value = 0;
  if (at != std::string_view::npos) {
    std::from_chars(line.data() + at + name.size(), line.data() + line.size(), value);
  }
  return value;
}

class Upstream {
 public:
  Upstream(int listener, std::string key, const std::string& model, SSL_CTX* tls)
      : listener_(listener), key_(std::move(key)), answers_(model), tls_(tls) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  }

  void run() {
    epoll_event events[256];
    for (;;) {
      timespec wait{};
      int count = ::epoll_pwait2(epoll_, events, 256, next_due(&wait) ? &wait : nullptr, nullptr);
      if (count < 0 && errno != EINTR) die("epoll failed");
      for (int i = 0; i < count; ++i) turn(events[i].data.fd, events[i].events);
      send_due_events();
    }
  }

 private:
  struct Due {
    std::int64_t at;
    int fd;
    std::uint64_t generation;
    bool operator>(const Due& other) const { return at > other.at; }
  };

  /// What the reader tells about a request.
  struct Visitor {
    Upstream& upstream;
    Client& client;
    void on_head(std::string_view head) { upstream.judge(client, head); }
    void on_body(std::string_view) {}
  };

  void watch(int fd, std::uint32_t what, int how) const {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, how, fd, &event);
  }

  void turn(int fd, std::uint32_t what) {
    if (fd == listener_) return accept_all();
    Client& client = *clients_[static_cast<std::size_t>(fd)];
    if ((what & EPOLLOUT) != 0) flush(client);
    if (client.socket.is_open() && (what & ~EPOLLOUT) != 0) read_from(client);
  }

  void accept_all() {
    for (;;) {
      Socket socket = accept_from(listener_, tls_);
      if (!socket.is_open()) return;
      int fd = socket.fd();
      const auto place = static_cast<std::size_t>(fd);
      if (clients_.size() <= place) clients_.resize(place + 1024);
      auto& client = clients_[place];
      client = std::make_unique<Client>();
      client->socket = std::move(socket);
      client->generation = ++generations_;
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void read_from(Client& client) {
    do {
      Transfer got = client.socket.read(buffer_, sizeof buffer_);
      if (got.io == Io::kLater) return;
      if (got.io == Io::kClosed) return drop(client);
      std::string_view bytes(buffer_, got.bytes);
      Visitor visitor{*this, client};
      while (!bytes.empty() && client.socket.is_open()) {
        bytes.remove_prefix(client.reader.feed(bytes, visitor));
        if (client.reader.is_broken()) return drop(client);
        if (client.reader.is_done()) answer(client);
      }
    } while (client.socket.is_open() && client.socket.has_more());
  }

  void judge(Client& client, std::string_view head) {
    std::string_view line = head.substr(0, head.find('\r'));
    client.asks_stats = line.starts_with("GET /stats");
    bool has_key = false;
    bool has_authorization = false;
    for_each_field(head, [&](std::string_view name, std::string_view value) {
      if (same_name(name, "api-key") || same_name(name, "x-api-key")) has_key |= value == key_;
      has_authorization |= same_name(name, "authorization");
    });
    client.is_allowed = has_key && !has_authorization;
    client.asks_stream = line.find("rate=") != std::string_view::npos;
    if (client.asks_stream) {
      double rate = query_number(line, "rate=");
      client.interval_ns = rate > 0 ? static_cast<std::int64_t>(1e9 / rate) : 0;
      client.events = static_cast<std::uint64_t>(query_number(line, "events="));
    }
  }

  void answer(Client& client) {
    if (client.asks_stats) return send(client, stats());
    ++requests_;
    if (!client.is_allowed) {
      ++violations_;
      return send(client, answers_.refusal);
    }
    if (!client.asks_stream) return send(client, answers_.message);
    client.is_streaming = true;
    client.sent = 0;
    send(client, answers_.opening);
    if (client.interval_ns > 0 && client.socket.is_open()) {
      // Spread: streams that open together do not beat together.
      std::int64_t phase = static_cast<std::int64_t>(++phases_ * 2654435761U % 1000);
      due_.push(
          {now_ns() + client.interval_ns * phase / 1000, client.socket.fd(), client.generation});
    }
  }

  [[nodiscard]] std::string stats() const {
    std::string body = "{\"requests\":" + std::to_string(requests_) +
                       ",\"violations\":" + std::to_string(violations_) +
                       ",\"events\":" + std::to_string(events_) +
                       ",\"aborted\":" + std::to_string(aborted_) +
                       ",\"overrun\":" + std::to_string(overrun_) + "}\n";
    return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  [[nodiscard]] bool next_due(timespec* wait) const {
    if (due_.empty()) return false;
    std::int64_t left = std::max<std::int64_t>(0, due_.top().at - now_ns());
    *wait = {left / 1'000'000'000, left % 1'000'000'000};
    return true;
  }

  void send_due_events() {
    while (!due_.empty() && due_.top().at <= now_ns()) {
      Due due = due_.top();
      due_.pop();
      Client& client = *clients_[static_cast<std::size_t>(due.fd)];
      if (client.generation != due.generation || !client.is_streaming) continue;
      send_event(client);
      if (!client.is_streaming) continue;
      due_.push({due.at + client.interval_ns, due.fd, due.generation});
    }
  }

  void send_event(Client& client) {
    ++client.sent;
    ++events_;
    std::string& event = answers_.delta;
    std::fill_n(event.begin() + static_cast<std::ptrdiff_t>(answers_.number_at), 8, '0');
    write_digits(event.data() + answers_.number_at + 8, client.sent);
    write_digits(event.data() + answers_.time_at + 19, static_cast<std::uint64_t>(now_ns()));
    bool is_last = client.events != 0 && client.sent == client.events;
    if (is_last) client.is_streaming = false;
    send(client, event);
    if (is_last && client.socket.is_open()) send(client, answers_.ending);
  }

  void send(Client& client, std::string_view bytes) {
    if (client.unsent.empty()) {
      Transfer sent = client.socket.write(bytes);
      if (sent.io == Io::kClosed) return drop(client);
      bytes.remove_prefix(sent.io == Io::kDone ? sent.bytes : 0);
    }
    if (bytes.empty()) return;
    client.unsent.append(bytes);
    if (client.unsent.size() > kMaxUnsent) {
      ++overrun_;
      return drop(client);
    }
    if (!client.wants_write) watch(client.socket.fd(), EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    client.wants_write = true;
  }

  void flush(Client& client) {
    while (!client.unsent.empty()) {
      Transfer sent = client.socket.write(client.unsent);
      if (sent.io == Io::kClosed) return drop(client);
      if (sent.io == Io::kLater) return;
      client.unsent.erase(0, sent.bytes);
    }
    if (client.wants_write) watch(client.socket.fd(), EPOLLIN, EPOLL_CTL_MOD);
    client.wants_write = false;
  }

  void drop(Client& client) {
    if (client.is_streaming) ++aborted_;
    client.is_streaming = false;
    client.generation = 0;
    client.socket.close();
  }

  int listener_;
  int epoll_;
  std::string key_;
  Answers answers_;
  SSL_CTX* tls_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t generations_ = 0;
  std::uint32_t phases_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t violations_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t aborted_ = 0;
  std::uint64_t overrun_ = 0;
  char buffer_[128 * 1024];
};

}  // namespace
}  // namespace rig

int main(int count, char** words) {
  rig::Options options(count, words,
                       {{"port", "0"},
                        {"key", ""},
                        {"model", "sonnet-prod"},
                        {"certificate", ""},
                        {"private-key", ""}});
  rig::prepare_process();
  ::prctl(PR_SET_TIMERSLACK, 1);
  SSL_CTX* tls =
      options.text("certificate").empty()
          ? nullptr
          : rig::server_context(options.text("certificate"), options.text("private-key"));
  int listener = rig::listen_on(static_cast<std::uint16_t>(options.number("port")));
  std::printf("listening %d\n", rig::port_of(listener));
  std::fflush(stdout);
  auto upstream =
      std::make_unique<rig::Upstream>(listener, options.text("key"), options.text("model"), tls);
  upstream->run();
}
