// A tiny HTTP/1.1 server on a free loopback port, for unit tests of what fetches: one request a
// connection, answered by a function of the test. Header-only and never part of the program.
//
//   TestServer server([](const TestServer::Request& r) { return TestServer::text("hello"); });
//   fetch(server.url("/keys"));
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/unique_fd.h"

namespace sallyport::http {

/// A self-signed certificate for one name or address: `DNS:name` or `IP:address`.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& subject)
      : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
    X509* x = certificate_.get();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key_.get());
    X509_NAME* name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(x, name);
    add(NID_subject_alt_name, subject);
    add(NID_basic_constraints, "critical,CA:TRUE");
    SALLYPORT_CHECK(X509_sign(x, key_.get(), EVP_sha256()) > 0);
  }
  [[nodiscard]] std::string pem() const {
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate_.get());
    char* data = nullptr;
    auto size = BIO_get_mem_data(out, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(out);
    return text;
  }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
  [[nodiscard]] X509* certificate() const { return certificate_.get(); }

 private:
  void add(int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    SALLYPORT_CHECK(extension != nullptr);
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

class TestServer {
 public:
  struct Request {
    std::string method;
    std::string target;
    std::string head;  ///< all of it
    std::string body;
  };
  struct Answer {
    std::string bytes;  ///< as sent, head and all
    bool hold = false;  ///< then says nothing more until the server goes
  };
  using Handler = std::function<Answer(const Request&)>;

  explicit TestServer(Handler handler, const TestCertificate* tls = nullptr)
      : handler_(std::move(handler)), context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
    if (tls != nullptr) {
      SSL_CTX_use_certificate(context_.get(), tls->certificate());
      SSL_CTX_use_PrivateKey(context_.get(), tls->key());
    }
    tls_ = tls != nullptr;
    listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    SALLYPORT_CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    SALLYPORT_CHECK(::listen(listener_.get(), 64) == 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    int ends[2];
    SALLYPORT_CHECK(::pipe(ends) == 0);
    stop_read_ = UniqueFd(ends[0]);
    stop_write_ = UniqueFd(ends[1]);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~TestServer() {
    stop_write_.reset();  // everybody who polls sees the end of the pipe
    thread_.join();
    for (auto& worker : workers_) worker.join();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view path = "") const {
    return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) +
           std::string(path);
  }

  [[nodiscard]] static Answer text(std::string_view body, std::string_view status = "200 OK",
                                   std::string_view headers = "") {
    return {.bytes = "HTTP/1.1 " + std::string(status) + "\r\ncontent-length: " +
                     std::to_string(body.size()) + "\r\nconnection: close\r\n" +
                     std::string(headers) + "\r\n" + std::string(body)};
  }

 private:
  [[nodiscard]] bool readable(int fd) const {
    pollfd both[2] = {{fd, POLLIN, 0}, {stop_read_.get(), POLLIN, 0}};
    ::poll(both, 2, -1);
    return (both[1].revents & (POLLIN | POLLHUP)) == 0;
  }
  void accept_all() {
    sigset_t broken_pipe;  // OpenSSL writes without MSG_NOSIGNAL
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    while (readable(listener_.get())) {
      int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) workers_.emplace_back([this, fd] { serve(UniqueFd(fd)); });
    }
  }
  void serve(UniqueFd fd) {
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl(nullptr, &SSL_free);
    if (tls_) {
      ssl.reset(SSL_new(context_.get()));
      SSL_set_fd(ssl.get(), fd.get());
      if (SSL_accept(ssl.get()) != 1) return;
    }
    Request request;
    char buffer[4096];
    std::size_t wanted = 0;
    while (wanted == 0 || request.head.size() < wanted) {
      if (ssl == nullptr && !readable(fd.get())) return;
      auto got = ssl ? SSL_read(ssl.get(), buffer, sizeof buffer)
                     : static_cast<int>(::read(fd.get(), buffer, sizeof buffer));
      if (got <= 0) return;
      request.head.append(buffer, static_cast<std::size_t>(got));
      auto end = request.head.find("\r\n\r\n");
      if (wanted == 0 && end != std::string::npos) wanted = end + 4 + length_of(request.head);
    }
    auto end = request.head.find("\r\n\r\n") + 4;
    request.body = request.head.substr(end);
    request.head.resize(end);
    request.method = request.head.substr(0, request.head.find(' '));
    auto from = request.method.size() + 1;
    request.target = request.head.substr(from, request.head.find(' ', from) - from);
    Answer answer = handler_(request);
    std::string_view rest = answer.bytes;
    while (!rest.empty()) {
      auto sent = ssl ? SSL_write(ssl.get(), rest.data(), static_cast<int>(rest.size()))
                      : static_cast<int>(::send(fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL));
      if (sent <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    if (answer.hold) {
      pollfd stop{stop_read_.get(), POLLIN, 0};
      ::poll(&stop, 1, -1);
    }
    if (ssl) SSL_shutdown(ssl.get());
  }
  static std::size_t length_of(const std::string& head) {
    for (std::string_view name : {"content-length: ", "Content-Length: "}) {
      auto at = head.find(name);
      if (at != std::string::npos) return std::stoul(head.substr(at + name.size()));
    }
    return 0;
  }

  Handler handler_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  bool tls_ = false;
  UniqueFd listener_;
  UniqueFd stop_read_;
  UniqueFd stop_write_;
  std::uint16_t port_ = 0;
  std::thread thread_;
  std::vector<std::thread> workers_;  ///< the accepting thread's, then the destructor's
};

}  // namespace sallyport::http
