// A throw-away certificate as the two PEM files that a listener is given. Header-only, never part of
// the program.
#pragma once

#include <openssl/pem.h>

#include <fstream>
#include <string>

#include "base/test_folder.h"
#include "http/test_server.h"

namespace sallyport::http {

struct CertificateFiles {
  CertificateFiles(const TestFolder& folder, const std::string& name, const std::string& subject)
      : made(subject), certificate(folder / (name + ".pem")), key(folder / (name + ".key")) {
    std::ofstream(certificate) << made.pem();
    BIO* out = BIO_new_file(key.c_str(), "w");
    SALLYPORT_CHECK(out != nullptr);
    PEM_write_bio_PrivateKey(out, made.key(), nullptr, nullptr, 0, nullptr, nullptr);
    BIO_free(out);
  }
  TestCertificate made;
  std::string certificate, key;
};

}  // namespace sallyport::http
