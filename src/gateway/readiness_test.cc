#include "gateway/readiness.h"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

TEST(Readiness, NeedsKeysRecordAndCredentialAndStays) {
  auto good = readiness({.keys = true, .record = true, .credential = true, .draining = false});
  EXPECT_TRUE(good.ready);
  EXPECT_EQ(good.code, "");
}

TEST(Readiness, SaysWhatIsMissingInTheWordsOfRefusals) {
  struct Case {
    ReadinessFacts facts;
    std::string_view code;
  };
  for (const auto& [facts, code] : {
           Case{{false, true, true, false}, "keys.unavailable"},
           Case{{true, false, true, false}, "audit.unavailable"},
           Case{{true, true, false, false}, "upstream.no_credential"},
           Case{{true, true, true, true}, "gateway.draining"},
           Case{{false, false, false, true}, "keys.unavailable"},
           Case{{true, false, false, true}, "audit.unavailable"},
       }) {
    auto found = readiness(facts);
    EXPECT_FALSE(found.ready) << code;
    EXPECT_EQ(found.code, code);
  }
}

}  // namespace
}  // namespace sallyport::gateway
