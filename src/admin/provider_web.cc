#include "admin/provider_web.h"

namespace sallyport::admin {
namespace {

constexpr std::chrono::milliseconds kPatience{8000};  // of a person who looks at an empty page
constexpr std::size_t kMostAnswer = std::size_t{256} << 10;

}  // namespace

bool EndableWait::wait(std::chrono::milliseconds at_most,
                       const std::function<void(std::function<void()> done)>& start) {
  auto over = std::chrono::steady_clock::now() + at_most;
  auto is_done = std::make_shared<bool>(false);  // of the mutex
  {
    MutexLock lock(mutex_);
    if (ended_) return false;
  }
  start([self = shared_from_this(), is_done] {
    MutexLock lock(self->mutex_);
    *is_done = true;
    self->changed_.notify_all();
  });
  MutexLock lock(mutex_);
  while (!*is_done && !ended_) {
    if (!changed_.wait_until(mutex_, over)) break;
  }
  return *is_done;
}

void EndableWait::end() {
  MutexLock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

Result<http::FetchResponse> ProviderWeb::send(http::FetchRequest request) {
  request.ca_file = route_.ca_file;
  request.proxy = route_.proxy;
  request.timeout = kPatience;
  request.max_bytes = kMostAnswer;
  request.secret_answer = request.method == "POST";  // tokens
  auto answer = std::make_shared<Result<http::FetchResponse>>();
  bool done = wait_->wait(2 * kPatience, [&](std::function<void()> when_done) {
    fetcher_.fetch(std::move(request),
                   [answer, when_done = std::move(when_done)](Result<http::FetchResponse> got) {
                     *answer = std::move(got);
                     when_done();
                   });
  });
  if (done) return std::move(*answer);
  return fail(http::kFetchTimeout, "the identity provider was not waited for any longer",
              "try again in a moment");
}

}  // namespace sallyport::admin
