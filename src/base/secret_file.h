// The one way in which the program reads a small file that holds a secret: a key, a token, a client
// secret. Strict, because what it reads is sent to somebody or signs in our name: the file must be
// what it seems, and what it holds must be what it should.
//
//   auto key = read_secret_file({.name = path, .limit = 64 << 10, .text = SecretText::kLines});
//
// Any thread; does not wait, also where a pipe stands in the file's place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace sallyport {

enum class Links : std::uint8_t {
  kRefuse,  ///< the last step (and the folder, where one is given) is no symbolic link
  kFollow,  ///< for a name that the administrator wrote: Kubernetes mounts files by links
};

enum class SecretText : std::uint8_t {
  kOneLine,  ///< visible ASCII without spaces; line ends at the end are left out
  kLines,    ///< PEM: visible ASCII, spaces and line ends
};

struct SecretFile {
  std::string folder = {};  ///< where `name` lies; opened first. Empty: `name` is the whole path
  std::string name;
  std::size_t limit = 0;  ///< bytes of the file at most
  Links links = Links::kRefuse;
  SecretText text = SecretText::kOneLine;
};

/// Regular, not larger than its limit, not empty, of that text. Error: file.unfit; the message
/// names the path and the reason, and nothing of what stands in it.
[[nodiscard]] Result<Secret> read_secret_file(const SecretFile& file);

}  // namespace sallyport
