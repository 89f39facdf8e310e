// What a configuration refers to and does not hold: variables, files, what is there besides, the
// number of cores, the date. An interface, so that a test decides what there is and a fuzz target has no disk.
// Implementations are thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport::config {

class Environment {
 public:
  struct File {
    Secret content;
    unsigned mode = 0;  ///< permission bits
  };

  static constexpr std::size_t kMostNames = 1024;

  virtual ~Environment() = default;
  /// The variable's value; nothing where it is not set.
  [[nodiscard]] virtual std::optional<Secret> variable(const std::string& name) const = 0;
  /// A regular file of at most `limit` bytes; errors as sallyport::read_file.
  [[nodiscard]] virtual Result<File> file(const std::string& path, std::size_t limit) const = 0;
  /// Something is there: a file, a folder, a socket.
  [[nodiscard]] virtual bool exists(const std::string& path) const = 0;
  /// What a folder holds, in no order, at most kMostNames; nothing where it cannot be read.
  [[nodiscard]] virtual std::vector<std::string> names_in(const std::string& folder) const = 0;
  /// Cores that this process may use, at least 1: the default of listen.workers.
  [[nodiscard]] virtual unsigned cores() const = 0;
  [[nodiscard]] virtual WallTime now() const = 0;  ///< for certificates
};

/// The process's own environment and the machine's disk.
[[nodiscard]] const Environment& system_environment();

}  // namespace sallyport::config
