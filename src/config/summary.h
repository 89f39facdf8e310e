// What `sallyport config check` prints about a good file: what the gateway would do with it.
#pragma once

#include <string>

#include "config/configuration.h"

namespace sallyport::config {

/// A short page for a person, warnings included, ending with a line end.
[[nodiscard]] std::string summary_text(const Loaded& loaded);

/// One JSON object on one line, for good and bad files: {"ok", "path", "sha256", "findings", ...}.
[[nodiscard]] std::string summary_json(const Loaded& loaded);

}  // namespace sallyport::config
