// TLS contexts: what a listener shows and what a client believes. TLS 1.2 and newer, OpenSSL's
// default ciphers, no compression, no renegotiation. Made when a configuration is read; immutable
// after that and shared by all workers.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace sallyport::http {

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, SslDeleter>;

class TlsServer {
 public:
  /// PEM files, leaf first. Errors: tls.certificate, tls.key, tls.mismatch, naming the file.
  static Result<std::shared_ptr<const TlsServer>> load(const std::string& certificate,
                                                       const std::string& key);
  /// A server-side session for one connection.
  [[nodiscard]] SslPtr session(int fd) const;

 private:
  std::unique_ptr<SSL_CTX, SslDeleter> context_;
};

class TlsClient {
 public:
  /// Trusts the PEM file alone, or the system's store where that is empty. Error: tls.ca_file.
  static Result<std::shared_ptr<const TlsClient>> load(const std::string& ca_file);
  /// A client-side session that verifies the chain and the name (or IP address) `host`.
  [[nodiscard]] SslPtr session(int fd, const std::string& host) const;

 private:
  std::unique_ptr<SSL_CTX, SslDeleter> context_;
};

/// OpenSSL's last error as a sentence; clears the queue.
[[nodiscard]] std::string tls_error();

}  // namespace sallyport::http
