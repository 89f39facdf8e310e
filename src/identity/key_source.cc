#include "identity/key_source.h"

#include "base/files.h"
#include "identity/discovery.h"

namespace sallyport::identity {
namespace {

http::FetchRequest request_for(const IssuerSettings& issuer, std::string url,
                               std::chrono::milliseconds timeout) {
  http::FetchRequest request;
  request.url = std::move(url);
  request.headers.emplace_back("accept", Secret(std::string_view("application/json")));
  request.timeout = timeout;
  request.connect_timeout = std::min(timeout, request.connect_timeout);
  request.max_bytes = kKeySetBytes;
  request.ca_file = issuer.ca_file;
  request.proxy = issuer.proxy;
  return request;
}

Result<std::string> body_of(Result<http::FetchResponse> answer, const std::string& url) {
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (answer->status != 200) {
    return fail("keys.status", url + " answered with status " + std::to_string(answer->status),
                "open the address in a browser; correct issuers[].issuer if it is not found");
  }
  return std::move(answer->body);
}

}  // namespace

void fetch_keys(http::Fetcher& fetcher, const IssuerSettings& issuer,
                std::chrono::milliseconds timeout, std::function<void(Result<KeySetPtr>)> done) {
  if (!issuer.jwks_file.empty()) {
    auto text = read_file(issuer.jwks_file, kKeySetBytes);
    if (!text) return done(std::unexpected(std::move(text.error())));
    return done(parse_key_set(*text, issuer.issuer));
  }
  std::string url = discovery_url(issuer.issuer);
  fetcher.fetch(request_for(issuer, url, timeout), [&fetcher, issuer, timeout, url,
                                                    done](Result<http::FetchResponse> answer) {
    auto body = body_of(std::move(answer), url);
    if (!body) return done(std::unexpected(std::move(body.error())));
    auto found = parse_discovery(*body, issuer.issuer);
    if (!found) return done(std::unexpected(std::move(found.error())));
    auto keys_url = found->jwks_uri;
    fetcher.fetch(request_for(issuer, keys_url, timeout),
                  [done, keys_url, name = issuer.issuer](Result<http::FetchResponse> keys) {
                    auto text = body_of(std::move(keys), keys_url);
                    if (!text) return done(std::unexpected(std::move(text.error())));
                    done(parse_key_set(*text, name));
                  });
  });
}

bool same_key_source(const IssuerSettings& a, const IssuerSettings& b) {
  return a.name == b.name && a.issuer == b.issuer && a.jwks_file == b.jwks_file &&
         a.ca_file == b.ca_file && a.proxy == b.proxy;
}

}  // namespace sallyport::identity
