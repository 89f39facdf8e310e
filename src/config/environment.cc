#include "config/environment.h"

#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <thread>

#include "base/files.h"

namespace sallyport::config {
namespace {

class SystemEnvironment final : public Environment {
 public:
  [[nodiscard]] std::optional<Secret> variable(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return Secret(std::string_view(value));
  }

  [[nodiscard]] Result<File> file(const std::string& path, std::size_t limit) const override {
    auto content = read_file(path, limit);
    if (!content) return std::unexpected(std::move(content.error()));
    struct stat info{};
    unsigned mode = ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777u : 0;
    return File{Secret(std::move(*content)), mode};
  }

  [[nodiscard]] bool exists(const std::string& path) const override {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0;
  }

  [[nodiscard]] std::vector<std::string> names_in(const std::string& folder) const override {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      if (names.size() == kMostNames) break;
      names.push_back(entry->path().filename().string());
    }
    return names;
  }

  [[nodiscard]] unsigned cores() const override {
    cpu_set_t set;
    CPU_ZERO(&set);
    // What this process may use, which a container or `taskset` makes fewer than there are.
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
      return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
    }
    return std::max(1u, std::thread::hardware_concurrency());
  }

  [[nodiscard]] WallTime now() const override { return system_clock().wall(); }
};

}  // namespace

const Environment& system_environment() {
  static const SystemEnvironment environment;
  return environment;
}

}  // namespace sallyport::config
