// The Linux kernel's key ring of this user: memory that no file and no other user reaches, gone at
// a restart. Holds the keys of vault files. A container may forbid it: then everything here says
// so, and nothing breaks. Plain system calls; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/secret.h"

namespace sallyport::signin::kernel_ring {

/// True if a key can be put there and read back.
[[nodiscard]] bool works();
[[nodiscard]] std::optional<Secret> read(const std::string& name);
/// Replaces what was there. `life` zero: until the restart.
[[nodiscard]] bool write(const std::string& name, const Secret& content,
                         std::chrono::seconds life = {});
void remove(const std::string& name);

}  // namespace sallyport::signin::kernel_ring
