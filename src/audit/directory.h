// The audit directory while a process writes into it: made if missing (0700), locked for as long as
// this object lives, with the node's name and a fresh instance id. One at the start of the process.
//
// Locks. `lock` in the directory is held with flock(2): two writers never meet. Each segment that
// a chain writes carries an OFD write lock, so that a reader asks with F_OFD_GETLK whether a chain
// is live, and never takes a lock itself (fcntl(2), "Open file description locks").
// Errors: audit.directory (not usable), audit.locked (another process writes here).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sallyport::audit {

class Directory {
 public:
  /// `node` empty: the host's name. It is kept to letters, digits, '.', '-', '_' and 64 characters.
  [[nodiscard]] static Result<Directory> open(const std::filesystem::path& path,
                                              std::string_view node, Clock& clock,
                                              Entropy& entropy);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::string& node() const { return node_; }
  [[nodiscard]] const std::string& instance() const { return instance_; }

 private:
  std::filesystem::path path_;
  std::string node_;
  std::string instance_;
  UniqueFd lock_;
};

}  // namespace sallyport::audit
