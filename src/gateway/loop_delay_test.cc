#include "gateway/loop_delay.h"

#include <condition_variable>
#include <thread>

namespace sallyport::gateway {
namespace {

using std::chrono::milliseconds;

// A loop on a thread of its own, and its delays.
class LoopDelayTest : public testing::Test {
 protected:
  LoopDelayTest() {
    thread_ = std::thread([this] {
      spawn(delay_.run());
      loop_.run();
    });
  }
  ~LoopDelayTest() override {
    loop_.post([this] { delay_.stop(); });
    loop_.stop();
    thread_.join();
  }

  // Beats that were late by more than the bound at `bucket` (HistogramOf::kBounds).
  [[nodiscard]] std::uint64_t beyond(std::size_t bucket) const {
    std::uint64_t count = 0;
    for (std::size_t i = bucket; i <= Histogram::kBounds.size(); ++i) count += delays_.bucket(i);
    return count;
  }

  // Until so many beats were counted in all. The loop counts them, so its next turns are waited for.
  void wait_for_beats(std::uint64_t count) {
    while (beyond(0) < count) {
      std::mutex mutex;
      std::condition_variable turned;
      bool done = false;
      loop_.post([&] {
        std::lock_guard lock(mutex);
        done = true;
        turned.notify_one();
      });
      std::unique_lock lock(mutex);
      turned.wait(lock, [&] { return done; });
    }
  }

  void hold(milliseconds time) {
    loop_.post([time] {
      const auto until = std::chrono::steady_clock::now() + time;
      while (std::chrono::steady_clock::now() < until) {
      }
    });
  }

  Metrics metrics_;
  Histogram& delays_ = loop_delay_histogram(metrics_, "0");
  EventLoop loop_;
  LoopDelay delay_{loop_, delays_};
  std::thread thread_;
};

TEST_F(LoopDelayTest, ALoopThatIsHeldCountsEachBeatThatWaited) {
  wait_for_beats(1);
  hold(milliseconds(480));
  wait_for_beats(5);  // four or five beats fell due meanwhile
  constexpr std::size_t kBeyond100Ms = 7, kBeyond250Ms = 8;
  static_assert(Histogram::kBounds[kBeyond100Ms - 1] == 100'000);
  static_assert(Histogram::kBounds[kBeyond250Ms - 1] == 250'000);
  EXPECT_GE(beyond(kBeyond100Ms), 3u);
  EXPECT_GE(beyond(kBeyond250Ms), 1u);
  EXPECT_GE(delays_.sum(), 0.6);
  // And the beats after it are judged by their own time again.
  const std::uint64_t good = beyond(0) - beyond(kBeyond100Ms);
  wait_for_beats(beyond(0) + 10);
  EXPECT_GT(beyond(0) - beyond(kBeyond100Ms), good);
}

TEST_F(LoopDelayTest, ALoopWithNothingToDoBeatsTenTimesASecond) {
  const auto begun = std::chrono::steady_clock::now();
  wait_for_beats(5);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(390));
}

TEST(LoopDelay, IsShownByWorker) {
  Metrics metrics;
  loop_delay_histogram(metrics, "0").observe(milliseconds(30));
  loop_delay_histogram(metrics, "1").observe(milliseconds(2));
  const std::string page = metrics.render();
  EXPECT_NE(page.find(R"(sallyport_loop_delay_seconds_bucket{worker="0",le="0.025"} 0)"),
            std::string::npos);
  EXPECT_NE(page.find(R"(sallyport_loop_delay_seconds_bucket{worker="0",le="0.05"} 1)"),
            std::string::npos);
  EXPECT_NE(page.find(R"(sallyport_loop_delay_seconds_count{worker="1"} 1)"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::gateway
