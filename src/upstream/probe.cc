#include "upstream/probe.h"

#include "base/json_writer.h"

namespace sallyport::upstream {
namespace {

std::string body_for(std::string_view deployment) {
  std::string body;
  JsonWriter json(body);
  json.begin().text("model", deployment).number("max_tokens", 1).array("messages");
  json.begin().text("role", "user").text("content", "ping").end().end_array().end();
  return body;
}

// The next line of a head that is ours, without its end.
std::string_view take_line(std::string_view& head) {
  auto end = head.find("\r\n");
  auto line = head.substr(0, end);
  head.remove_prefix(end + 2);
  return line;
}

}  // namespace

http::FetchRequest probe_request(const Upstream& upstream, std::string_view deployment,
                                 const Credential& credential) {
  const ProviderKind& kind = upstream.kind();
  const http::Field& fallback = kind.traits().fallback;
  std::string body = body_for(deployment);
  std::string head;
  head.reserve(upstream.head_bytes(credential) + 4096);  // in one place: it holds the credential
  upstream.begin_head(head, {.target = "/v1/messages", .model = deployment}, credential);
  head += "content-type: application/json\r\n";
  if (!fallback.name.empty()) {
    head.append(fallback.name).append(": ").append(fallback.value).append("\r\n");
  }
  std::string_view pieces[] = {body};
  upstream.sign(head, pieces, credential, system_clock());

  std::string_view rest = head;
  std::string_view line = take_line(rest);  // POST /anthropic/v1/messages HTTP/1.1
  auto path = line.substr(line.find(' ') + 1);
  path = path.substr(0, path.find(' '));
  const auto& url = upstream.destination()->url;
  http::FetchRequest request;
  request.method = "POST";
  request.url = (url.is_https() ? "https://" : "http://") + url.authority() + std::string(path);
  request.body = Secret(std::move(body));
  while (!rest.empty()) {
    line = take_line(rest);
    auto colon = line.find(": ");
    if (http::name_is(line.substr(0, colon), "host")) continue;  // the Fetcher's, from the URL
    request.headers.emplace_back(line.substr(0, colon), Secret(line.substr(colon + 2)));
  }
  wipe(head);
  return request;
}

}  // namespace sallyport::upstream
