// For tests and fuzzing: variables and files that exist only here; no disk, no clock.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "config/environment.h"

namespace sallyport::config {

class FakeEnvironment final : public Environment {
 public:
  std::map<std::string, std::string> variables;
  std::map<std::string, std::pair<std::string, unsigned>> files;  ///< path -> content, mode
  unsigned core_count = 2;
  WallTime time = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};

  [[nodiscard]] std::optional<Secret> variable(const std::string& name) const override {
    auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return Secret(std::string_view(found->second));
  }
  [[nodiscard]] Result<File> file(const std::string& path, std::size_t limit) const override {
    auto found = files.find(path);
    if (found == files.end()) {
      return fail(kFileMissing, "cannot open " + path + ": No such file or directory",
                  "check the path");
    }
    const auto& [content, mode] = found->second;
    if (content.size() > limit) return fail(kFileTooLarge, path + " is too large");
    return File{Secret(std::string_view(content)), mode};
  }
  [[nodiscard]] bool exists(const std::string& path) const override { return files.contains(path); }
  [[nodiscard]] std::vector<std::string> names_in(const std::string& folder) const override {
    std::set<std::string> names;
    for (const auto& [path, file] : files) {
      if (!path.starts_with(folder + '/')) continue;
      const std::string below = path.substr(folder.size() + 1);
      names.insert(below.substr(0, below.find('/')));
    }
    return {names.begin(), names.end()};
  }
  [[nodiscard]] unsigned cores() const override { return core_count; }
  [[nodiscard]] WallTime now() const override { return time; }
};

}  // namespace sallyport::config
