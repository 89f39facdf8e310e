#include "signin/sealed_file.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstring>
#include <memory>

#include "base/check.h"
#include "signin/vault.h"

namespace sallyport::signin {
namespace {

constexpr std::string_view kMagic = "SPVAULT1";
constexpr std::size_t kSalt = 12, kNonce = 28, kNonceBytes = 12, kBody = 40, kTag = 16;
constexpr std::size_t kKeyBytes = 32;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail("vault.damaged", "the vault's file is damaged: " + std::string(what),
              "sign in again with `sallyport sign-in`");
}

Cipher start(bool encrypt, const Secret& key, std::string_view head, std::string_view nonce,
             std::string_view id) {
  SALLYPORT_CHECK(key.size() == kKeyBytes);
  Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  SALLYPORT_CHECK(EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key.reveal()),
                                    bytes(nonce), encrypt ? 1 : 0) == 1);
  for (auto part : {head, id}) {
    SALLYPORT_CHECK(EVP_CipherUpdate(cipher.get(), nullptr, &length, bytes(part),
                                     static_cast<int>(part.size())) == 1);
  }
  return cipher;
}

}  // namespace

SealHeader new_header(bool passphrase, Entropy& entropy) {
  SealHeader header;
  header.passphrase = passphrase;
  if (passphrase) {
    header.log_n = 17;
    header.r = 8;
    header.p = 1;
  }
  entropy.fill(header.salt);
  return header;
}

Result<SealHeader> read_header(std::string_view file) {
  if (file.size() < kBody + kTag) return damaged("it is cut short");
  if (file.size() > kMaxSealedFile) return damaged("it is too large");
  if (!file.starts_with(kMagic)) return damaged("it is not a file of ours");
  SealHeader header;
  auto kind = static_cast<std::uint8_t>(file[8]);
  header.passphrase = kind == 2;
  header.log_n = static_cast<std::uint8_t>(file[9]);
  header.r = static_cast<std::uint8_t>(file[10]);
  header.p = static_cast<std::uint8_t>(file[11]);
  bool known = kind == 1 ? header.log_n == 0 && header.r == 0 && header.p == 0
                         : kind == 2 && header.log_n >= 10 && header.log_n <= 18 && header.r == 8 &&
                               header.p == 1;
  if (!known) return damaged("its key is of an unknown kind");
  std::memcpy(header.salt.data(), file.data() + kSalt, header.salt.size());
  return header;
}

Secret derive_key(const Secret& passphrase, const SealHeader& header) {
  std::uint64_t n = std::uint64_t{1} << header.log_n;
  std::uint64_t memory = n * header.r * 128 + (std::uint64_t{1} << 20);
  std::string key(kKeyBytes, '\0');
  SALLYPORT_CHECK(EVP_PBE_scrypt(passphrase.reveal().data(), passphrase.size(), header.salt.data(),
                                 header.salt.size(), n, header.r, header.p, memory,
                                 reinterpret_cast<unsigned char*>(key.data()), key.size()) == 1);
  return Secret(std::move(key));
}

std::string seal(const SealHeader& header, const Secret& key, std::string_view id,
                 const Secret& content, Entropy& entropy) {
  std::string file(kMagic);
  file.push_back(header.passphrase ? 2 : 1);
  for (auto cost : {header.log_n, header.r, header.p}) file.push_back(static_cast<char>(cost));
  file.append(reinterpret_cast<const char*>(header.salt.data()), header.salt.size());
  std::array<std::uint8_t, kNonceBytes> nonce{};
  entropy.fill(nonce);
  file.append(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  file.resize(kBody + content.size() + kTag);
  std::string_view view(file);
  auto cipher = start(true, key, view.substr(0, kNonce), view.substr(kNonce, kNonceBytes), id);
  auto* out = reinterpret_cast<unsigned char*>(file.data());
  int length = 0;
  SALLYPORT_CHECK(EVP_CipherUpdate(cipher.get(), out + kBody, &length, bytes(content.reveal()),
                                   static_cast<int>(content.size())) == 1);
  SALLYPORT_CHECK(EVP_CipherFinal_ex(cipher.get(), out + kBody + length, &length) == 1);
  SALLYPORT_CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag,
                                      out + kBody + content.size()) == 1);
  return file;
}

Result<Secret> unseal(std::string_view file, const Secret& key, std::string_view id) {
  auto header = read_header(file);
  if (!header) return std::unexpected(std::move(header.error()));
  std::size_t size = file.size() - kBody - kTag;
  auto cipher = start(false, key, file.substr(0, kNonce), file.substr(kNonce, kNonceBytes), id);
  std::string content(size, '\0');
  std::string tag(file.substr(kBody + size));
  int length = 0;
  auto* out = reinterpret_cast<unsigned char*>(content.data());
  bool good = EVP_CipherUpdate(cipher.get(), out, &length, bytes(file.substr(kBody, size)),
                               static_cast<int>(size)) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) == 1 &&
              EVP_CipherFinal_ex(cipher.get(), out + length, &length) == 1;
  if (!good) {
    wipe(content);
    return fail(kVaultLocked, "the vault's file does not open with this key",
                header->passphrase ? "check the passphrase" : "sign in again");
  }
  return Secret(std::move(content));
}

}  // namespace sallyport::signin
