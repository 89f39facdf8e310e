// Small whole files: read with a limit, written so that a reader sees the old or the new one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

/// Codes of the errors below.
inline constexpr std::string_view kFileMissing = "file.missing";
inline constexpr std::string_view kFileUnreadable = "file.unreadable";
inline constexpr std::string_view kFileTooLarge = "file.too_large";
inline constexpr std::string_view kFileUnwritable = "file.unwritable";

/// Reads a regular file of at most `limit` bytes. Errors: file.missing, file.unreadable,
/// file.too_large; the message names the path and the system's reason.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit);

/// Writes beside the target, syncs, renames over it, syncs the folder. Error: file.unwritable.
/// `mode` is exact, whatever the umask.
[[nodiscard]] Result<void> write_file_atomically(const std::filesystem::path& path,
                                                 std::string_view content, unsigned mode = 0600);

}  // namespace sallyport
