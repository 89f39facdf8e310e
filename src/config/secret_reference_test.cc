#include "config/secret_reference.h"

#include <gtest/gtest.h>

#include "config/fake_environment.h"

namespace sallyport::config {
namespace {

class SecretReference : public testing::Test {
 protected:
  SecretRead read(std::string_view text) {
    return read_secret(text, "/etc/sallyport", environment);
  }
  std::string code(std::string_view text) {
    auto result = read(text).value;
    return result ? "(a value)" : std::string(result.error().code);
  }
  FakeEnvironment environment;
};

TEST_F(SecretReference, ReadsAVariable) {
  environment.variables["FOUNDRY_KEY"] = "k-1";
  auto result = read("${env:FOUNDRY_KEY}");
  ASSERT_TRUE(result.value);
  EXPECT_EQ(result.value->secret->reveal(), "k-1");
  EXPECT_EQ(result.value->source, "variable FOUNDRY_KEY");
  EXPECT_TRUE(result.warnings.empty());
}

TEST_F(SecretReference, ReadsAFileWithoutItsLineEnd) {
  environment.files["/run/key"] = {"k-2\n", 0600};
  environment.files["/run/windows"] = {"k-3\r\n", 0640};
  environment.files["/etc/sallyport/near"] = {"k-4", 0400};
  EXPECT_EQ(read("${file:/run/key}").value->secret->reveal(), "k-2");
  EXPECT_EQ(read("${file:/run/windows}").value->secret->reveal(), "k-3");
  EXPECT_EQ(read("${file:near}").value->secret->reveal(), "k-4");
  EXPECT_EQ(read("${file:near}").value->source, "file /etc/sallyport/near");
}

TEST_F(SecretReference, WarnsOfAFileThatEverybodyMayOpen) {
  environment.files["/run/key"] = {"k", 0644};
  auto result = read("${file:/run/key}");
  ASSERT_TRUE(result.value);
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_EQ(result.warnings[0].code, "config.secret_world_readable");
}

TEST_F(SecretReference, WarnsOfASecretInTheConfiguration) {
  auto result = read("sk-ant-canary");
  ASSERT_TRUE(result.value);
  EXPECT_EQ(result.value->secret->reveal(), "sk-ant-canary");
  EXPECT_EQ(result.value->source, "the configuration file");
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_EQ(result.warnings[0].code, "config.secret_in_file");
}

TEST_F(SecretReference, SaysWhatIsMissing) {
  EXPECT_EQ(code("${env:NOT_SET}"), "config.variable_missing");
  EXPECT_EQ(code("${file:/nowhere}"), "config.file_missing");
  environment.variables["EMPTY"] = "";
  environment.files["/empty"] = {"\n\n", 0600};
  EXPECT_EQ(code("${env:EMPTY}"), "config.secret_empty");
  EXPECT_EQ(code("${file:/empty}"), "config.secret_empty");
  environment.files["/huge"] = {std::string(kMaxSecretBytes + 1, 'x'), 0600};
  EXPECT_EQ(code("${file:/huge}"), "config.file_unreadable");
}

TEST_F(SecretReference, RefusesWhatCannotStandInAHeader) {
  for (const char* content :
       {"two words", "two\nlines", "tab\tbed", "k\r\nx-evil: 1", "gr\xc3\xbc"}) {
    environment.files["/key"] = {content, 0600};
    EXPECT_EQ(code("${file:/key}"), "config.secret_malformed") << content;
  }
  environment.files["/key"] = {std::string(4097, 'x'), 0600};
  EXPECT_EQ(code("${file:/key}"), "config.secret_malformed");
}

TEST_F(SecretReference, RefusesHalfReferences) {
  environment.variables["A"] = "x";
  for (const char* text :
       {"${env:A", "x${env:A}", "${env:A}x", "${env:A}${env:A}", "${env:}", "${env:1A}",
        "${env:A B}", "${file:}", "${vault:x}", "file:/etc/key", "/etc/key", "${env:${env:A}}"}) {
    EXPECT_EQ(code(text), "config.bad_reference") << text;
  }
}

TEST_F(SecretReference, UnderstandsTheFormsOfOtherPrograms) {
  for (const char* text :
       {"$FOUNDRY_KEY", "${FOUNDRY_KEY}", "env:FOUNDRY_KEY", "os.environ/FOUNDRY_KEY"}) {
    auto result = read(text);
    ASSERT_FALSE(result.value) << text;
    EXPECT_EQ(result.value.error().nearest, "${env:FOUNDRY_KEY}") << text;
  }
}

TEST_F(SecretReference, NeverShowsASecretInAMessage) {
  environment.variables["A"] = "canary with spaces";
  environment.files["/key"] = {"canary\nwith lines", 0644};
  for (const char* text : {"canary with spaces", "${env:A}", "${file:/key}", "x${canary}",
                           "/canary"
                           "\"canary",
                           "/canary"}) {
    auto result = read(text);
    ASSERT_FALSE(result.value) << text;
    const auto& error = result.value.error();
    EXPECT_EQ((error.message + error.next_step + error.nearest).find("canary"), std::string::npos)
        << text;
  }
}

}  // namespace
}  // namespace sallyport::config
