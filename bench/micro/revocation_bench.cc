// links: identity
// What the check for revocations costs each request: nothing in force, and 10,000 of all kinds in
// force that concern somebody else (goal: under 200 ns).
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "identity/revocation_table.h"

namespace sallyport::identity {
namespace {

constexpr WallTime kNow = WallTime(std::chrono::seconds(1795219200));

std::string uuid(int number) {
  auto text = std::to_string(number);
  return "5b1f0e7a-3c52-4d8e-9a41-" + std::string(12 - text.size(), '0') + text;
}

PrincipalPtr person(int number) {
  PrincipalDraft made;
  made.issuer = "contoso";
  made.tenant = uuid(1);
  made.object_id = uuid(number);
  made.key = made.issuer + "/" + made.tenant + "/" + made.object_id;
  made.session_id = uuid(number + 1);
  made.token_id = uuid(number + 2);
  made.client = uuid(number + 3);
  made.groups = {uuid(number + 4), uuid(number + 5)};
  made.signed_in_at = 1795219000;
  return keep(made);
}

void find(benchmark::State& state) {
  RevocationTable table;
  for (int i = 0; i < state.range(0); ++i) {
    auto one = std::make_shared<Revocation>();
    one->id = uuid(i);
    one->kind = static_cast<RevocationKind>(i % 6);
    one->target = i % 6 < 2 ? std::string(person(i)->key) : uuid(i);
    one->issuer = "contoso";
    one->not_before = 1795218000;
    table.add(std::move(one));
  }
  // Many people, so that neither they nor their places in the table stay in the nearest cache.
  std::vector<PrincipalPtr> people;
  for (int i = 0; i < 1024; ++i) {
    people.push_back(person(50'000'000 + i * 10));
  }
  std::size_t at = 0;
  for (auto _ : state) {
    auto found = table.find(*people[at++ % people.size()], kNow);
    benchmark::DoNotOptimize(found);
    if (found) state.SkipWithError("somebody is revoked who is not");
  }
}
BENCHMARK(find)->Arg(0)->Arg(10'000)->Arg(100'000);

}  // namespace
}  // namespace sallyport::identity
