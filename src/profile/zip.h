// A ZIP archive of stored (uncompressed) files, for exports that are more than one file. The bytes
// depend on names and contents alone: no times, so that equal exports are equal. Pure.
#pragma once

#include <string>
#include <vector>

#include "profile/codec/codec.h"

namespace sallyport::profile {

/// Names are UTF-8 with `/`. At most 65,535 files of together less than 4 GiB.
[[nodiscard]] std::string zip(const std::vector<ExportFile>& files);

}  // namespace sallyport::profile
