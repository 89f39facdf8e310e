// TLS on a connection's descriptor: who may speak it, how a handshake ends, and how an end of the
// bytes differs from a loss of them. The certificates are made here and thrown away.
#include "http/tls.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <signal.h>

#include <thread>

#include "http/server_connection.h"
#include "http/test_certificate_files.h"
#include "http/test_line.h"

namespace sallyport::http {
namespace {

using std::chrono::milliseconds;

class Tls : public testing::Test {
 protected:
  Tls() {
    ::signal(SIGPIPE, SIG_IGN);  // as the program does: OpenSSL writes without MSG_NOSIGNAL
    auto loaded = TlsServer::load(files.certificate, files.key);
    SALLYPORT_CHECK(loaded.has_value());
    server = *loaded;
  }
  [[nodiscard]] std::shared_ptr<const TlsClient> trusting(const CertificateFiles& whom) const {
    auto loaded = TlsClient::load(whom.certificate);
    SALLYPORT_CHECK(loaded.has_value());
    return *loaded;
  }

  TestFolder folder;
  CertificateFiles files{folder, "gateway", "DNS:claude.example"};
  CertificateFiles other{folder, "other", "DNS:claude.example"};
  std::shared_ptr<const TlsServer> server;
};

// ---- what a listener is given ------------------------------------------------------------------

TEST_F(Tls, AFileThatIsNoCertificateIsNamed) {
  for (const auto& path : {std::string(folder / "none.pem"), files.key}) {
    auto loaded = TlsServer::load(path, files.key);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, "tls.certificate");
    EXPECT_NE(loaded.error().text().find(path), std::string::npos);
  }
}

TEST_F(Tls, AKeyThatIsNoneOrAnothersIsNamed) {
  for (const auto& path : {std::string(folder / "none.key"), files.certificate, other.key}) {
    auto loaded = TlsServer::load(files.certificate, path);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, "tls.key");
    EXPECT_NE(loaded.error().text().find(path), std::string::npos);
  }
}

TEST_F(Tls, ATrustStoreThatIsNoneIsNamed) {
  auto loaded = TlsClient::load(folder / "none.pem");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, "tls.ca_file");
}

// ---- two streams -------------------------------------------------------------------------------

// Both sides of a handshake, each one's step after the other's.
struct Shaken {
  Io server = Io::kWaitRead;
  Io client = Io::kWaitRead;
};

class TlsStreams : public Tls {
 protected:
  TlsStreams() { SALLYPORT_CHECK(::fcntl(line.theirs.get(), F_SETFL, O_NONBLOCK) == 0); }

  Shaken shake(const TlsClient& trust, const std::string& host) {
    there.emplace(loop, std::move(line.theirs));
    here.emplace(loop, std::move(line.ours));
    there->start_tls(trust.session(there->fd(), host));
    here->start_tls(server->session(here->fd()));
    Shaken ends;
    for (int step = 0; step < 10; ++step) {
      if (ends.client != Io::kFailed) ends.client = there->handshake();
      if (ends.server != Io::kFailed) ends.server = here->handshake();
    }
    return ends;
  }
  static std::string read_from(Stream& stream, Io& end) {
    char bytes[64];
    auto [io, count] = stream.read(bytes);
    end = io;
    return {bytes, count};
  }
  static void write_to(Stream& stream, std::string_view text) {
    WriteProgress at;
    EXPECT_EQ(stream.write({&text, 1}, at).io, Io::kDone);
  }

  EventLoop loop;
  TestLine line;
  std::optional<Stream> here, there;  ///< the gateway's and its peer's
};

TEST_F(TlsStreams, WhoTrustsTheCertificateSpeaks) {
  auto ends = shake(*trusting(files), "claude.example");
  EXPECT_EQ(ends.client, Io::kDone);
  EXPECT_EQ(ends.server, Io::kDone);
  EXPECT_TRUE(here->has_tls());
  write_to(*there, "a question");
  Io end{};
  EXPECT_EQ(read_from(*here, end), "a question");
  EXPECT_EQ(read_from(*here, end), "");
  EXPECT_EQ(end, Io::kWaitRead);
}

// Pieces small and large, joined into records or not, come as they were written.
TEST_F(TlsStreams, PiecesComeInOrder) {
  shake(*trusting(files), "claude.example");
  const std::string large(20000, 'l');
  const std::string_view pieces[] = {"one,", "", "two,", large, ",three"};
  WriteProgress at;
  ASSERT_EQ(here->write(pieces, at).io, Io::kDone);
  EXPECT_EQ(at.piece, 5U);
  std::string all;
  for (Io end = Io::kDone; end == Io::kDone;) all += read_from(*there, end);
  EXPECT_EQ(all, "one,two," + large + ",three");
}

TEST_F(TlsStreams, WhoTrustsAnotherCertificateDoesNot) {
  auto ends = shake(*trusting(other), "claude.example");
  EXPECT_EQ(ends.client, Io::kFailed);
  EXPECT_EQ(ends.server, Io::kFailed);  // it is told so
  EXPECT_NE(there->tls_failure().find("self-signed"), std::string::npos) << there->tls_failure();
}

TEST_F(TlsStreams, TheNameHasToBeTheCertificates) {
  for (const auto* host : {"claude.elsewhere", "127.0.0.1", "sub.claude.example"}) {
    line = TestLine();
    SALLYPORT_CHECK(::fcntl(line.theirs.get(), F_SETFL, O_NONBLOCK) == 0);
    auto ends = shake(*trusting(files), host);
    EXPECT_EQ(ends.client, Io::kFailed) << host;
    EXPECT_NE(there->tls_failure().find("mismatch"), std::string::npos) << there->tls_failure();
  }
}

// An end that is announced is one; bytes that stop coming are a loss (RFC 8446 6.1), or whoever can
// cut the line could make a part of a body or an answer pass for all of it.
TEST_F(TlsStreams, AnEndIsOnlyWhatIsAnnounced) {
  for (bool announced : {true, false}) {
    for (bool at_the_gateway : {true, false}) {
      line = TestLine();
      SALLYPORT_CHECK(::fcntl(line.theirs.get(), F_SETFL, O_NONBLOCK) == 0);
      auto ends = shake(*trusting(files), "claude.example");
      ASSERT_EQ(ends.server, Io::kDone);
      Stream& reader = at_the_gateway ? *here : *there;
      Stream& writer = at_the_gateway ? *there : *here;
      write_to(writer, "half of it");
      if (announced) {
        writer.finish_writing();
      } else {
        ::shutdown(writer.fd(), SHUT_WR);
      }
      Io end{};
      EXPECT_EQ(read_from(reader, end), "half of it");
      EXPECT_EQ(read_from(reader, end), "");
      EXPECT_EQ(end, announced ? Io::kClosed : Io::kFailed);
    }
  }
}

// ---- a client of another's making against a connection -----------------------------------------

class Echo final : public ServerHandler {
 public:
  Task<void> answer(ServerStream& stream) override {
    ByteBudget budget(1 << 20);
    BudgetShare share(budget);
    auto read = co_await stream.read_body(1 << 20, share);
    reads.push_back(read);
    if (read != ServerStream::BodyRead::kDone) co_return;
    const std::string_view body = "ok";
    std::ignore = co_await stream.send(AnswerHead(200), {&body, 1});
  }
  WrittenRefusal refuse_head(std::optional<HeadFault>) override {
    ADD_FAILURE() << "what is no TLS was read as a request";
    return write_refusal({}, "id", "date");
  }
  std::vector<ServerStream::BodyRead> reads;
};

class TlsConnection : public Tls {
 protected:
  TlsConnection() : context(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  }
  // Serves the line while `client` speaks on a thread of its own.
  void serve(const std::function<void()>& client) {
    std::optional<ServerConnection> connection;
    connection.emplace(loop, std::move(line.ours), times, 0U);
    std::thread one([&] {
      client();
      line.leave();
    });
    auto all = [&]() -> Task<void> {
      co_await connection->serve(server->session(connection->fd()), handler);
      connection.reset();
      loop.stop();
    };
    loop.post([&] { spawn(all()); });
    loop.run();
    one.join();
  }
  [[nodiscard]] SslPtr session() const {
    SslPtr ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), line.theirs.get());
    return ssl;
  }
  // What the last call on `ssl` failed with.
  static int reason() {
    int why = ERR_GET_REASON(ERR_peek_last_error());
    ERR_clear_error();
    return why;
  }
  static std::string read_all(SSL* ssl) {
    std::string all;
    char bytes[4096];
    for (int n = 0; (n = SSL_read(ssl, bytes, sizeof bytes)) > 0;) {
      all.append(bytes, static_cast<std::size_t>(n));
    }
    return all;
  }

  EventLoop loop;
  TestLine line;
  ServerTimes times;
  Echo handler;
  std::unique_ptr<SSL_CTX, SslDeleter> context;
};

TEST_F(TlsConnection, CarriesARequest) {
  std::string heard;
  int end = 0;
  serve([&] {
    auto ssl = session();
    ASSERT_EQ(SSL_connect(ssl.get()), 1);
    const std::string text = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    SSL_write(ssl.get(), text.data(), static_cast<int>(text.size()));
    heard = read_all(ssl.get());
    end = SSL_get_error(ssl.get(), 0);
  });
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 OK\r\n")) << heard;
  EXPECT_EQ(end, SSL_ERROR_ZERO_RETURN);  // the end of the answer is announced
}

TEST_F(TlsConnection, AHandshakeThatDoesNotBeginIsEnded) {
  times.head = milliseconds(5);
  std::string heard = "something";
  serve([&] { heard = line.hear(); });
  EXPECT_EQ(heard, "");
}

TEST_F(TlsConnection, AHandshakeThatDoesNotEndIsEnded) {
  times.head = milliseconds(5);
  serve([&] {
    line.say(std::string_view("\x16\x03\x01\x02\x00\x01\x00", 7));  // of a ClientHello of 512 bytes
    EXPECT_EQ(line.hear(), "");
  });
  EXPECT_TRUE(handler.reads.empty());
}

TEST_F(TlsConnection, PlainHttpIsNotReadAsARequest) {
  std::string heard;
  serve([&] {
    line.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    heard = line.hear();
  });
  EXPECT_EQ(heard.find("HTTP/1.1"), std::string::npos) << heard;
  EXPECT_TRUE(handler.reads.empty());
}

// The version alone is refused, whatever ciphers there are.
TEST_F(TlsConnection, AnOldVersionIsRefused) {
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  int why = 0;
  serve([&] {
    auto ssl = session();
    EXPECT_NE(SSL_connect(ssl.get()), 1);
    why = reason();
  });
  EXPECT_EQ(why, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
  TestLine unused;
  EXPECT_EQ(SSL_get_min_proto_version(server->session(unused.ours.get()).get()), TLS1_2_VERSION);
}

TEST_F(TlsConnection, ARenegotiationIsRefused) {
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);  // 1.3 knows none
  int why = 0;
  serve([&] {
    auto ssl = session();
    ASSERT_EQ(SSL_connect(ssl.get()), 1);
    ASSERT_EQ(SSL_renegotiate(ssl.get()), 1);
    EXPECT_NE(SSL_do_handshake(ssl.get()), 1);
    why = reason();
  });
  EXPECT_EQ(why, SSL_R_NO_RENEGOTIATION);
}

TEST_F(TlsConnection, ABodyThatBreaksOffIsNoBody) {
  for (const auto* framing :
       {"content-length: 10\r\n\r\nhello", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    line = TestLine();
    serve([&] {
      auto ssl = session();
      ASSERT_EQ(SSL_connect(ssl.get()), 1);
      const std::string text = std::string("POST / HTTP/1.1\r\nhost: a\r\n") + framing;
      SSL_write(ssl.get(), text.data(), static_cast<int>(text.size()));
      line.half_close();
      EXPECT_EQ(read_all(ssl.get()), "");
    });
  }
  using Read = ServerStream::BodyRead;
  EXPECT_EQ(handler.reads, (std::vector<Read>{Read::kClientGone, Read::kClientGone}));
}

}  // namespace
}  // namespace sallyport::http
