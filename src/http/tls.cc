#include "http/tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/check.h"

namespace sallyport::http {
namespace {

std::unique_ptr<SSL_CTX, SslDeleter> make_context(const SSL_METHOD* method) {
  std::unique_ptr<SSL_CTX, SslDeleter> context(SSL_CTX_new(method));
  SALLYPORT_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // Buffers are given back while a connection waits: this is what keeps a waiting stream small.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  return context;
}

}  // namespace

std::string tls_error() {
  unsigned long error = ERR_peek_last_error();
  if (error == 0) return "unknown TLS error";
  char text[256];
  ERR_error_string_n(error, text, sizeof text);
  const char* reason = ERR_reason_error_string(error);
  ERR_clear_error();
  return reason != nullptr ? reason : text;
}

Result<std::shared_ptr<const TlsServer>> TlsServer::load(const std::string& certificate,
                                                         const std::string& key) {
  auto server = std::make_shared<TlsServer>();
  server->context_ = make_context(TLS_server_method());
  SSL_CTX* context = server->context_.get();
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return fail("tls.certificate",
                fmt::format("cannot use the certificate file {}: {}", certificate, tls_error()),
                "give a PEM file with the leaf certificate first, then its issuers");
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail("tls.key", fmt::format("cannot use the key file {}: {}", key, tls_error()),
                "give an unencrypted PEM key that this process may read and that belongs to the "
                "certificate");
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return fail("tls.mismatch",
                fmt::format("the key {} does not belong to the certificate {}", key, certificate),
                "check that both files are of the same renewal");
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets alone: no memory here
  static const unsigned char kProtocols[] = "\x08http/1.1";
  SSL_CTX_set_alpn_select_cb(
      context,
      [](SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
         unsigned int in_size, void*) {
        unsigned char* chosen = nullptr;
        if (SSL_select_next_proto(&chosen, out_size, kProtocols, sizeof kProtocols - 1, in,
                                  in_size) != OPENSSL_NPN_NEGOTIATED) {
          return SSL_TLSEXT_ERR_NOACK;
        }
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  return server;
}

SslPtr TlsServer::session(int fd) const {
  SslPtr ssl(SSL_new(context_.get()));
  SALLYPORT_CHECK(ssl != nullptr && SSL_set_fd(ssl.get(), fd) == 1);
  SSL_set_accept_state(ssl.get());
  return ssl;
}

Result<std::shared_ptr<const TlsClient>> TlsClient::load(const std::string& ca_file) {
  auto client = std::make_shared<TlsClient>();
  client->context_ = make_context(TLS_client_method());
  SSL_CTX* context = client->context_.get();
  int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                               : SSL_CTX_load_verify_file(context, ca_file.c_str());
  if (loaded != 1) {
    return fail("tls.ca_file",
                fmt::format("cannot use the trust store {}: {}",
                            ca_file.empty() ? "of the system" : ca_file, tls_error()),
                "give a PEM file with at least one certificate authority");
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return client;
}

SslPtr TlsClient::session(int fd, const std::string& host) const {
  SslPtr ssl(SSL_new(context_.get()));
  SALLYPORT_CHECK(ssl != nullptr && SSL_set_fd(ssl.get(), fd) == 1);
  SSL_set_connect_state(ssl.get());
  unsigned char address[16];
  bool is_address = ::inet_pton(AF_INET, host.c_str(), address) == 1 ||
                    ::inet_pton(AF_INET6, host.c_str(), address) == 1;
  if (is_address) {
    SALLYPORT_CHECK(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) == 1);
  } else {
    SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SALLYPORT_CHECK(SSL_set1_host(ssl.get(), host.c_str()) == 1);
    SALLYPORT_CHECK(SSL_set_tlsext_host_name(ssl.get(), host.c_str()) == 1);
  }
  static const unsigned char kProtocols[] = "\x08http/1.1";
  SSL_set_alpn_protos(ssl.get(), kProtocols, sizeof kProtocols - 1);
  return ssl;
}

}  // namespace sallyport::http
