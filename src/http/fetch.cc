#include "http/fetch.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <map>
#include <thread>

#include "base/address.h"
#include "base/check.h"
#include "base/mutex.h"
#include "base/url.h"
#include "http/link_local.h"

namespace sallyport::http {
namespace {

void start_curl_once() {
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == 0;
  SALLYPORT_CHECK(started);
}

/// One transfer: curl's handle and what its callbacks fill. Lives on the fetch thread.
struct Transfer {
  FetchRequest request;
  Fetcher::Done done;
  FetchResponse response;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::size_t header_bytes = 0;
  bool too_large = false;
  bool refused_address = false;
  char error[CURL_ERROR_SIZE] = "";

  Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    if (easy != nullptr) curl_easy_cleanup(easy);
    for (auto* item = headers; item != nullptr; item = item->next) {
      wipe(item->data, std::strlen(item->data));  // a header may be a credential
    }
    curl_slist_free_all(headers);
    wipe(response.body);  // unless it was handed over: half an answer may hold half a credential
  }
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.response.body.size() + size * count > transfer.request.max_bytes) {
    transfer.too_large = true;
    return 0;
  }
  transfer.response.body.append(data, size * count);
  return size * count;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string_view line(data, size * count);
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > 64 * 1024) {
    transfer.too_large = true;
    return 0;
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) transfer.response.headers.clear();  // of an interim answer
  auto colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string name(line.substr(0, colon));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  line.remove_prefix(colon + 1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  transfer.response.headers.emplace_back(std::move(name), std::string(line));
  return size * count;
}

// Judges the address itself, after resolution: a name that points at the metadata service is no
// way in. With a proxy this is the proxy's address.
curl_socket_t on_open_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (!transfer.request.allow_link_local && is_link_local(&address->addr)) {
    transfer.refused_address = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::unexpected<Error> refused_url(std::string message, std::string next_step) {
  return fail(kFetchUrl, std::move(message), std::move(next_step));
}

// The platform's own endpoints, which have no TLS: 169.254.169.254, 127.0.0.1, localhost.
bool is_platform_host(std::string_view host) {
  return host == "localhost" || is_link_local_literal(host);
}

// https; http to a loopback literal; with allow_link_local also the platform's own endpoints. What
// a name resolves to is judged when the socket is opened; here what the URL itself says, because
// behind a proxy we never see the address.
Result<void> check_request(const FetchRequest& request) {
  auto url = parse_request_url(request.url);
  if (!url) {
    return refused_url("an address that was to be fetched is not an http(s) URL",
                       "no user information, no fragment, no spaces");
  }
  if (is_odd_number_host(url->host)) {
    return refused_url(fmt::format("{} is not a usual way to write an address", url->host),
                       "write a name or four decimal numbers");
  }
  bool platform = request.allow_link_local && is_platform_host(url->host);
  if (!platform && is_link_local_literal(url->host)) {
    return fail("fetch.refused_address", fmt::format("{} is a link-local address", url->host),
                "name a host that is not this machine's or cloud's own service address");
  }
  if (!url->is_https() && !platform && !is_loopback_literal(url->host)) {
    return refused_url(fmt::format("{} is plain http", request.url),
                       "use https; plain http is for loopback addresses such as 127.0.0.1 alone");
  }
  for (const auto& [name, value] : request.headers) {
    if (value.reveal().find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      return fail(kFetchFailed, fmt::format("the value for header {} has a line break", name),
                  "look at the end of the file or variable that it comes from");
    }
  }
  return {};
}

// Loopback addresses and the platform's endpoints are never asked for through a proxy. A configured
// proxy counts for every host, whatever the environment's NO_PROXY says.
void set_proxy(CURL* easy, const FetchRequest& request) {
  auto url = parse_request_url(request.url);
  bool direct = request.proxy == "none" || request.allow_link_local ||
                (url && is_loopback_literal(url->host));
  if (direct) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  } else if (!request.proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, request.proxy.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  }
}

void set_up(Transfer& transfer) {
  CURL* easy = transfer.easy = curl_easy_init();
  SALLYPORT_CHECK(easy != nullptr);
  const FetchRequest& request = transfer.request;
  if (request.secret_answer) transfer.response.body.reserve(request.max_bytes);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "sallyport/" SALLYPORT_VERSION);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, nullptr);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  // Read at each connection, or else curl would trust for a day what stood in the file before.
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  if (!request.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  set_proxy(easy, request);
  if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.reveal().data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
  }
  for (const auto& [name, value] : request.headers) {
    std::string line = name + ": " + std::string(value.reveal());
    transfer.headers = curl_slist_append(transfer.headers, line.c_str());
    wipe(line);
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
}

Result<FetchResponse> result_of(Transfer& transfer, CURLcode code) {
  const std::string& url = transfer.request.url;
  std::string reason = transfer.error[0] != '\0' ? transfer.error : curl_easy_strerror(code);
  if (transfer.too_large) {
    return fail("fetch.too_large", fmt::format("the answer of {} is larger than {} bytes", url,
                                               transfer.request.max_bytes));
  }
  if (transfer.refused_address) {
    return fail("fetch.refused_address", fmt::format("{} leads to a link-local address", url),
                "name a host that is not this machine's or cloud's own service address");
  }
  switch (code) {
    case CURLE_OK:
      break;
    case CURLE_OPERATION_TIMEDOUT:
      return fail(kFetchTimeout, fmt::format("{} did not answer in time", url),
                  "check that this machine may reach it");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return fail("fetch.resolve", fmt::format("no address for {}: {}", url, reason),
                  "check the name, this machine's DNS and the proxy setting");
    case CURLE_COULDNT_CONNECT:
      return fail("fetch.connect", fmt::format("cannot reach {}: {}", url, reason),
                  "check the name, the network and the proxy setting");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
      return fail(kFetchTls, fmt::format("no trusted TLS connection to {}: {}", url, reason),
                  "check the certificate, or give its authority as ca_file");
    default:
      return fail(kFetchFailed, fmt::format("fetching {} failed: {}", url, reason));
  }
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 300 && status <= 399 && status != 304) {
    return fail(kFetchRedirect, fmt::format("{} answered with a redirect ({})", url, status),
                "configure the address that answers itself");
  }
  transfer.response.status = static_cast<int>(status);
  return std::exchange(transfer.response, {});
}

}  // namespace

std::string_view FetchResponse::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return {};
}

struct Fetcher::Impl {
  CURLM* multi = nullptr;
  std::map<CURL*, std::unique_ptr<Transfer>> running;  ///< the fetch thread's
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> timers;

  Mutex mutex;
  std::vector<std::function<void()>> posted GUARDED_BY(mutex);
  bool stopping GUARDED_BY(mutex) = false;
  std::thread thread;

  Impl() {
    start_curl_once();
    multi = curl_multi_init();
    SALLYPORT_CHECK(multi != nullptr);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 64L);
    thread = std::thread([this] { run(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    {
      MutexLock lock(mutex);
      stopping = true;
    }
    curl_multi_wakeup(multi);
    thread.join();
    for (auto& [easy, transfer] : running) curl_multi_remove_handle(multi, easy);
    running.clear();
    curl_multi_cleanup(multi);
  }

  void post(std::function<void()> work) {
    {
      MutexLock lock(mutex);
      posted.push_back(std::move(work));
    }
    curl_multi_wakeup(multi);
  }

  void start(FetchRequest request, Done done) {
    if (auto checked = check_request(request); !checked) {
      done(std::unexpected(std::move(checked.error())));
      return;
    }
    auto transfer = std::make_unique<Transfer>();
    transfer->request = std::move(request);
    transfer->done = std::move(done);
    set_up(*transfer);
    CURL* easy = transfer->easy;
    running.emplace(easy, std::move(transfer));
    SALLYPORT_CHECK(curl_multi_add_handle(multi, easy) == CURLM_OK);
  }

  void finish_transfers() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURLcode code = message->data.result;
      auto found = running.find(message->easy_handle);
      auto transfer = std::move(found->second);
      running.erase(found);
      curl_multi_remove_handle(multi, transfer->easy);
      auto result = result_of(*transfer, code);
      transfer->done(std::move(result));
    }
  }

  /// False: stop.
  bool run_posted() {
    std::vector<std::function<void()>> work;
    {
      MutexLock lock(mutex);
      if (stopping) return false;
      work.swap(posted);
    }
    for (auto& one : work) one();
    return true;
  }

  void run_timers() {
    auto now = std::chrono::steady_clock::now();
    while (!timers.empty() && timers.begin()->first <= now) {
      auto work = std::move(timers.begin()->second);
      timers.erase(timers.begin());
      work();
    }
  }

  [[nodiscard]] int wait_time() const {
    if (timers.empty()) return 60000;
    auto left = timers.begin()->first - std::chrono::steady_clock::now();
    auto millis = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::clamp<std::int64_t>(millis, 0, 60000));
  }

  void run() {
    sigset_t all;  // signals are the main thread's business
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    while (run_posted()) {
      run_timers();
      int active = 0;
      curl_multi_perform(multi, &active);
      finish_transfers();
      curl_multi_poll(multi, nullptr, 0, wait_time(), nullptr);
    }
  }
};

Fetcher::Fetcher() : impl_(std::make_unique<Impl>()) {}
Fetcher::~Fetcher() = default;

void Fetcher::fetch(FetchRequest request, Done done) {
  // std::function wants what it holds to be copyable; a request, which holds secrets, is not.
  auto held = std::make_shared<FetchRequest>(std::move(request));
  impl_->post([this, held, done = std::move(done)]() mutable {
    impl_->start(std::move(*held), std::move(done));
  });
}

void Fetcher::after(std::chrono::milliseconds delay, std::function<void()> run) {
  auto at = std::chrono::steady_clock::now() + delay;
  impl_->post(
      [this, at, run = std::move(run)]() mutable { impl_->timers.emplace(at, std::move(run)); });
}

void Fetcher::post(std::function<void()> run) {
  impl_->post(std::move(run));
}

}  // namespace sallyport::http
