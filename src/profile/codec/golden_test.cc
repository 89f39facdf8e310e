// Golden files of every format in tests/golden/formats, for an ordinary and for a hostile profile
// (quotes, backslashes, line ends, emoji, ]]>, %VAR%). What a device gets must not change unseen:
// SALLYPORT_UPDATE_GOLDEN=1 writes them anew, and the change is reviewed like code.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "profile/codec/codec.h"

namespace sallyport::profile {
namespace {

namespace fs = std::filesystem;
const fs::path kGolden = fs::path(SALLYPORT_TESTDATA) / ".." / "golden" / "formats";

Profile load(const std::string& name) {
  auto text = read_file(kGolden / (name + ".profile.json"), 1 << 20);
  EXPECT_TRUE(text) << name;
  auto profile = parse_profile(name, text ? *text : "{}");
  EXPECT_TRUE(profile) << profile.error().message;
  return *profile;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, EveryFormatIsAsReviewed) {
  Profile profile = load(GetParam());
  for (const Format* format : formats()) {
    if (!format->has_values && GetParam() != "ordinary") continue;  // the same for all profiles
    auto encoded = encode(*format, profile, {});
    ASSERT_TRUE(encoded) << format->name << ": " << encoded.error().message;
    for (const ExportFile& file : encoded->files) {
      std::string flat = file.name;
      std::replace(flat.begin(), flat.end(), '/', '-');
      fs::path path = kGolden / GetParam() / (std::string(format->name) + "." + flat);
      if (std::getenv("SALLYPORT_UPDATE_GOLDEN") != nullptr) {
        fs::create_directories(path.parent_path());
        ASSERT_TRUE(write_file_atomically(path, file.bytes, 0644));
      }
      auto golden = read_file(path, 4 << 20);
      ASSERT_TRUE(golden) << path;
      EXPECT_TRUE(*golden == file.bytes) << path << " differs";
    }
  }
}

TEST_P(Golden, GoldenFilesReadBackAsTheProfile) {
  Profile profile = load(GetParam());
  for (const Format* format : formats()) {
    if (format->decoder == nullptr) continue;
    auto encoded = encode(*format, profile, {});
    ASSERT_TRUE(encoded);
    std::string flat = encoded->files.back().name;
    auto golden =
        read_file(kGolden / GetParam() / (std::string(format->name) + "." + flat), 4 << 20);
    ASSERT_TRUE(golden) << format->name;
    auto decoded = decode(*format, *golden);
    ASSERT_TRUE(decoded) << format->name << ": " << decoded.error().message;
    json::object expected = profile.values;
    for (const Finding& note : encoded->notes) {
      if (note.code == "bootstrap.mdm_only" || note.code == "oma_uri.no_policy")
        expected.erase(note.key);
    }
    EXPECT_TRUE(differences(expected, decoded->values).empty()) << format->name;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Golden, testing::Values("ordinary", "hostile"),
                         [](const auto& chosen) { return chosen.param; });

}  // namespace
}  // namespace sallyport::profile
