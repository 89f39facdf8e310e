// The reference page of sallyport.yaml, written from the schema's table, so that it cannot say
// anything else than the loader does. `docs/configuration.md` is this text; a test compares.
#pragma once

#include <string>

namespace sallyport::config {

[[nodiscard]] std::string reference_markdown();

}  // namespace sallyport::config
