// Reading from the key ring, with a bus and a secret service of our own at the other end: one that
// behaves, and many that lie, hang or send too much. The real gnome-keyring is
// tests/conformance/token_vault.
#include "signin/desktop_secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include <filesystem>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "signin/secret_channel.h"
#include "signin/test_bus.h"

namespace sallyport::signin {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr char kService[] = ":1.7";

// A secret service whose answers can be exchanged, one by one.
class SecretService {
 public:
  using Answer = std::function<void(sd_bus_message* call, sd_bus_message* reply)>;

  SecretService() {
    answers["Hello"] = [](auto*, auto* reply) { sd_bus_message_append(reply, "s", ":1.8"); };
    answers["OpenSession"] = [this](auto* call, auto* reply) {
      const void* theirs = nullptr;
      std::size_t size = 0;
      const char* algorithm = nullptr;
      sd_bus_message_read_basic(call, 's', &algorithm);
      sd_bus_message_enter_container(call, 'v', "ay");
      sd_bus_message_read_array(call, 'y', &theirs, &size);
      EXPECT_EQ(algorithm, SecretChannel::kAlgorithm);
      EXPECT_TRUE(channel_.agree({static_cast<const char*>(theirs), size}));
      append_session(reply, channel_.public_key());
    };
    answers["SearchItems"] = [this](auto* call, auto* reply) {
      const char *name = nullptr, *value = nullptr;
      sd_bus_message_read(call, "a{ss}", 1, &name, &value);
      searched = std::string(name) + "=" + value;
      sd_bus_message_append(reply, "aoao", 2, "/item/1", "/item/2", 1, "/item/3");
    };
    answers["GetSecret"] = [this](auto* call, auto* reply) {
      item = sd_bus_message_get_path(call);
      append_secret(reply, std::string(16, 'v'), encrypted());
    };
  }

  static void append_session(sd_bus_message* reply, std::string_view key) {
    sd_bus_message_open_container(reply, 'v', "ay");
    sd_bus_message_append_array(reply, 'y', key.data(), key.size());
    sd_bus_message_close_container(reply);
    sd_bus_message_append(reply, "o", "/session/1");
  }
  static void append_secret(sd_bus_message* reply, std::string_view vector,
                            std::string_view value) {
    sd_bus_message_open_container(reply, 'r', "oayays");
    sd_bus_message_append(reply, "o", "/session/1");
    sd_bus_message_append_array(reply, 'y', vector.data(), vector.size());
    sd_bus_message_append_array(reply, 'y', value.data(), value.size());
    sd_bus_message_append(reply, "s", "text/plain");
    sd_bus_message_close_container(reply);
  }

  void serve(int client) {
    serve_messages(client, [this](sd_bus* bus, sd_bus_message* call) {
      std::string member = sd_bus_message_get_member(call);
      sd_bus_message* reply = nullptr;
      sd_bus_message_new_method_return(call, &reply);
      answers[member](call, reply);
      sd_bus_message_set_sender(reply, senders.contains(member) ? senders[member] : kService);
      if (member == falls_silent_at) silent = true;
      if (!silent) sd_bus_send(bus, reply, nullptr);
      sd_bus_message_unref(reply);
    });
  }

  std::map<std::string, Answer> answers;
  std::map<std::string, const char*> senders;  ///< where it is not the service
  std::string falls_silent_at;
  bool silent = false;
  std::string searched, item, secret;

 private:
  // A block that decrypts to something: with one key in 256 it has good padding.
  std::string encrypted() {
    std::string block(16, 'b');
    for (unsigned n = 0; n < 65536; ++n) {
      block[0] = static_cast<char>(n);
      block[1] = static_cast<char>(n >> 8);
      if (auto plain = channel_.decrypt(std::string(16, 'v'), block)) {
        secret = plain->reveal();
        return block;
      }
    }
    ADD_FAILURE() << "no padding in 65,536 blocks";
    return block;
  }

  SecretChannel channel_{kernel_entropy()};
};

class DesktopSecret : public ::testing::Test {
 protected:
  void TearDown() override { ::unsetenv("DBUS_SESSION_BUS_ADDRESS"); }

  Result<Secret> read(const std::function<void(int)>& serve,
                      std::chrono::milliseconds patience = 20s) {
    TestBus bus(serve);
    ::setenv("DBUS_SESSION_BUS_ADDRESS", bus.address().c_str(), 1);
    return read_desktop_secret({{"id", "ada"}}, kernel_entropy(), patience);
  }
  Result<Secret> read() {
    return read([this](int client) { service.serve(client); });
  }
  // What goes wrong so that libsecret tries.
  static std::string detour(const Result<Secret>& result) {
    if (result) return "a secret";
    EXPECT_EQ(result.error().code, "vault.unavailable");
    return result.error().message;
  }

  SecretService service;
};

TEST_F(DesktopSecret, IsTheFirstOpenItem) {
  auto secret = read();
  ASSERT_TRUE(secret) << secret.error().text();
  EXPECT_EQ(secret->reveal(), service.secret);
  EXPECT_EQ(service.searched, "id=ada");
  EXPECT_EQ(service.item, "/item/1");
}

TEST_F(DesktopSecret, ThatIsLockedOrMissingIsNoMatterForLibsecret) {
  service.answers["SearchItems"] = [](auto*, auto* reply) {
    sd_bus_message_append(reply, "aoao", 0, 1, "/item/3");
  };
  auto locked = read();
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().code, "vault.locked");
  service.answers["SearchItems"] = [](auto*, auto* reply) {
    sd_bus_message_append(reply, "aoao", 0, 0);
  };
  auto missing = read();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, "vault.missing");
}

TEST_F(DesktopSecret, IsNotTakenFromAnswersOfAnotherKind) {
  for (const char* member : {"OpenSession", "SearchItems", "GetSecret"}) {
    auto good = service.answers[member];
    service.answers[member] = [](auto*, auto* reply) { sd_bus_message_append(reply, "s", "no"); };
    EXPECT_TRUE(detour(read()).contains("of another kind")) << member;
    service.answers[member] = [](auto*, auto*) {};
    EXPECT_TRUE(detour(read()).contains("of another kind")) << member;
    service.answers[member] = good;
  }
  service.answers["OpenSession"] = [](auto*, auto* reply) {
    sd_bus_message_append(reply, "vo", "s", "no bytes", "/session/1");
  };
  EXPECT_TRUE(detour(read()).contains("agrees on no key"));
}

TEST_F(DesktopSecret, IsNotTakenFromSomebodyElse) {
  service.senders["GetSecret"] = ":1.66";
  EXPECT_TRUE(detour(read()).contains("of somebody else"));
}

TEST_F(DesktopSecret, IsNotTakenWithAKeyThatEverybodyKnows) {
  service.answers["OpenSession"] = [](auto*, auto* reply) {
    SecretService::append_session(reply, "\1");
  };
  EXPECT_TRUE(detour(read()).contains("agrees on no key"));
}

TEST_F(DesktopSecret, IsNotTakenWhereItCannotBeDecryptedOrIsTooLong) {
  service.answers["GetSecret"] = [](auto*, auto* reply) {
    SecretService::append_secret(reply, "short", std::string(16, 'b'));
  };
  EXPECT_TRUE(detour(read()).contains("cannot be decrypted"));
  service.answers["GetSecret"] = [](auto*, auto* reply) {
    SecretService::append_secret(reply, std::string(16, 'v'), std::string((1 << 20) + 16, 'b'));
  };
  EXPECT_TRUE(detour(read()).contains("a secret that is none"));
}

TEST_F(DesktopSecret, IsNotWaitedForLongerThanThePatience) {
  for (const char* member : {"Hello", "OpenSession", "SearchItems", "GetSecret"}) {
    service.falls_silent_at = member;
    service.silent = false;
    auto begun = std::chrono::steady_clock::now();
    auto late = read([this](int client) { service.serve(client); }, 300ms);
    EXPECT_THAT(detour(late), ::testing::HasSubstr("takes too long")) << member;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
  }
  auto nobody = read([](int client) { hear_all(client); }, 300ms);
  EXPECT_TRUE(detour(nobody).contains("takes too long"));
}

TEST_F(DesktopSecret, IsNotSoughtAmongSignalsWithoutEnd) {
  auto flood = [](int client) {
    serve_messages(client, [](sd_bus* bus, sd_bus_message* call) {
      sd_bus_message* reply = nullptr;
      sd_bus_message_new_method_return(call, &reply);
      sd_bus_message_append(reply, "s", ":1.8");
      sd_bus_send(bus, reply, nullptr);
      sd_bus_message_unref(reply);
      for (int i = 0; i < 1000; ++i) sd_bus_emit_signal(bus, "/s", "an.interface", "Signal", "");
    });
  };
  EXPECT_TRUE(detour(read(flood)).contains("too many messages"));
}

TEST_F(DesktopSecret, IsNotSoughtInNonsense) {
  for (auto line : {"REJECTED EXTERNAL\r\n"sv, "HTTP/1.1 200 OK\r\n\r\n"sv, "\0\0\0\r\n"sv}) {
    EXPECT_NE(detour(read([&](int client) { say(client, line); })), "a secret") << line;
  }
  auto endless = [](int client) {
    while (say(client, std::string(4096, 'x'))) continue;
  };
  EXPECT_NE(detour(read(endless)), "a secret");
  std::string huge("l\2\1\1\xff\xff\xff\x7f\5\0\0\0\0\0\0\0", 16);
  for (const std::string& start : {huge, std::string(64, '?'), huge.substr(0, 7)}) {
    auto says = [&](int client) {
      welcome(client);
      say(client, start);
    };
    EXPECT_NE(detour(read(says)), "a secret") << start;
  }
}

// Malformed messages are passed over by sd-bus, which reads on for as long as they come: so many
// send them that there always are some.
TEST_F(DesktopSecret, IsNotSoughtInMalformedMessagesForLongerThanThePatience) {
  std::string all;  // goes into the socket whole, or not at all
  for (int i = 0; i < 170; ++i) {
    all += std::string("l\2\1\1\0\0\0\0\0\0\0\0\10\0\0\0\5\1u\0\1\0\0\0", 24);  // its number is 0
  }
  auto flood = [&](int client) {
    welcome(client);
    std::vector<std::jthread> senders;
    senders.reserve(8);
    for (int i = 0; i < 8; ++i) {
      senders.emplace_back([&] {
        while (say(client, all)) continue;
      });
    }
  };
  auto begun = std::chrono::steady_clock::now();
  EXPECT_NE(detour(read(flood, 300ms)), "a secret");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
}

TEST_F(DesktopSecret, IsReadFromASocketOfThisMachineAlone) {
  auto mark = std::filesystem::temp_directory_path() / "sallyport-test-bus-started";
  std::filesystem::remove(mark);
  std::string program = "unixexec:path=/usr/bin/touch,argv1=" + mark.string();
  for (const std::string& address : {program, "tcp:host=127.0.0.1,port=9"s, ""s, "unix:"s,
                                     "unix:path=/nowhere/bus;" + program}) {
    ::setenv("DBUS_SESSION_BUS_ADDRESS", address.c_str(), 1);
    EXPECT_FALSE(read_desktop_secret({{"id", "ada"}}, kernel_entropy(), 300ms)) << address;
  }
  EXPECT_FALSE(std::filesystem::exists(mark));
}

}  // namespace
}  // namespace sallyport::signin
