// .mobileconfig: Apple's configuration profile with one payload of Claude Desktop's preference
// domain (facts: desktop-config 3). Also the bare plist of that domain, for Jamf.
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include <memory>

#include "base/encoding.h"
#include "profile/codec/formats.h"
#include "profile/codec/plist.h"

namespace sallyport::profile {
namespace {

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return text;
}

bool is_payload_member(std::string_view name) {
  return name.starts_with("Payload");
}

// Values of the domain as typed values, with notes about forms that not every build reads.
void take_settings(const json::object& dict, Decoded& into) {
  for (const auto& member : dict) {
    if (is_payload_member(member.key())) continue;
    const Key* key = Catalogue::builtin().find(member.key());
    if (member.value().is_array() || member.value().is_object()) {
      into.notes.push_back({"plist.native_structure", Severity::kWarning, std::string(member.key()),
                            "it is a native <array> or <dict>; older builds read JSON text in one "
                            "<string> alone, newer ones accept both",
                            "write it as JSON text, as `sallyport profile export` does"});
    }
    into.values[member.key()] = typed_value(key, member.value());
  }
}

// com.apple.ManagedClient.preferences: PayloadContent/DOMAIN/Forced[]/mcx_preference_settings.
void take_managed_client(const json::object& payload, Decoded& into) {
  const json::value* content = payload.if_contains("PayloadContent");
  if (content == nullptr || !content->is_object()) return;
  const json::value* domain = content->get_object().if_contains(kDomain);
  if (domain == nullptr || !domain->is_object()) return;
  const json::value* forced = domain->get_object().if_contains("Forced");
  if (forced == nullptr || !forced->is_array()) return;
  for (const json::value& item : forced->get_array()) {
    if (!item.is_object()) continue;
    const json::value* settings = item.get_object().if_contains("mcx_preference_settings");
    if (settings != nullptr && settings->is_object()) take_settings(settings->get_object(), into);
  }
}

Result<Decoded> decode_payloads(const json::array& payloads) {
  Decoded decoded;
  std::size_t ours = 0;
  std::string others;
  for (const json::value& item : payloads) {
    if (!item.is_object()) continue;
    const json::value* type = item.get_object().if_contains("PayloadType");
    std::string_view name =
        type != nullptr && type->is_string() ? std::string_view(type->get_string()) : "";
    if (name == kDomain) {
      ++ours;
      take_settings(item.get_object(), decoded);
    } else if (name == "com.apple.ManagedClient.preferences") {
      ++ours;
      take_managed_client(item.get_object(), decoded);
    } else {
      others += fmt::format("{}{}", others.empty() ? "" : ", ", name);
    }
  }
  if (ours == 0) {
    return fail("decode.foreign",
                fmt::format("the profile has no payload of type {} (it has: {})", kDomain,
                            others.empty() ? "none" : others),
                "check the payload type; a misspelt one never reaches the app");
  }
  return decoded;
}

Result<Encoded> encode_mobileconfig(const Profile& profile, const EncodeOptions& options) {
  if (auto clean = refuse_uncarriable_xml(profile.values); !clean) {
    return std::unexpected(std::move(clean.error()));
  }
  if (!xml_can_carry(options.organization) || !is_utf8(options.organization)) {
    return fail("encode.uncarriable", "the organization's name holds what XML cannot carry",
                "write it as plain text");
  }
  PlistWriter plist;
  plist.begin_array("PayloadContent");
  plist.begin_dict();
  plist.text("PayloadType", kDomain);
  plist.text("PayloadIdentifier", fmt::format("{}.settings", kDomain));
  plist.text("PayloadUUID", upper(derived_uuid(profile.id, "mobileconfig payload")));
  plist.integer("PayloadVersion", 1);
  plist.text("PayloadDisplayName", "Claude Desktop");
  for (const auto& [name, value] : ordered(profile.values)) plist.setting(name, *value);
  plist.end_dict();
  plist.end_array();
  plist.text("PayloadDisplayName", "Claude Desktop Third-Party Inference");
  plist.text("PayloadIdentifier", fmt::format("{}.profile", kDomain));
  if (!options.organization.empty()) plist.text("PayloadOrganization", options.organization);
  plist.text("PayloadType", "Configuration");
  plist.text("PayloadUUID", upper(derived_uuid(profile.id, "mobileconfig profile")));
  plist.integer("PayloadVersion", 1);
  plist.text("PayloadScope", options.per_user ? "User" : "System");
  return Encoded{{{std::string(format::kMobileconfig.file_name), std::move(plist).finish()}}, {}};
}

Result<Encoded> encode_jamf_plist(const Profile& profile, const EncodeOptions&) {
  if (auto clean = refuse_uncarriable_xml(profile.values); !clean) {
    return std::unexpected(std::move(clean.error()));
  }
  PlistWriter plist;
  for (const auto& [name, value] : ordered(profile.values)) plist.setting(name, *value);
  return Encoded{{{std::string(format::kJamfPlist.file_name), std::move(plist).finish()}}, {}};
}

// Intune takes a .mobileconfig in a Graph object of its own.
Result<Encoded> encode_intune_mac(const Profile& profile, const EncodeOptions& options) {
  auto inner = encode_mobileconfig(profile, options);
  if (!inner) return inner;
  json::object graph;
  graph["@odata.type"] = "#microsoft.graph.macOSCustomConfiguration";
  graph["displayName"] = fmt::format("Claude Desktop - {}", profile.name);
  graph["description"] = profile.description;
  graph["deploymentChannel"] = options.per_user ? "userChannel" : "deviceChannel";
  graph["payloadName"] = "Claude Desktop Third-Party Inference";
  graph["payloadFileName"] = inner->files.front().name;
  graph["payload"] = to_base64(inner->files.front().bytes);
  return Encoded{{{std::string(format::kIntuneMac.file_name), pretty_json(graph)}},
                 std::move(inner->notes)};
}

bool looks_signed(std::string_view bytes) {
  // DER: SEQUENCE, then the object identifier of SignedData (1.2.840.113549.1.7.2)
  constexpr std::string_view kSignedData("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", 11);
  return bytes.starts_with('\x30') &&
         bytes.substr(0, 32).find(kSignedData) != std::string_view::npos;
}

Result<Decoded> decode_plist(std::string_view bytes) {
  if (looks_signed(bytes)) {
    auto content = signed_content(bytes);
    if (!content) return std::unexpected(std::move(content.error()));
    return looks_signed(*content) ? fail("cms.invalid", "the profile is signed twice")
                                  : decode_plist(*content);
  }
  auto plist = parse_plist(bytes);
  if (!plist) return std::unexpected(std::move(plist.error()));
  if (!plist->is_object()) {
    return fail("decode.foreign", "the property list is not a dictionary");
  }
  const json::object& root = plist->get_object();
  const json::value* content = root.if_contains("PayloadContent");
  if (content != nullptr && content->is_array()) return decode_payloads(content->get_array());
  Decoded decoded;
  take_settings(root, decoded);
  return decoded;
}

Likeness like_mobileconfig(const Sample& sample) {
  bool binary = is_binary_plist(sample.bytes) &&
                sample.file_name.ends_with(format::kMobileconfig.file_ending);
  bool xml =
      sample.text.starts_with("<") && sample.text.find("PayloadContent") != std::string_view::npos;
  return looks_signed(sample.bytes) || binary || xml ? Likeness::kCertain : Likeness::kNone;
}

}  // namespace

Result<void> refuse_uncarriable_xml(const json::object& values) {
  for (const auto& member : values) {
    if (xml_can_carry(member.key()) && xml_can_carry(portable_text(member.value()))) continue;
    return fail("encode.uncarriable",
                fmt::format("{} holds a control character that XML cannot carry",
                            std::string_view(member.key())),
                "remove it from the value");
  }
  return {};
}

Result<std::string> signed_content(std::string_view der) {
  constexpr std::size_t kLargest = 16U << 20;
  auto refuse = [](std::string_view what) {
    ERR_clear_error();
    return fail("cms.invalid", fmt::format("the signed profile {}", what),
                "get it again from where it was signed");
  };
  if (der.size() > kLargest) return refuse("is larger than 16 MiB");
  std::unique_ptr<BIO, decltype(&BIO_free)> input(
      BIO_new_mem_buf(der.data(), static_cast<int>(der.size())), &BIO_free);
  std::unique_ptr<CMS_ContentInfo, decltype(&CMS_ContentInfo_free)> cms(
      d2i_CMS_bio(input.get(), nullptr), &CMS_ContentInfo_free);
  if (!cms || OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed) {
    return refuse("is no CMS SignedData message");
  }
  ASN1_OCTET_STRING** content = CMS_get0_content(cms.get());
  if (content == nullptr || *content == nullptr) return refuse("has no content inside");
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(*content)),
                     static_cast<std::size_t>(ASN1_STRING_length(*content)));
}

constinit const Format format::kMobileconfig{
    .name = "mobileconfig",
    .title = "macOS configuration profile",
    .file_name = "claude-desktop.mobileconfig",
    .file_ending = ".mobileconfig",
    .platform = Platform::kMacos,
    .signable = true,
    .encoder = encode_mobileconfig,
    .decoder = decode_plist,
    .likeness = like_mobileconfig,
};

constinit const Format format::kJamfPlist{
    .name = "jamf",
    .title = "Jamf custom settings (plist of the preference domain)",
    .file_name = "com.anthropic.claudefordesktop.plist",
    .file_ending = ".plist",
    .platform = Platform::kMacos,
    .encoder = encode_jamf_plist,
    .decoder = decode_plist,
    .likeness =
        [](const Sample& sample) {
          bool plist = is_binary_plist(sample.bytes) || sample.text.starts_with("<");
          return plist ? Likeness::kPossible : Likeness::kNone;
        },
};

constinit const Format format::kIntuneMac{
    .name = "intune-macos",
    .title = "Intune custom profile for macOS (Graph JSON)",
    .file_name = "intune-macos.json",
    .platform = Platform::kMacos,
    .encoder = encode_intune_mac,
};

}  // namespace sallyport::profile
