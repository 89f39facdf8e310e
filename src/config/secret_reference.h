// Secrets by reference: `${env:NAME}` and `${file:PATH}` as the whole value of a secret key. They
// are read at the start and again at every reload, so that a rotated secret needs no restart. Only
// secrets take references: everything else that the gateway does is named by the file's hash.
// No message holds a secret or a part of one. Any thread.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "config/environment.h"
#include "config/value_types.h"

namespace sallyport::config {

inline constexpr std::size_t kMaxSecretBytes = 16 << 10;

struct SecretRead {
  Parsed value;                     ///< `secret` and `source`
  std::vector<Complaint> warnings;  ///< written in the file, readable by everybody
};

/// `folder`: what a relative PATH counts from. Line ends at the end of a file are not part of it.
[[nodiscard]] SecretRead read_secret(std::string_view text, const std::filesystem::path& folder,
                                     const Environment& environment);

/// True for a text that looks like a reference: refused where no secret is expected.
[[nodiscard]] bool looks_like_reference(std::string_view text);

}  // namespace sallyport::config
