// links: identity
// What a token costs: seen before (one tag and a look-up), seen for the first time (decoding,
// signature, claims), and refused before the signature. Tokens of about 1.5 KB, as Entra's are.
#include <benchmark/benchmark.h>

#include "identity/test_tokens.h"
#include "identity/verified_token_cache.h"

namespace sallyport::identity {
namespace {

Members large_claims() {
  std::string groups;
  for (int i = 0; i < 10; ++i) {
    groups += (i == 0 ? "[" : ",") +
              in_quotes("2e6a7c31-9d04-4b7f-a6e8-50c1d2f3a4" + std::to_string(10 + i));
  }
  return entra_claims().with("groups", groups + "]").with("aio", in_quotes(std::string(64, 'o')));
}

void SeenBefore(benchmark::State& state) {
  auto snapshot = snapshot_of({entra_settings()});
  auto tokens = static_cast<std::size_t>(state.range(0));
  VerifiedTokenCache cache(20000, Sha256{1});
  auto base = signed_token(large_claims());
  auto person = keep(*verify(*snapshot, base, test_time()));
  std::vector<std::string> all;
  for (std::size_t i = 0; i < tokens; ++i) {
    all.push_back(base + std::to_string(i));
    cache.insert(all.back(), person, *snapshot);
  }
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(cache.lookup(all[next], *snapshot, test_time()));
    next = next + 1 == tokens ? 0 : next + 1;
  }
  state.SetLabel(std::to_string(base.size()) + " bytes");
}
BENCHMARK(SeenBefore)->Arg(1)->Arg(10000);

void FirstTime(benchmark::State& state) {
  constexpr std::string_view kNames[] = {"RS256", "PS256", "ES256", "EdDSA"};
  auto name = kNames[state.range(0)];
  const TestKey& key = name == "ES256"   ? TestKey::p256()
                       : name == "EdDSA" ? TestKey::ed25519()
                                         : TestKey::rsa();
  IssuerSettings settings = entra_settings();
  settings.algorithms = {std::string(name)};
  auto snapshot = make_snapshot(1, {IssuerState(settings, test_keys({key.jwk("k1")}))});
  auto header = entra_header().with("alg", in_quotes(name)).json();
  auto token = key.token(header, large_claims().json(), name);
  for (auto _ : state) {
    auto verdict = verify(*snapshot, token, test_time());
    if (!verdict) state.SkipWithError("refused");
  }
  state.SetLabel(std::string(name));
}
BENCHMARK(FirstTime)->DenseRange(0, 3);

void Expired(benchmark::State& state) {
  auto snapshot = snapshot_of({entra_settings()});
  auto token = signed_token(large_claims());
  for (auto _ : state) {
    auto verdict = verify(*snapshot, token, test_time(7200));
    if (verdict) state.SkipWithError("accepted");
  }
}
BENCHMARK(Expired);

void Tag(benchmark::State& state) {
  TokenTagger tagger(Sha256{1});
  std::string token(static_cast<std::size_t>(state.range(0)), 't');
  for (auto _ : state) benchmark::DoNotOptimize(tagger(token));
}
BENCHMARK(Tag)->Arg(1200)->Arg(1500)->Arg(2048);

// What the tag is measured against: the same job by HMAC-SHA-256.
void Hmac(benchmark::State& state) {
  Sha256 key{1};
  std::string token(static_cast<std::size_t>(state.range(0)), 't');
  for (auto _ : state) benchmark::DoNotOptimize(hmac_sha256(key, token));
}
BENCHMARK(Hmac)->Arg(1200)->Arg(1500)->Arg(2048);

}  // namespace
}  // namespace sallyport::identity
