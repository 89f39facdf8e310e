// What several formats share; for this folder alone.
#pragma once

#include "profile/codec/codec.h"

namespace sallyport::profile {

inline constexpr std::string_view kDomain = "com.anthropic.claudefordesktop";
inline constexpr std::string_view kPolicyPath = "SOFTWARE\\Policies\\Claude";

/// The content of a CMS SignedData message (a signed .mobileconfig). The signature is not judged:
/// the device does that. Error: cms.invalid.
[[nodiscard]] Result<std::string> signed_content(std::string_view der);

/// ADMX names, shared by the template, its ingestion and its values.
[[nodiscard]] std::string policy_name(const Key& key);
[[nodiscard]] std::string category_name(std::string_view section);
struct Template {
  std::string admx, adml;
};
[[nodiscard]] Template policy_template();
/// The keys that a policy template and a manifest offer: all but legacy spellings and removed ones.
[[nodiscard]] std::vector<const Key*> offered_keys();

/// Windows compares value names without regard to case. Error: encode.not_possible.
[[nodiscard]] Result<void> refuse_same_name(const json::object& values);

/// Refuses texts that XML cannot hold, naming the key.
[[nodiscard]] Result<void> refuse_uncarriable_xml(const json::object& values);

}  // namespace sallyport::profile
