// Backends in memory, for tests of the API alone: a register over a log that keeps nothing, people
// that are listed, events that are remembered. Test code only.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "admin/api/backends.h"
#include "base/check.h"
#include "base/entropy.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/test_folder.h"

namespace sallyport::admin {

struct TestLog final : identity::RevocationLog {
  Result<std::vector<identity::Revocation>> load() override { return stored; }
  Result<void> append(std::span<const identity::RevocationChange> /*changes*/) override {
    if (gone) return fail("store.unusable", "the disk is gone", "bring it back");
    return {};
  }
  Result<void> check() override { return {}; }
  std::vector<identity::Revocation> stored;
  std::atomic<bool> gone{false};
};

struct TestFanout final : identity::RevocationFanout {
  std::vector<identity::RevocationEffect> apply(
      const std::vector<identity::RevocationChange>& changes) override {
    return std::vector<identity::RevocationEffect>(changes.size());
  }
  identity::RevocationReach preview(
      const std::vector<identity::RevocationPtr>& /*revocations*/) override {
    return reach;
  }
  identity::RevocationReach reach;  ///< what a preview finds
};

struct TestPeople final : audit::NameTable {
  void remember(std::string_view key, const audit::Sighting& sighting, WallTime seen) override {
    known.push_back(
        {std::string(key), std::string(sighting.name), std::string(sighting.mail), seen});
  }
  Result<bool> erase(std::string_view /*key*/) override { return false; }
  Result<std::vector<audit::KnownPerson>> find(std::string_view name_or_mail,
                                               std::size_t most) override {
    std::vector<audit::KnownPerson> found;
    for (const auto& person : known) {
      bool is_it = person.name == name_or_mail || person.mail == name_or_mail;
      if (is_it && found.size() < most) found.push_back(person);
    }
    return found;
  }
  // `known` stands in the order of keys; beginnings are compared as they are written.
  Result<std::vector<audit::KnownPerson>> search(std::string_view beginning, std::string_view after,
                                                 std::size_t most) override {
    std::vector<audit::KnownPerson> found;
    for (const auto& person : known) {
      bool is_it = person.name.starts_with(beginning) || person.mail.starts_with(beginning);
      if (is_it && person.key > after && found.size() < most) found.push_back(person);
    }
    return found;
  }
  Result<std::optional<audit::KnownPerson>> look_up(std::string_view key) override {
    for (const auto& person : known) {
      if (person.key == key) return person;
    }
    return std::nullopt;
  }
  Result<unsigned> marks(std::string_view /*key*/, std::string_view /*issuer*/) override {
    return audit::Sighting::kSeen;
  }
  std::vector<audit::KnownPerson> known;
};

/// An event as it would stand in the record.
struct TestEvent {
  std::string name;
  std::vector<std::pair<std::string, std::string>> details;
};

struct TestBackends {
  TestBackends() {
    auto opened = identity::RevocationRegister::open(log, clock, system_entropy(), metrics,
                                                     [](const auto& /*outcome*/) {});
    SALLYPORT_CHECK(opened.has_value());
    revocations = std::move(*opened);
    revocations->start(fanout);
    desk =
        std::make_unique<RevocationDesk>(*revocations, people, clock, [this] { return issuers; });
    issuers.emplace_back().name = "contoso";
    backends = std::make_unique<Backends>(
        Backends{.status =
                     [] {
                       Status status;
                       status.ready = true;
                       return status;
                     },
                 .revocations = *desk,
                 .people = people,
                 .jobs = jobs,
                 .record_directory = [this] { return folder.path().string(); },
                 .record_event =
                     [this](std::string_view name, std::span<const audit::Detail> details) {
                       if (record_is_gone) return false;
                       TestEvent event{std::string(name), {}};
                       for (const auto& detail : details)
                         event.details.emplace_back(detail.name, detail.text);
                       MutexLock lock(mutex);
                       events.push_back(std::move(event));
                       return true;
                     },
                 .at_archive =
                     [this](const Caller& /*caller*/, const Desk::Work& work) {
                       ++archive_asked;
                       work(Desk::Place());
                       return true;
                     },
                 .configuration = [this] { return configuration; },
                 .reload =
                     [this](const Caller& caller, const ReloadWish& wish) {
                       reloads.emplace_back(caller.who, wish.dry_run);
                       reload_expected = wish.expected;
                       return reload_answer;
                     }});
  }
  ~TestBackends() { revocations->stop(); }

  [[nodiscard]] std::vector<TestEvent> written() {
    MutexLock lock(mutex);
    return events;
  }

  TestFolder folder;
  FakeClock clock;
  Metrics metrics;
  TestLog log;
  TestFanout fanout;
  TestPeople people;
  std::vector<identity::IssuerSettings> issuers;
  std::unique_ptr<identity::RevocationRegister> revocations;
  std::unique_ptr<RevocationDesk> desk;
  JobTable jobs{clock, [this] { return make_uuid7(clock.wall(), system_entropy()); }};
  std::unique_ptr<Backends> backends;
  std::atomic<bool> record_is_gone{false};
  ConfigurationView configuration;
  std::expected<ConfigurationReload, Problem> reload_answer;
  std::vector<std::pair<std::string, bool>> reloads;  ///< who, dry run
  std::string reload_expected;                        ///< of the last one
  int archive_asked = 0;
  Mutex mutex;
  std::vector<TestEvent> events GUARDED_BY(mutex);
};

}  // namespace sallyport::admin
