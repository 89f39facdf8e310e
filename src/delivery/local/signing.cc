#include "delivery/local/signing.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <memory>
#include <vector>

#include "base/files.h"
#include "base/secret.h"

namespace sallyport::delivery {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Message = std::unique_ptr<CMS_ContentInfo, Freer<CMS_ContentInfo_free>>;

void free_stack(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
using Stack = std::unique_ptr<STACK_OF(X509), Freer<free_stack>>;

constexpr std::size_t kLargestPem = 1U << 20;

// No passphrase is ever asked for on a terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Bio memory(std::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Result<std::vector<Certificate>> read_certificates(const std::filesystem::path& path) {
  auto text = read_file(path, kLargestPem);
  if (!text) return std::unexpected(std::move(text.error()));
  Bio bio = memory(*text);
  std::vector<Certificate> list;
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr))
    list.emplace_back(one);
  ERR_clear_error();
  if (list.empty()) {
    return fail("sign.certificate", fmt::format("{} holds no PEM certificate", path.string()),
                "name the file with -----BEGIN CERTIFICATE-----");
  }
  return list;
}

Result<PrivateKey> read_key(const std::filesystem::path& path) {
  auto text = read_file(path, kLargestPem);
  if (!text) return std::unexpected(std::move(text.error()));
  Secret held(std::move(*text));
  Bio bio = memory(held.reveal());
  PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!key) {
    return fail("sign.key", fmt::format("{} holds no private key that can be read", path.string()),
                "write it as PEM without a passphrase (openssl pkey)");
  }
  return key;
}

}  // namespace

Result<std::string> sign_profile(std::string_view content, const SigningFiles& files) {
  auto certificates = read_certificates(files.certificate);
  if (!certificates) return std::unexpected(std::move(certificates.error()));
  auto key = read_key(files.key);
  if (!key) return std::unexpected(std::move(key.error()));
  X509* signer = certificates->front().get();
  if (X509_check_private_key(signer, key->get()) != 1) {
    ERR_clear_error();
    return fail("sign.mismatch", "the key does not belong to the first certificate",
                "name the certificate and key of the same signer");
  }
  if (!files.chain.empty()) {
    auto chain = read_certificates(files.chain);
    if (!chain) return std::unexpected(std::move(chain.error()));
    for (Certificate& one : *chain) certificates->push_back(std::move(one));
  }
  Stack others(sk_X509_new_null());
  for (std::size_t i = 1; i < certificates->size(); ++i) {
    sk_X509_push(others.get(), (*certificates)[i].release());
  }
  constexpr unsigned kFlags = CMS_BINARY | CMS_PARTIAL;
  Message message(CMS_sign(nullptr, nullptr, others.get(), nullptr, kFlags));
  Bio input = memory(content), output(BIO_new(BIO_s_mem()));
  bool good = message &&
              CMS_add1_signer(message.get(), signer, key->get(), EVP_sha256(), kFlags) != nullptr &&
              CMS_final(message.get(), input.get(), nullptr, CMS_BINARY) == 1 &&
              i2d_CMS_bio(output.get(), message.get()) == 1;
  if (!good) {
    ERR_clear_error();
    return fail("sign.failed", "OpenSSL could not sign with this certificate and key",
                "check that the certificate may sign (key usage)");
  }
  char* bytes = nullptr;
  long size = BIO_get_mem_data(output.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(size));
}

}  // namespace sallyport::delivery
