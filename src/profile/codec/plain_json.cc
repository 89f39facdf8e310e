// The JSON formats: Linux managed file (flat), local library (flat, or nested on demand), bootstrap
// answer (nested, or flat on demand). Facts: desktop-config 5 and 11.
#include <fmt/format.h>

#include "profile/codec/formats.h"
#include "profile/codec/nested.h"

namespace sallyport::profile {
namespace {

json::object in_order(const json::object& values) {
  json::object object;
  for (const auto& [name, value] : ordered(values)) object[name] = *value;
  return object;
}

Result<json::object> read_object(std::string_view bytes) {
  auto document = parse_json(bytes);
  if (!document) return std::unexpected(std::move(document.error()));
  if (!document->is_object()) {
    return fail("decode.foreign", "line 1, column 1: expected a JSON object",
                "the file holds one object whose members are the configuration keys");
  }
  return std::move(document->get_object());
}

Result<Encoded> encode_linux_json(const Profile& profile, const EncodeOptions&) {
  return Encoded{{{"managed-settings.json", pretty_json(in_order(profile.values))}}, {}};
}

Result<Encoded> encode_local_library(const Profile& profile, const EncodeOptions& options) {
  Encoded encoded;
  std::string id = derived_uuid(profile.id, "library entry");
  json::object meta, entry;
  entry["id"] = id;
  entry["name"] = profile.name;
  meta["appliedId"] = id;
  meta["entries"] = json::array{std::move(entry)};
  json::object values = in_order(profile.values);
  if (options.form == EncodeOptions::Form::kNested) values = to_nested(values, encoded.notes);
  encoded.files.push_back({"_meta.json", pretty_json(meta)});
  encoded.files.push_back({id + ".json", pretty_json(values)});
  return encoded;
}

Result<Encoded> encode_bootstrap(const Profile& profile, const EncodeOptions& options) {
  Encoded encoded;
  json::object values;
  for (const auto& [name, value] : ordered(profile.values)) {
    const Key* key = Catalogue::builtin().find(name);
    if (key != nullptr && key->availability == Availability::kMdm) {
      encoded.notes.push_back({"bootstrap.mdm_only", Severity::kWarning, std::string(name),
                               "the app takes it from the device alone, so it was left out of the "
                               "bootstrap answer",
                               "deliver it by MDM"});
      continue;
    }
    values[name] = *value;
  }
  if (options.form != EncodeOptions::Form::kFlat) values = to_nested(values, encoded.notes);
  encoded.files.push_back({"bootstrap.json", pretty_json(values)});
  return encoded;
}

Result<Decoded> decode_flat_json(std::string_view bytes) {
  auto object = read_object(bytes);
  if (!object) return std::unexpected(std::move(object.error()));
  Decoded decoded;
  for (const auto& member : *object) {
    decoded.values[member.key()] =
        typed_value(Catalogue::builtin().find(member.key()), member.value());
  }
  return decoded;
}

Result<Decoded> decode_nested_json(std::string_view bytes) {
  auto object = read_object(bytes);
  if (!object) return std::unexpected(std::move(object.error()));
  if (object->contains("appliedId") && object->contains("entries")) {
    return fail("decode.foreign", "this is the library's _meta.json, which holds no values",
                "name the entry file <id>.json beside it, or the folder");
  }
  if (const json::value* legacy = object->if_contains("enterpriseConfig");
      legacy != nullptr && legacy->is_object()) {
    json::object inner = legacy->get_object();
    *object = std::move(inner);
  }
  Decoded decoded;
  decoded.values = from_nested(*object);
  return decoded;
}

}  // namespace

constinit const Format format::kLinuxJson{
    .name = "linux",
    .title = "Linux /etc/claude-desktop/managed-settings.json",
    .file_name = "managed-settings.json",
    .file_ending = "managed-settings.json",
    .platform = Platform::kLinux,
    .encoder = encode_linux_json,
    .decoder = decode_flat_json,
    .likeness =
        [](const Sample& sample) {
          // also of a text that is no JSON: the decoder says what is wrong with it
          return sample.text.starts_with("{") ? Likeness::kPossible : Likeness::kNone;
        },
};

constinit const Format format::kLocalLibrary{
    .name = "library",
    .title = "the app's own configLibrary",
    .file_name = "configLibrary.zip",
    .encoder = encode_local_library,
    .decoder = decode_nested_json,
};

constinit const Format format::kBootstrap{
    .name = "bootstrap",
    .title = "answer of a bootstrap server",
    .file_name = "bootstrap.json",
    .file_ending = "bootstrap.json",
    .delivery = Delivery::kBootstrap,
    .encoder = encode_bootstrap,
    .decoder = decode_nested_json,
    .likeness =
        [](const Sample& sample) {
          bool nested = sample.document != nullptr && is_nested(*sample.document);
          return nested ? Likeness::kLikely : Likeness::kNone;
        },
};

}  // namespace sallyport::profile
