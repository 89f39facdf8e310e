#include "gateway/worker_state.h"

#include <cstring>

#include "http/buffer.h"
#include "http/refusal.h"

namespace sallyport::gateway {
namespace {

constexpr std::size_t kRandomBytes = 4096;

}  // namespace

WorkerState::WorkerState(Shared& its_shared, EventLoop& its_loop, audit::Chain& chain,
                         Admissions& its_admissions)
    : shared(its_shared),
      loop(its_loop),
      admissions(its_admissions),
      record(its_loop, chain),
      random_(kRandomBytes),
      random_used_(kRandomBytes) {}

void WorkerState::adopt(RoutesPtr routes) {
  if (!tokens || routes->limits.verified_tokens != tokens->capacity()) {
    tokens = std::make_unique<identity::VerifiedTokenCache>(routes->limits.verified_tokens,
                                                            shared.cache_key);
  }
  auto made = std::make_shared<WorkerRoutes>();
  for (const auto& upstream : routes->upstreams) {
    made->pools.push_back(
        std::make_unique<http::ClientPool>(loop, shared.resolver, upstream->destination()));
  }
  made->routes = std::move(routes);
  newest.routes = std::move(made);
}

void WorkerState::every_second() {
  for (auto& pool : newest.routes->pools) pool->sweep();
  http::Buffer::give_back_unused();
  record.write();  // after a failure: try again
  counters.cached_tokens.set(tokens->size());
  counters.accepting.store(record.chain().accepting(), std::memory_order_relaxed);
}

std::string_view WorkerState::date() {
  auto second = unix_seconds(shared.clock.wall());
  if (second != date_second_) {
    date_second_ = second;
    date_ = http::http_date(std::chrono::sys_seconds{std::chrono::seconds{second}});
  }
  return date_;
}

std::string WorkerState::make_request_id() {
  // Ids need to be unique, not secret: randomness is drawn in blocks.
  struct Drawn final : Entropy {
    WorkerState& worker;
    explicit Drawn(WorkerState& of) : worker(of) {}
    void fill(std::span<std::uint8_t> bytes) override {
      if (worker.random_used_ + bytes.size() > worker.random_.size()) {
        worker.shared.entropy.fill(worker.random_);
        worker.random_used_ = 0;
      }
      std::memcpy(bytes.data(), worker.random_.data() + worker.random_used_, bytes.size());
      worker.random_used_ += bytes.size();
    }
  } drawn(*this);
  return make_uuid7(shared.clock.wall(), drawn);
}

}  // namespace sallyport::gateway
