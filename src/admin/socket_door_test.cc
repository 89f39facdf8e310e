#include "admin/socket_door.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "admin/test_backends.h"
#include "http/listener.h"

namespace sallyport::admin {
namespace {

constexpr gid_t kOperators = 7001;

// A door at which every peer is jo, of the group of operators.
class SocketDoorTest : public testing::Test {
 protected:
  SocketDoorTest() {
    auto listener = http::listen_unix(path);
    SALLYPORT_CHECK(listener.has_value());
    server.add(std::move(*listener), door);
    server.start();
    fd = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    SALLYPORT_CHECK(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) ==
                    0);
  }
  ~SocketDoorTest() override { server.stop(); }

  void roles_are(std::vector<GroupRole> now) {
    MutexLock lock(mutex);
    groups = std::move(now);
  }
  // The answer; empty: the connection was closed without one.
  std::string ask(std::string_view path_of_api) {
    auto request = std::string("GET /api/v1").append(path_of_api);
    request += " HTTP/1.1\r\nhost: localhost\r\n\r\n";
    if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
    std::string heard;
    char room[4096];
    // The answers to these questions end with a line end behind the JSON.
    while (!heard.ends_with("}\n")) {
      auto count = ::recv(fd.get(), room, sizeof room, 0);
      if (count <= 0) break;
      heard.append(room, static_cast<std::size_t>(count));
    }
    return heard;
  }

  TestBackends house;
  Api api{api_routes(), *house.backends, {.waiting = 8, .waiting_of_one = 8}, house.clock};
  Mutex mutex;
  std::vector<GroupRole> groups GUARDED_BY(mutex){{"operators", kOperators, Role::kOperator}};
  DoorServer server{"admin.socket", 0};
  SocketDoor door{{.server = server,
                   .api = api,
                   .groups =
                       [this] {
                         MutexLock lock(mutex);
                         return groups;
                       },
                   .metrics = [] { return std::string(); },
                   .names = PeerNames([](uid_t /*uid*/) { return "jo"; }, ::geteuid(), house.clock),
                   .peer = [](int /*fd*/) -> std::optional<SocketPeer> {
                     return SocketPeer{::geteuid() + 4321, {kOperators}};
                   }}};
  std::string path = (house.folder.path() / "admin.sock").string();
  UniqueFd fd;
};

TEST_F(SocketDoorTest, ARoleEndsWithTheReloadThatTakesItAway) {
  EXPECT_NE(ask("/me").find("\"operator\""), std::string::npos);
  roles_are({{"operators", kOperators, Role::kHelpdesk}});
  auto less = ask("/me");
  EXPECT_NE(less.find("\"helpdesk\""), std::string::npos) << less;
  EXPECT_EQ(less.find("\"operator\""), std::string::npos) << less;
  roles_are({});
  EXPECT_EQ(ask("/me"), "") << "the connection is closed";
}

TEST_F(SocketDoorTest, RootAndItsOwnUserComeFirst) {
  for (uid_t uid : {uid_t{0}, ::geteuid()}) {
    auto caller = caller_at_socket({uid, {}}, "somebody", ::geteuid(), {});
    ASSERT_TRUE(caller);
    EXPECT_TRUE(comes_first(*caller)) << uid;
  }
  auto jo = caller_at_socket({::geteuid() + 4321, {kOperators}}, "jo", ::geteuid(),
                             {{"operators", kOperators, Role::kAdministrator}});
  ASSERT_TRUE(jo);
  EXPECT_EQ(jo->who, "jo");
  EXPECT_FALSE(comes_first(*jo));
}

}  // namespace
}  // namespace sallyport::admin
