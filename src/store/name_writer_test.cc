#include "store/name_writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace sallyport::store {
namespace {

// A database that stands still until it is let go, and fails when it is told to.
class SlowBook final : public NameBook {
 public:
  struct Seen {
    std::promise<void> go;
    std::shared_future<void> gate{go.get_future()};
    std::promise<void> writing;
    std::atomic<bool> fail{false};
    std::atomic<int> writes{0};
    SeenPeople people;  ///< read after drain() or the end
  };
  explicit SlowBook(Seen& seen) : seen_(seen) {}

  Result<void> write(const SeenPeople& people) override {
    if (seen_.writes++ == 0) seen_.writing.set_value();
    seen_.gate.wait();
    if (seen_.fail) return sallyport::fail("store.unusable", "told to fail");
    for (const auto& [key, person] : people) seen_.people.insert_or_assign(key, person);
    return {};
  }
  Result<bool> erase(std::string_view key) override {
    return seen_.people.erase(std::string(key)) > 0;
  }
  Result<std::vector<audit::KnownPerson>> find(std::string_view, std::size_t) override {
    std::vector<audit::KnownPerson> all;
    all.reserve(seen_.people.size());
    for (const auto& [key, person] : seen_.people) all.push_back({key, person.name, person.mail});
    return all;
  }
  Result<std::vector<audit::KnownPerson>> search(std::string_view, std::string_view,
                                                 std::size_t most) override {
    return find({}, most);
  }
  Result<std::optional<audit::KnownPerson>> look_up(std::string_view key) override {
    auto found = seen_.people.find(std::string(key));
    if (found == seen_.people.end()) return std::optional<audit::KnownPerson>();
    return audit::KnownPerson{found->first, found->second.name, found->second.mail};
  }
  Result<unsigned> marks(std::string_view key, std::string_view) override {
    return seen_.people[std::string(key)].marks;
  }

 private:
  Seen& seen_;
};

class NameWriterTest : public testing::Test {
 protected:
  std::uint64_t counted(const std::string& name) {
    auto text = metrics.render();
    auto at = text.find("\n" + name + " ");
    EXPECT_NE(at, std::string::npos) << text;
    return std::stoull(text.substr(at + name.size() + 2));
  }

  SlowBook::Seen seen;
  FakeClock clock;
  Metrics metrics;
};

TEST_F(NameWriterTest, NobodyWaitsForTheDatabaseAndWhatDoesNotFitIsCounted) {
  NameWriter names(std::make_unique<SlowBook>(seen), metrics);
  names.remember("first", {.name = "First"}, clock.wall());
  seen.writing.get_future().wait();  // and now it stands still
  for (std::size_t i = 0; i < NameWriter::kQueue + 10; ++i) {
    names.remember("person " + std::to_string(i), {.name = "Somebody"}, clock.wall());
  }
  names.remember("person 0", {.name = "Ada"}, clock.wall());  // waits already: no new place
  EXPECT_EQ(counted("sallyport_names_dropped_total"), 10U);
  seen.go.set_value();
  names.drain();
  EXPECT_EQ(seen.people.size(), NameWriter::kQueue + 1);
  EXPECT_EQ(seen.people["person 0"].name, "Ada");
}

TEST_F(NameWriterTest, GathersTheMarksOfOneWhoWaits) {
  seen.go.set_value();
  NameWriter names(std::make_unique<SlowBook>(seen), metrics);
  using audit::Sighting;
  names.remember("ada", {"Ada", "", Sighting::kSeen | Sighting::kSession}, clock.wall());
  names.remember("ada", {"Ada", "", Sighting::kSeen | Sighting::kGroups}, clock.wall());
  EXPECT_EQ(*names.marks("ada", ""), Sighting::kSeen | Sighting::kSession | Sighting::kGroups);
}

TEST_F(NameWriterTest, WhatWaitsIsErasedBeforeItIsWritten) {
  seen.go.set_value();
  {
    NameWriter names(std::make_unique<SlowBook>(seen), metrics);
    names.remember("ada", {.name = "Ada"}, clock.wall());
    EXPECT_TRUE(*names.erase("ada"));
    EXPECT_FALSE(*names.erase("ada"));
  }
  EXPECT_TRUE(seen.people.empty());
}

TEST_F(NameWriterTest, AFailureIsCountedAndTheNextWriteGoesOn) {
  seen.go.set_value();
  seen.fail = true;
  NameWriter names(std::make_unique<SlowBook>(seen), metrics);
  names.remember("ada", {.name = "Ada"}, clock.wall());
  names.drain();
  EXPECT_EQ(counted("sallyport_names_failures_total"), 1U);
  seen.fail = false;
  names.remember("bob", {.name = "Bob"}, clock.wall());
  EXPECT_EQ(names.find("", 5)->size(), 1U);
}

TEST_F(NameWriterTest, WritesWhatIsQueuedAtItsEnd) {
  seen.go.set_value();
  {
    NameWriter names(std::make_unique<SlowBook>(seen), metrics);
    names.remember("ada", {.name = "Ada"}, clock.wall());
  }
  EXPECT_EQ(seen.people.size(), 1U);
}

}  // namespace
}  // namespace sallyport::store
