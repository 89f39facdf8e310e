// Control-plane requests (discovery, key sets, credentials) on one thread of their own, over
// libcurl: never on a worker's loop. Redirects are refused, answers are bounded, TLS is verified.
//
//   Fetcher fetcher;                                  // starts the thread
//   fetcher.fetch({.url = url}, [](Result<FetchResponse> answer) { ... });   // on that thread
//   fetcher.after(1s, [] { ... });                    // on that thread
//
// fetch(), after() and post() may be called from any thread. The destructor stops the thread;
// callbacks that have not run by then are dropped.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport::http {

/// Codes that others act on.
inline constexpr std::string_view kFetchUrl = "fetch.url";
inline constexpr std::string_view kFetchFailed = "fetch.failed";
inline constexpr std::string_view kFetchTimeout = "fetch.timeout";
inline constexpr std::string_view kFetchTls = "fetch.tls";
inline constexpr std::string_view kFetchRedirect = "fetch.redirect";

struct FetchRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, Secret>> headers;
  Secret body;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds timeout{10000};  ///< for the whole exchange
  std::size_t max_bytes = 1 << 20;           ///< a larger answer is fetch.too_large
  std::string ca_file;                       ///< instead of the system's trust store
  std::string proxy;  ///< http://host:port; empty: the environment's; "none": no proxy
  /// Only the managed-identity clients set this: link-local addresses such as 169.254.169.254.
  bool allow_link_local = false;
  /// The answer is a secret: room for all of max_bytes at once, so that no copy is left behind.
  bool secret_answer = false;
};

struct FetchResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  [[nodiscard]] std::string_view header(std::string_view lower_name) const;
};

/// The thread that callbacks run on, one after the other; both functions may be called from any
/// thread. A Fetcher is one; a test's stands still until the test lets it go on.
class FetchThread {
 public:
  virtual ~FetchThread() = default;
  virtual void post(std::function<void()> run) = 0;
  virtual void after(std::chrono::milliseconds delay, std::function<void()> run) = 0;
};

/// Errors: fetch.url, fetch.resolve, fetch.connect, fetch.tls, fetch.timeout, fetch.too_large,
/// fetch.redirect, fetch.refused_address, fetch.failed. Any HTTP status but a redirect is an
/// answer, not an error.
class Fetcher final : public FetchThread {
 public:
  using Done = std::function<void(Result<FetchResponse>)>;

  Fetcher();
  ~Fetcher() override;
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  void fetch(FetchRequest request, Done done);
  void after(std::chrono::milliseconds delay, std::function<void()> run) override;
  void post(std::function<void()> run) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::http
