#include "admin/socket_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/check.h"
#include "base/test_folder.h"
#include "base/unique_fd.h"

namespace sallyport::admin {
namespace {

UniqueFd listen_at(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  SALLYPORT_CHECK(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  SALLYPORT_CHECK(::listen(fd.get(), 4) == 0);
  return fd;
}

class SocketClient : public testing::Test {
 protected:
  // Accepts one connection, reads the head of the request, sends `bytes` and closes.
  Result<SocketAnswer> ask_one_that_says(const std::string& bytes, std::string* heard = nullptr) {
    UniqueFd listener = listen_at(path);
    std::thread peer([&] {
      UniqueFd client(::accept(listener.get(), nullptr, nullptr));
      std::string head;
      char buffer[4096];
      while (head.find("\r\n\r\n") == std::string::npos) {
        ssize_t n = ::read(client.get(), buffer, sizeof buffer);
        if (n <= 0) break;
        head.append(buffer, static_cast<std::size_t>(n));
      }
      if (heard != nullptr) *heard = head;
      std::size_t sent = 0;
      while (sent < bytes.size()) {
        ssize_t n = ::send(client.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<std::size_t>(n);
      }
    });
    auto answer = ask_socket(path, "GET", "/status");
    peer.join();
    return answer;
  }

  std::string code_of(const Result<SocketAnswer>& answer) {
    return answer ? "(an answer)" : std::string(answer.error().code);
  }

  TestFolder test_folder;
  std::filesystem::path folder = test_folder.path();
  std::string path = (folder / "admin.sock").string();
};

TEST_F(SocketClient, AsksByTheNameOfSallyport) {
  std::string heard;
  auto answer = ask_one_that_says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", &heard);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "ok");
  EXPECT_TRUE(heard.starts_with("GET /status HTTP/1.1\r\nHost: sallyport\r\n")) << heard;
}

TEST_F(SocketClient, ReadsAChunkedAnswer) {
  auto answer = ask_one_that_says(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "ok");
}

TEST_F(SocketClient, SaysThatThereIsNoSocket) {
  EXPECT_EQ(code_of(ask_socket(path, "GET", "/status")), "status.no_socket");
  EXPECT_EQ(code_of(ask_socket("", "GET", "/status")), "status.no_socket");
  EXPECT_EQ(code_of(ask_socket(std::string(200, 'x'), "GET", "/status")), "status.no_socket");
}

TEST_F(SocketClient, SaysThatAFileIsNoSocket) {
  std::ofstream(path) << "hello";
  EXPECT_EQ(code_of(ask_socket(path, "GET", "/status")), "status.not_a_socket");
}

TEST_F(SocketClient, SaysThatTheGatewayIsGone) {
  listen_at(path);  // closed at once; its name stays
  EXPECT_EQ(code_of(ask_socket(path, "GET", "/status")), "status.no_gateway");
}

// In a child that is nobody: the tests may run as root, who may open everything.
TEST_F(SocketClient, SaysThatPermissionIsMissing) {
  UniqueFd listener = listen_at(path);
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  auto code_for_nobody = [&](::mode_t folder_mode) {
    SALLYPORT_CHECK(::chmod(folder.c_str(), folder_mode) == 0);
    if (::geteuid() != 0) SALLYPORT_CHECK(::chmod(path.c_str(), 0) == 0);
    pid_t child = ::fork();
    if (child == 0) {
      if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
      ::_exit(code_of(ask_socket(path, "GET", "/status")) == "status.no_permission" ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
  };
  EXPECT_EQ(code_for_nobody(0755), 0) << "the socket itself";
  if (::geteuid() != 0) return;
  EXPECT_EQ(code_for_nobody(0700), 0) << "the folder around it";
}

TEST_F(SocketClient, SaysThatItWasTurnedAway) {
  EXPECT_EQ(code_of(ask_one_that_says("")), "status.turned_away");
}

TEST_F(SocketClient, SaysThatSomethingElseListens) {
  EXPECT_EQ(code_of(ask_one_that_says("SSH-2.0-OpenSSH_9.2\r\n")), "status.not_a_gateway");
}

TEST_F(SocketClient, AnEndlessAnswerIsCut) {
  EXPECT_EQ(
      code_of(ask_one_that_says("HTTP/1.1 200 OK\r\n\r\n" + std::string(kMaxAnswerBytes + 1, 'x'))),
      "status.not_a_gateway");
}

TEST_F(SocketClient, ASilentPeerIsGivenUp) {
  UniqueFd listener = listen_at(path);
  auto answer = ask_socket(path, "GET", "/status", std::chrono::milliseconds{50});
  EXPECT_EQ(code_of(answer), "status.timeout");
}

}  // namespace
}  // namespace sallyport::admin
