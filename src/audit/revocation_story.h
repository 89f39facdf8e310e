// What the record tells of one revocation, in the order of time: the last request admitted before
// it, the revocation itself, the answers that it cut, the first request refused, its lift or end.
// Reads without a lock, like history.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "audit/reading_bounds.h"
#include "base/result.h"

namespace sallyport::audit {

struct StoryStep {
  std::string time;
  /// "last_admitted", "revoked", "cut", "first_refused", "refused" (the last of them), "lifted",
  /// "ended".
  std::string what;
  std::string request;  ///< id; empty for revoked, lifted, ended
  std::string text;     ///< one line for a person
  std::string record;   ///< the line of the record, JSON as it stands
};

struct RevocationStory {
  std::vector<StoryStep> steps;  ///< empty: the record does not know it
  std::uint64_t cut = 0;
  std::uint64_t refused = 0;
};

/// Errors: audit.directory, audit.segment, kReadingEnded.
[[nodiscard]] Result<RevocationStory> read_revocation_story(const std::filesystem::path& directory,
                                                            const std::string& id,
                                                            const GoOn& go_on = {});

}  // namespace sallyport::audit
