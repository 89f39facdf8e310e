#include "admin/socket_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace sallyport::admin {
namespace {

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

std::size_t take(char* data, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * count > kMaxAnswerBytes) return 0;  // ends the transfer
  body.append(data, size * count);
  return size * count;
}

// What can be said before anything is tried, in better words than a failed connect has.
Result<void> look_at(const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail("status.no_socket", fmt::format("{} cannot be the path of a socket", path),
                "give the path of admin.socket with --socket");
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == EACCES) {
      return fail("status.no_permission", fmt::format("{} may not be looked at", path),
                  "run this as root or as the gateway's user");
    }
    return fail("status.no_socket", fmt::format("there is no socket at {}", path),
                "start the gateway, or give the path of its admin.socket with --socket");
  }
  if (!S_ISSOCK(info.st_mode)) {
    return fail("status.not_a_socket", fmt::format("{} is not a socket", path),
                "give the path of admin.socket with --socket");
  }
  return {};
}

Error explain(CURLcode code, long system_error, const std::string& path) {
  if (code == CURLE_COULDNT_CONNECT && (system_error == EACCES || system_error == EPERM)) {
    return {"status.no_permission", fmt::format("{} may not be opened", path),
            "run this as root or as the gateway's user"};
  }
  if (code == CURLE_COULDNT_CONNECT) {
    return {"status.no_gateway", fmt::format("no gateway listens on {}", path),
            "start the gateway; the socket is left from one that ended"};
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return {"status.timeout", fmt::format("nobody answers on {}", path),
            "look at the gateway's log; it may be stopped or overloaded"};
  }
  if (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR) {
    return {"status.turned_away", fmt::format("{} was closed without an answer", path),
            "run this as root or as the gateway's user: nobody else is answered"};
  }
  return {"status.not_a_gateway", fmt::format("what listens on {} is not a gateway", path),
          "give the path of admin.socket with --socket"};
}

}  // namespace

Result<SocketAnswer> ask_socket(const std::string& socket_path, const std::string& method,
                                const std::string& target, std::chrono::milliseconds patience,
                                const std::string& body) {
  if (auto looked = look_at(socket_path); !looked) return std::unexpected(looked.error());
  Curl curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) return fail("status.failed", "the HTTP client cannot be started");
  SocketAnswer answer;
  auto url = "http://sallyport" + target;
  curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, socket_path.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");  // whatever the environment says
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(patience.count()));
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> fields(nullptr, curl_slist_free_all);
  if (!body.empty()) {
    fields.reset(curl_slist_append(nullptr, "content-type: application/json"));
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, fields.get());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) {
    long system_error = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_OS_ERRNO, &system_error);
    return std::unexpected(explain(code, system_error, socket_path));
  }
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  const char* type = nullptr;
  curl_easy_getinfo(curl.get(), CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) answer.type = type;
  return answer;
}

}  // namespace sallyport::admin
