// The functions behind codec.h's table, one pair a format; for this folder alone.
#pragma once

#include "profile/codec/codec.h"

namespace sallyport::profile {

inline constexpr std::string_view kDomain = "com.anthropic.claudefordesktop";
inline constexpr std::string_view kPolicyPath = "SOFTWARE\\Policies\\Claude";

[[nodiscard]] Result<Encoded> encode_mobileconfig(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_registry(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_linux_json(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_local_library(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_bootstrap(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_oma_uri(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_jamf_plist(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_manifest(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_admx(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_intune_admx(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_intune_mac(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_powershell(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_jamf_schema(const Profile&, const EncodeOptions&);
[[nodiscard]] Result<Encoded> encode_claude_code(const Profile&, const EncodeOptions&);

[[nodiscard]] Result<Decoded> decode_plist(std::string_view bytes);  ///< profile or domain plist
[[nodiscard]] Result<Decoded> decode_registry(std::string_view bytes);
[[nodiscard]] Result<Decoded> decode_flat_json(std::string_view bytes);
[[nodiscard]] Result<Decoded> decode_nested_json(std::string_view bytes);
[[nodiscard]] Result<Decoded> decode_oma_uri(std::string_view bytes);

/// The content of a CMS SignedData message (a signed .mobileconfig). The signature is not judged:
/// the device does that. Error: cms.invalid.
[[nodiscard]] Result<std::string> signed_content(std::string_view der);
[[nodiscard]] bool looks_signed(std::string_view bytes);

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
