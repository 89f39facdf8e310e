#include "admin/web_pages.h"

#include <fmt/format.h>

#include "signin/person_flows.h"

namespace sallyport::admin {
namespace {

// A reader's own colours and sizes; enough contrast in both.
constexpr std::string_view kStyle =
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
    "dt{font-weight:600}dd{margin:0 0 .75rem;overflow-wrap:anywhere}"
    "button{font:inherit;padding:.4rem 1rem}";

constexpr std::string_view kSummaries[] = {
    "how the gateway stands",
    "look persons and requests up, end sign-ins",
    "what was used, and what it costs",
    "the record and its proofs",
    "revoke, lift, reload",
    "everything",
};
static_assert(std::size(kSummaries) == std::size(kRoles));

void add_fact(std::string& html, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  html += fmt::format("<dt>{}</dt><dd>{}</dd>", name, escape_html(value));
}

std::string facts_of(const Caller& caller) {
  std::string html = "<dl>";
  add_fact(html, "Name", caller.name);
  add_fact(html, "Mail", caller.mail);
  add_fact(html, "Known as", caller.who);
  add_fact(html, "Roles", caller.roles.text());
  add_fact(html, "Because of", caller.because);
  if (caller.until != WallTime::max()) add_fact(html, "Until", format_time(caller.until));
  return html + "</dl>";
}

constexpr std::string_view kSignOutForm =
    R"(<form method="post" action="/sign-out"><button type="submit">Sign out</button></form>)";

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

WebPage WebPages::make(const Parts& parts) const {
  const auto nonce = signin::random_text(entropy_);
  WebPage page;
  page.status = parts.status;
  page.html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>{0} - Sallyport</title>{1}"
      "<style "
      "nonce=\"{2}\">{3}</style></head>\n<body><main><h1>{0}</h1>\n{4}\n</main></body></html>\n",
      escape_html(parts.title), parts.head, nonce, kStyle, parts.body);
  page.fields = fmt::format(
      "content-security-policy: default-src 'none'; style-src 'nonce-{}'; form-action 'self'; "
      "frame-ancestors 'none'; base-uri 'none'\r\n"
      "x-frame-options: DENY\r\n"
      "referrer-policy: {}\r\n"
      "cross-origin-opener-policy: same-origin\r\n"
      "cross-origin-resource-policy: same-origin\r\n"
      "permissions-policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n",
      nonce, parts.referrer_policy);
  if (tls_) page.fields += "strict-transport-security: max-age=31536000\r\n";
  return page;
}

WebPage WebPages::home(const Caller& caller, bool has_description) const {
  std::string body = facts_of(caller);
  body += "<ul><li><a href=\"/api/v1/me\">Who you are, as JSON</a></li>";
  if (has_description) {
    body += "<li><a href=\"/api/v1/openapi.json\">What can be asked here (OpenAPI)</a></li>";
  }
  body += "</ul>\n";
  body += kSignOutForm;
  // Not `no-referrer`: under it a browser sends the form with `Origin: null` (Fetch standard, "append
  // a request Origin header"), which is nobody's. To other origins this sends as little.
  return make(
      {.title = "You are signed in", .body = std::move(body), .referrer_policy = "same-origin"});
}

WebPage WebPages::signed_in(const Caller& caller, std::string_view url) const {
  auto target = escape_html(url);
  return make(
      {.title = "You are signed in",
       .body = fmt::format("<p>{}, <a href=\"{}\">go on</a>.</p>",
                           escape_html(caller.name.empty() ? caller.who : caller.name), target),
       .head = fmt::format("<meta http-equiv=\"refresh\" content=\"0;url={}\">", target)});
}

WebPage WebPages::no_role(const Caller& caller) const {
  std::string body = "<p>Your identity provider knows you, and this gateway gives you no role.</p>";
  body += facts_of(caller);
  body += "<p>These roles exist:</p><ul>";
  for (std::size_t i = 0; i < std::size(kRoles); ++i) {
    body += fmt::format("<li>{}: {}</li>", text(kRoles[i]), kSummaries[i]);
  }
  body +=
      "</ul><p>Ask whoever keeps this gateway's configuration for one of them "
      "(<code>admin.roles</code>), and show them what stands above; then sign in again.</p>\n"
      "<p><a href=\"/\">Go on without a role</a></p>";
  return make({.status = 403, .title = "You have no role here", .body = std::move(body)});
}

WebPage WebPages::signed_out() const {
  return make({.title = "You are signed out",
               .body = "<p>Your session here has ended. Your identity provider may still know you: "
                       "sign out there as well where others use this machine.</p>"
                       "<p><a href=\"/sign-in\">Sign in again</a></p>"});
}

WebPage WebPages::failed(int status, const Error& error) const {
  std::string body = fmt::format("<p role=\"alert\">{}.</p>", escape_html(error.message));
  if (!error.next_step.empty()) {
    body += fmt::format("<p>Next: {}.</p>", escape_html(error.next_step));
  }
  body += fmt::format("<p>Code: <code>{}</code></p><p><a href=\"/sign-in\">Sign in</a></p>",
                      escape_html(error.code));
  return make({.status = status, .title = "You are not signed in", .body = std::move(body)});
}

WebPage WebPages::go_to(const std::string& url) const {
  auto page = make({.status = 303,
                    .title = "Go on",
                    .body = fmt::format("<p><a href=\"{}\">Go on</a></p>", escape_html(url))});
  page.fields += fmt::format("location: {}\r\n", url);
  return page;
}

WebPage WebPages::needs_tls() const {
  return make({.status = 501,
               .title = "No browser signs in here",
               .body =
                   "<p>This port speaks plain HTTP, where a browser's cookie would be anybody's. "
                   "Set <code>admin.tls</code>, <code>admin.public_url</code> and "
                   "<code>admin.sign_in</code>.</p>"
                   "<p>Programs may show an access token: <code>sallyport sign-in "
                   "--server</code> gets one.</p>"});
}

}  // namespace sallyport::admin
