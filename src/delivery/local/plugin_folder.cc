#include "delivery/local/plugin_folder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"

namespace sallyport::delivery {
namespace fs = std::filesystem;
using profile::Plugin;
using profile::PluginFile;
namespace {

constexpr std::size_t kMostFiles = 2000;
constexpr std::size_t kMostBytes = 64U << 20;
constexpr int kDeepest = 16;

bool lies_inside(const fs::path& path, const fs::path& folder) {
  auto relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

class Walker {
 public:
  explicit Walker(const fs::path& folder) : root_(folder) {
    std::error_code error;
    canonical_root_ = fs::weakly_canonical(folder, error);
    plugin_.folder = canonical_root_.filename().string();
  }

  Result<Plugin> read() {
    if (auto read = walk(root_, 0); !read) return std::unexpected(std::move(read.error()));
    std::sort(plugin_.files.begin(), plugin_.files.end(),
              [](const PluginFile& a, const PluginFile& b) { return a.name < b.name; });
    return std::move(plugin_);
  }

 private:
  Result<void> walk(const fs::path& folder, int depth) {
    if (depth > kDeepest) return too_large("is nested too deeply");
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    if (error) {
      return fail(kFileUnreadable,
                  fmt::format("cannot read {}: {}", folder.string(), error.message()));
    }
    for (const auto& entry : entries) {
      if (auto taken = take(entry, depth); !taken) return taken;
    }
    return {};
  }

  Result<void> take(const fs::directory_entry& entry, int depth) {
    std::error_code error;
    PluginFile file;
    file.name = entry.path().lexically_relative(root_).generic_string();
    if (entry.is_symlink(error)) {
      fs::path target = fs::weakly_canonical(entry.path(), error);
      file.link_leaves = error || !lies_inside(target, canonical_root_);
      file.link_to = target.string();
      if (file.link_leaves || fs::is_directory(target, error)) {
        plugin_.files.push_back(std::move(file));
        return {};
      }
    } else if (entry.is_directory(error)) {
      return entry.path().filename() == ".git" ? Result<void>() : walk(entry.path(), depth + 1);
    }
    auto bytes = read_file(entry.path(), kMostBytes);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    total_ += bytes->size();
    if (plugin_.files.size() >= kMostFiles || total_ > kMostBytes) return too_large("is too large");
    file.bytes = std::move(*bytes);
    plugin_.files.push_back(std::move(file));
    return {};
  }

  std::unexpected<Error> too_large(std::string_view what) const {
    return fail("plugin.too_large", fmt::format("{} {}", root_.string(), what),
                "a plugin has at most 2,000 files, 64 MiB and 16 levels");
  }

  fs::path root_, canonical_root_;
  Plugin plugin_;
  std::size_t total_ = 0;
};

}  // namespace

Result<std::vector<Plugin>> read_plugins(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> folders;
  if (fs::exists(folder / ".claude-plugin", error)) {
    folders.push_back(folder);
  } else {
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      bool hidden = entry.path().filename().string().starts_with('.');
      if (entry.is_directory(error) && !hidden) folders.push_back(entry.path());
    }
  }
  std::sort(folders.begin(), folders.end());
  if (folders.empty()) {
    return fail("plugin.none", fmt::format("{} holds no plugin folder", folder.string()),
                "name a plugin's folder, or the folder above several");
  }
  std::vector<Plugin> plugins;
  for (const fs::path& path : folders) {
    auto plugin = Walker(path).read();
    if (!plugin) return std::unexpected(std::move(plugin.error()));
    plugins.push_back(std::move(*plugin));
  }
  return plugins;
}

}  // namespace sallyport::delivery
