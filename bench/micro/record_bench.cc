// links: audit
// What the record costs a request: an opened and a closed line, from the structs to write(2); and
// what reading back costs a line.
#include <benchmark/benchmark.h>

#include "audit/chain_check.h"
#include "audit/line_hash.h"
#include "audit/side_journal.h"
#include "audit/test_bench.h"

namespace sallyport::audit {
namespace {

// Segments are replaced by the chain itself (no sync thread): the figure contains the preparing,
// which in the gateway is the sync thread's.
struct Bench {
  Bench() : process(folder.path(), 64 << 20) {
    chain = std::move(*Chain::create(process.parts(), "0"));
  }
  TestFolder folder;
  Process process;
  std::unique_ptr<Chain> chain;
};

// One request: two lines, `range` requests a write.
void BM_RequestRecorded(benchmark::State& state) {
  Bench bench;
  auto id = request_id(1);
  auto now = bench.process.clock.wall();
  auto open = opened(id, now);
  auto end = closed(id, 1, now);
  std::int64_t batch = state.range(0);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < batch; ++i)
      benchmark::DoNotOptimize(bench.chain->append_opened(open));
    if (!bench.chain->flush()) state.SkipWithError("write");
    for (std::int64_t i = 0; i < batch; ++i) bench.chain->append_closed(end);
    if (!bench.chain->flush()) state.SkipWithError("write");
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(BM_RequestRecorded)->Arg(1)->Arg(8);

void BM_OpenedMembers(benchmark::State& state) {
  auto id = request_id(1);
  auto open = opened(id, FakeClock().wall());
  std::string line;
  for (auto _ : state) {
    line.clear();
    JsonWriter json(line);
    append_members(json, open);
    benchmark::DoNotOptimize(line.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(line.size()));
}
BENCHMARK(BM_OpenedMembers);

void BM_LineHash(benchmark::State& state) {
  LineHasher hasher;
  std::string line(static_cast<std::size_t>(state.range(0)), 'x');
  char out[LineHasher::kHexSize];
  for (auto _ : state) {
    hasher.hash_hex(line, out);
    benchmark::DoNotOptimize(out);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_LineHash)->Arg(700)->Arg(1100);

void BM_LineChecked(benchmark::State& state) {
  Bench bench;
  auto id = request_id(1);
  for (int i = 0; i < 1000; ++i) {
    (void)bench.chain->append_opened(opened(id, bench.process.clock.wall()));
    bench.chain->append_closed(closed(id, 1, bench.process.clock.wall()));
  }
  (void)bench.chain->close(bench.process.clock.wall());
  std::vector<std::string> lines;
  for (const auto& file : std::filesystem::directory_iterator(bench.folder.path())) {
    auto text = slurp(file.path());
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
         at = end + 1) {
      lines.push_back(text.substr(at, end - at));
    }
  }
  for (auto _ : state) {
    ChainCheck check(bench.process.directory->instance(), "0", false);
    for (const auto& line : lines) benchmark::DoNotOptimize(check.next(line));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(lines.size()));
}
BENCHMARK(BM_LineChecked);

void BM_SideNote(benchmark::State& state) {
  TestFolder folder;
  FakeClock clock;
  Metrics metrics;
  Instruments instruments(metrics);
  auto journal = std::move(*SideJournal::open(folder.path(), clock, instruments));
  for (auto _ : state) journal->note("203.0.113.9", "token.expired");
}
BENCHMARK(BM_SideNote);

}  // namespace
}  // namespace sallyport::audit
