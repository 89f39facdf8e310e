// A request's way through the desk, with handlers that take long or answer later.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>

#include "admin/api/api.h"
#include "admin/door_server.h"
#include "admin/socket_door.h"
#include "admin/test_backends.h"
#include "http/listener.h"

namespace sallyport::admin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What the handlers below do and were told; a handler is a plain function.
struct Told {
  std::atomic<bool> begun{false};
  std::atomic<bool> ended{false};
  std::atomic<int> done{0};
  Mutex mutex;
  Reply reply GUARDED_BY(mutex);
};
Told* told = nullptr;  // NOLINT: of the test that runs

ApiResult read_long(const ApiRequest& request, Backends& /*backends*/) {
  told->begun = true;
  const auto most = std::chrono::steady_clock::now() + seconds(20);
  while (request.go_on() && std::chrono::steady_clock::now() < most) std::this_thread::yield();
  told->ended = !request.go_on();
  return ApiAnswer{.body = "{}\n"};
}

void write_later(const ApiRequest& /*request*/, Backends& /*backends*/, const Reply& reply) {
  ++told->done;
  MutexLock lock(told->mutex);
  told->reply = reply;
  told->begun = true;
}

ApiResult write_now(const ApiRequest& /*request*/, Backends& /*backends*/) {
  ++told->done;
  return ApiAnswer{.body = "{\"done\":true}\n"};
}

constexpr Field kBody[] = {{"text", FieldType::kText, Need::kOptional, "Anything."}};
constexpr ApiRoute kRoutes[] = {
    {"GET", "/long", kEveryRole, Effect::kReads, read_long, "Long.", {}},
    {"POST", "/later", kEveryRole, Effect::kWrites, write_later, "Later.", {.body = kBody}},
    {"POST", "/now", kEveryRole, Effect::kWrites, write_now, "Now.", {.body = kBody}},
};

class Turns : public testing::Test {
 protected:
  Turns() { told = &seen; }
  ~Turns() override { told = nullptr; }
  void SetUp() override { open(kRoutes); }
  void TearDown() override { server.stop(); }

  void open(std::span<const ApiRoute> table) {
    server.stop();
    api.emplace(table, *house.backends, Desk::Bounds{}, house.clock);
    door.emplace(SocketDoor::Parts{.server = server,
                                   .api = *api,
                                   .groups = [] { return std::vector<GroupRole>(); },
                                   .metrics = [] { return std::string(); },
                                   .names = PeerNames(look_up_user, ::geteuid(), system_clock())});
    auto listener = http::listen_unix(path);
    ASSERT_TRUE(listener);
    server.add(std::move(*listener), *door);
    server.start();
  }

  [[nodiscard]] UniqueFd send(std::string_view method, std::string_view target,
                              std::string_view fields, std::string_view body = {}) const {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    auto text = fmt::format("{} /api/v1{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{}", method,
                            target, fields);
    if (!body.empty()) {
      text += fmt::format("content-type: application/json\r\ncontent-length: {}\r\n", body.size());
    }
    text += "\r\n";
    text += body;
    EXPECT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return fd;
  }
  static std::string all_of(const UniqueFd& fd) {
    std::string text;
    char piece[4096];
    for (;;) {
      const auto got = ::read(fd.get(), piece, sizeof piece);
      if (got <= 0) return text;
      text.append(piece, static_cast<std::size_t>(got));
    }
  }
  // True once it holds; false after a patience that is long even for a busy machine.
  template <typename Holds>
  static bool comes(Holds holds) {
    const auto most = std::chrono::steady_clock::now() + seconds(10);
    while (!holds() && std::chrono::steady_clock::now() < most) std::this_thread::yield();
    return holds();
  }
  [[nodiscard]] Reply reply() {
    MutexLock lock(seen.mutex);
    return std::exchange(seen.reply, nullptr);
  }

  Told seen;
  TestBackends house;
  std::string path = (house.folder / "admin.sock").string();
  DoorServer server{"test", 0};
  std::optional<Api> api;
  std::optional<SocketDoor> door;
};

TEST_F(Turns, AReadEndsWhenItsClientHasGone) {
  auto client = send("GET", "/long", "");
  ASSERT_TRUE(comes([this] { return seen.begun.load(); }));
  EXPECT_FALSE(seen.ended);
  client.reset();
  EXPECT_TRUE(comes([this] { return seen.ended.load(); }));
}

TEST_F(Turns, ABodyIsCountedUntilTheReply) {
  const auto body = fmt::format(R"({{"text":"{}"}})", std::string(900, 'x'));
  auto client = send("POST", "/later", "", body);
  ASSERT_TRUE(comes([this] { return seen.begun.load(); }));
  EXPECT_GE(server.bodies().used(), body.size());
  reply()(ApiAnswer{.body = "{}\n"});
  EXPECT_TRUE(all_of(client).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(comes([this] { return server.bodies().used() == 0; }));
}

TEST_F(Turns, AReplyThatComesLateStillFindsItsApi) {
  auto client = send("POST", "/later", "", "{}");
  ASSERT_TRUE(comes([this] { return seen.begun.load(); }));
  server.stop();
  std::thread later([its_reply = reply()]() mutable {
    std::this_thread::sleep_for(milliseconds(50));
    its_reply(ApiAnswer{.body = "{}\n"});
    its_reply = nullptr;
  });
  api.reset();
  EXPECT_EQ(house.written().size(), 1U) << "what was done is in the record";
  later.join();
}

TEST_F(Turns, WhatWasDoneButNotRecordedIsNotDoneAgain) {
  house.record_is_gone = true;
  for (int i = 0; i < 2; ++i) {
    auto answer = all_of(send("POST", "/now", "idempotency-key: a\r\n", "{}"));
    EXPECT_TRUE(answer.contains("api.not_recorded")) << answer;
  }
  EXPECT_EQ(seen.done, 1);
}

TEST_F(Turns, ABadRequestLeavesItsKeyAsItWas) {
  EXPECT_TRUE(all_of(send("POST", "/now", "idempotency-key: a\r\n", "{}")).contains("\"done\""));
  auto bad = all_of(send("POST", "/now", "idempotency-key: a\r\n", R"({"none":1})"));
  EXPECT_TRUE(bad.starts_with("HTTP/1.1 400 ")) << bad;
  EXPECT_TRUE(all_of(send("POST", "/now", "idempotency-key: a\r\n", "{}")).contains("\"done\""));
  EXPECT_EQ(seen.done, 1);
}

TEST(Reload, IsToldWhichVersionItsCallerMeant) {
  // By the real table: the handler holds it where the file is read.
  TestBackends house;
  house.configuration = {"/etc/sallyport.yaml", "abc", {}};
  house.reload_answer = ConfigurationReload{"abc", "def", {}, "[]"};
  auto found = find_api_route(api_routes(), "POST", "/configuration/reload");
  ASSERT_NE(found.route, nullptr);
  ApiRequest request{{}, {}, Input(found.route->shape.query), Input(found.route->shape.body)};
  request.version = "abc";
  found.route->handler.answer(request, *house.backends,
                              [](const ApiResult& result) { EXPECT_TRUE(result); });
  EXPECT_EQ(house.reload_expected, "abc");
}

}  // namespace
}  // namespace sallyport::admin
