#include "admin/cross_site.h"

#include <fmt/format.h>

#include "base/url.h"

namespace sallyport::admin {
namespace {

struct Said {
  std::string_view value;
  std::size_t times = 0;
};

Said find_once(http::Fields fields, std::string_view lower) {
  Said said;
  for (const auto& field : fields) {
    if (!http::name_is(field.name, lower)) continue;
    said.value = field.value;
    ++said.times;
  }
  return said;
}

Problem cross_site(std::string_view what) {
  return {403,
          {"api.cross_site", std::string(what),
           "ask from this server's own pages, or with a bearer token"}};
}

}  // namespace

std::string origin_of(std::string_view url) {
  auto parsed = parse_request_url(url);
  return parsed ? fmt::format("{}://{}", parsed->scheme, parsed->authority()) : std::string();
}

std::optional<Problem> refuse_cross_site(const http::RequestHead& head, std::string_view origin) {
  auto from = find_once(head.fields, "origin");
  auto site = find_once(head.fields, "sec-fetch-site");
  if (from.times > 1 || site.times > 1) return cross_site("the request names two origins");
  // `null` (a sandboxed frame, a redirect through another site) is no origin of ours.
  if (from.times == 1 && (origin.empty() || from.value != origin))
    return cross_site("another site made this request");
  bool ours = site.value == "same-origin";
  bool reads = head.method == "GET" || head.method == "HEAD";
  // `none`: the person typed the address. A neighbour below the same domain (`same-site`) gets the
  // cookie sent along, so it is refused by name.
  bool elsewhere = site.times == 1 && !ours && !(reads && site.value == "none");
  if (elsewhere) return cross_site("another site made this request");
  if (!reads && from.times == 0 && !ours) {
    return cross_site("the browser does not say which page made this request");
  }
  return std::nullopt;
}

}  // namespace sallyport::admin
