#include "admin/browser_entrance.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "admin/api/api.h"
#include "admin/cross_site.h"
#include "admin/return_path.h"
#include "base/errand.h"
#include "base/log.h"
#include "http/bits.h"
#include "http/route_table.h"

namespace sallyport::admin {
namespace {

constexpr std::uint32_t kAnswered = http::kFirstOwn << 1;  // kFirstOwn: the server stops
constexpr Desk::Bounds kDesk{.waiting = 64, .waiting_of_one = 5, .nice = 5};
constexpr std::chrono::minutes kAttemptLife{10};
constexpr std::chrono::hours kSignedOutLife{8};

std::string_view query_of(const http::RequestHead& head) {
  return head.target.substr(std::min(head.path.size() + 1, head.target.size()));
}

SignInFailure not_recorded() {
  return {{503,
           {"api.not_recorded", "the record cannot be written, so nobody is let in",
            "see `sallyport status` at the gateway"}},
          "the record cannot be written"};
}

// The session has ended all the same; the log has what the record lacks.
void log_unrecorded_sign_out(const Caller& caller, std::string_view why) {
  log::warning("admin.sign_out_not_recorded", {{"by", caller.who}, {"cause", why}});
}

}  // namespace

struct BrowserEntrance::Visit {
  BrowserEntrance& door;
  Call& call;
  const gateway::Source& source;
  std::shared_ptr<const Settings> settings;
  WebPages pages;
  [[nodiscard]] const http::RequestHead& head() const { return call.client.head(); }

  [[nodiscard]] Task<void> show(WebPage page, std::string_view more_fields = {}) {
    page.fields += more_fields;
    co_await send(call, {page.status, "text/html; charset=utf-8", page.html, page.fields});
  }
};

struct BrowserEntrance::Routes {
  static Task<void> home(Visit& visit) { return visit.door.show_home(visit); }
  static Task<void> sign_in(Visit& visit) { return visit.door.begin(visit); }
  static Task<void> callback(Visit& visit) { return visit.door.come_back(visit); }
  static Task<void> sign_out(Visit& visit) { return visit.door.sign_out(visit); }

  static constexpr http::Route<Visit> kTable[] = {
      {"GET", "/", http::kPublic, home, "Who you are, or the way to sign in."},
      {"GET", "/sign-in", http::kPublic, sign_in, "Goes to the identity provider."},
      {"GET", "/sign-in/callback", http::kPublic, callback,
       "Comes back from it, with a new session."},
      {"POST", "/sign-out", http::kPublic, sign_out, "Ends the session."},
  };
};

BrowserEntrance::BrowserEntrance(Needs needs)
    : needs_(std::move(needs)),
      attempts_({.life = kAttemptLife}, needs_.clock, needs_.entropy),
      desk_(kDesk) {}

bool BrowserEntrance::has(std::string_view path) {
  return std::ranges::any_of(Routes::kTable, [&](const auto& route) { return route.path == path; });
}

Task<void> BrowserEntrance::answer(Call& call, const gateway::Source& source) {
  const auto& head = call.client.head();
  auto settings = needs_.settings();
  bool tls = !settings->tls_certificate.empty();
  const std::span<const http::Route<Visit>> table = Routes::kTable;
  auto found = http::find_route(table, head.method, head.path);
  if (found.route == nullptr) {
    Problem problem{405,
                    {"api.method", "this path does not take this method", "use " + found.allow}};
    problem.more_fields = "allow: " + found.allow + "\r\n";
    co_await send_problem(call, problem);
    co_return;
  }
  Visit visit{*this, call, source, std::move(settings), WebPages(needs_.entropy, tls)};
  co_await found.route->answer(visit);
}

Task<BrowserEntrance::AtDesk> BrowserEntrance::at_desk(Visit& visit, std::string share,
                                                       std::function<void()> work) {
  auto& signal = visit.call.client.signal();
  Errand errand(visit.call.loop, signal, kAnswered);
  bool taken = desk_.take(
      share, [work = std::move(work), done = errand.done()](const Desk::Place& /*place*/) {
        try {
          work();
        } catch (const std::exception& error) {  // memory, say
          log::limited(log::Level::kError, "admin.sign_in_broke", {{"reason", error.what()}});
        }
        done();
      });
  if (!taken) co_return AtDesk::kBusy;
  std::ignore = co_await signal.wait(kAnswered | http::kFirstOwn | http::kPeerGone);
  co_return errand.is_done() ? AtDesk::kDone : AtDesk::kGone;
}

Task<void> BrowserEntrance::show_busy(Visit& visit, AtDesk why) {
  if (why == AtDesk::kGone) {
    visit.call.client.give_up();
    co_return;
  }
  auto page = visit.pages.failed(
      503, {"api.busy", "too many people sign in at once", "try again in a moment"});
  co_await visit.show(std::move(page), "retry-after: 1\r\n");
}

Task<void> BrowserEntrance::show_failure(Visit& visit, const SignInFailure& failure,
                                         std::string_view cookies) {
  log::limited(log::Level::kWarning, "admin.sign_in_failed",
               {{"source", visit.source.text},
                {"code", failure.problem.error.code},
                {"cause", failure.cause}});
  auto page = visit.pages.failed(failure.problem.status, failure.problem.error);
  co_await visit.show(std::move(page), cookies);
}

bool BrowserEntrance::record(std::string_view what, const Caller& caller) const {
  const auto roles = caller.roles.text();
  const audit::Detail details[] = {
      {"what", what}, {"by", caller.who}, {"roles", roles}, {"because", caller.because}};
  return needs_.record_event("admin", details);
}

Task<void> BrowserEntrance::show_home(Visit& visit) {
  const auto& fields = visit.head().fields;
  bool known = !visit.settings->tls_certificate.empty() && SessionEntrance::shows_session(fields);
  if (!known) {
    co_await visit.show(visit.pages.go_to("/sign-in"));
    co_return;
  }
  auto caller = needs_.sessions.identify(fields);
  if (!caller) {
    co_await visit.show(visit.pages.go_to("/sign-in"), SessionEntrance::clear());
    co_return;
  }
  bool has_description = find_api_route(api_routes(), "GET", "/openapi.json").route != nullptr;
  co_await visit.show(visit.pages.home(*caller, has_description));
}

std::optional<SignInFailure> BrowserEntrance::cannot_sign_in(const Settings& settings) const {
  if (!settings.sign_in) {
    return SignInFailure{{404,
                          {"sign_in.off", "nobody signs in with a browser here",
                           "set admin.sign_in, or ask with a token"}},
                         "admin.sign_in is not set"};
  }
  auto snapshot = needs_.identity();
  if (snapshot && !sign_in_realm(*snapshot, settings).empty()) return std::nullopt;
  return SignInFailure{
      {503, {"keys.unavailable", "the gateway still starts", "try again in a moment"}, {}, 1},
      "no issuer yet"};
}

Task<void> BrowserEntrance::begin(Visit& visit) {
  if (visit.settings->tls_certificate.empty()) {
    co_await visit.show(visit.pages.needs_tls());
    co_return;
  }
  if (auto failure = cannot_sign_in(*visit.settings)) {
    co_await show_failure(visit, *failure, {});
    co_return;
  }
  const auto& head = visit.head();
  auto cookie = find_cookie(head.fields, kSignInCookie);
  SignInAttempt wish{.return_path = return_path_of_query(query_of(head)),
                     .realm = sign_in_realm(*needs_.identity(), *visit.settings),
                     // Whoever signed out is not let in again without being asked.
                     .fresh = find_cookie(head.fields, kSignedOutCookie).times > 0};
  auto begun =
      attempts_.begin(cookie.times == 1 ? cookie.value : std::string_view(), std::move(wish));
  auto attempt = std::make_shared<const SignInAttempt>(std::move(begun.attempt));
  auto url = std::make_shared<std::expected<std::string, SignInFailure>>(
      std::unexpected(SignInFailure{{500, {"api.failed", "the sign-in broke", "try again"}}, ""}));
  AtDesk ended = co_await at_desk(
      visit, gateway::share_of(visit.source.address),
      [party = needs_.party.get(), attempt, url] { *url = party->authorization_url(*attempt); });
  if (ended == AtDesk::kDone && *url) {
    // Lax: the browser shows it when the provider sends it back here.
    co_await visit.show(visit.pages.go_to(**url),
                        set_cookie(kSignInCookie, begun.cookie, SameSite::kLax, kAttemptLife));
    co_return;
  }
  if (ended != AtDesk::kDone) {
    co_await show_busy(visit, ended);
    co_return;
  }
  co_await show_failure(visit, url->error(), {});
}

// A browser that comes back, on its way through the desk.
struct BrowserEntrance::Arrival {
  SignInAttempt attempt;
  signin::Callback callback;
  std::optional<SignInFailure> failure =
      SignInFailure{{500, {"api.failed", "the sign-in broke", "sign in again"}}, "broke"};
  BrowserSession session;
  Caller caller;
};

// On the desk's thread.
void BrowserEntrance::arrive(Arrival& arrival, const Settings& settings) const {
  auto person = needs_.party->finish(arrival.attempt, arrival.callback);
  if (!person) {
    arrival.failure = std::move(person.error());
    return;
  }
  arrival.session.person = std::make_shared<const identity::PrincipalDraft>(std::move(*person));
  arrival.session.until = needs_.clock.wall() + SessionTable::Bounds{}.life;
  arrival.caller = caller_of_session(settings, arrival.session);
  arrival.failure.reset();
  if (!record("sign_in", arrival.caller)) arrival.failure = not_recorded();
}

Task<void> BrowserEntrance::come_back(Visit& visit) {
  const auto& head = visit.head();
  auto cookie = find_cookie(head.fields, kSignInCookie);
  auto parsed = signin::parse_callback(query_of(head));
  auto snapshot = needs_.identity();
  const auto realm = snapshot ? sign_in_realm(*snapshot, *visit.settings) : std::string();
  auto taken = parsed && cookie.times == 1 ? attempts_.take(parsed->state, cookie.value, realm)
                                           : std::nullopt;
  if (!taken) {
    const SignInFailure failure{
        {400,
         {"sign_in.not_begun",
          "this browser did not begin this sign-in, or has come back already or too late",
          "sign in again"}},
        !parsed ? "the answer cannot be read" : "no such attempt of this browser"};
    co_await show_failure(visit, failure, {});
    co_return;
  }
  // The cookie of the attempts goes with the last of them.
  const auto leave = taken->last
                         ? set_cookie(kSignInCookie, "", SameSite::kLax, std::chrono::seconds(0))
                         : std::string();
  auto arrival = std::make_shared<Arrival>(
      Arrival{.attempt = std::move(taken->attempt), .callback = std::move(*parsed)});
  // A share apart from that of begin(), which strangers may ask for: who comes back has begun.
  AtDesk ended =
      co_await at_desk(visit, fmt::format("back {}", gateway::share_of(visit.source.address)),
                       [this, arrival, settings = visit.settings] { arrive(*arrival, *settings); });
  if (ended == AtDesk::kBusy) attempts_.give_back(arrival->attempt.state);
  if (ended != AtDesk::kDone) {
    co_await show_busy(visit, ended);
    co_return;
  }
  if (arrival->failure) {
    co_await show_failure(visit, *arrival->failure, leave);
    co_return;
  }
  auto cookies = needs_.sessions.open(*arrival->session.person, arrival->attempt.realm);
  cookies += leave;
  cookies += set_cookie(kSignedOutCookie, "", SameSite::kLax, std::chrono::seconds(0));
  // Not a redirect: it would be the last of a chain that began at the identity provider, and the
  // browser would not show the new cookie, which is Strict, at its end. A page of ours that goes on
  // by itself begins anew.
  auto page = arrival->caller.roles.empty()
                  ? visit.pages.no_role(arrival->caller)
                  : visit.pages.signed_in(arrival->caller, origin_of(visit.settings->public_url) +
                                                               arrival->attempt.return_path);
  co_await visit.show(std::move(page), cookies);
}

void BrowserEntrance::record_sign_out(const Caller& caller) const {
  if (!record("sign_out", caller)) {
    log_unrecorded_sign_out(caller, "the record cannot be written");
  }
}

Task<void> BrowserEntrance::sign_out(Visit& visit) {
  const auto& head = visit.head();
  if (auto problem = refuse_cross_site(head, origin_of(visit.settings->public_url))) {
    co_await visit.show(visit.pages.failed(problem->status, problem->error));
    co_return;
  }
  auto caller = needs_.sessions.identify(head.fields);
  needs_.sessions.end(head.fields);  // at once, whatever becomes of the record
  if (caller) {
    auto kept = std::make_shared<const Caller>(std::move(*caller));
    // Their own share: no stranger behind the same address takes its places.
    AtDesk ended = co_await at_desk(visit, fmt::format("out {}", kept->key()),
                                    [this, kept] { record_sign_out(*kept); });
    if (ended == AtDesk::kBusy) log_unrecorded_sign_out(*kept, "too much waits already");
    if (ended == AtDesk::kGone) {
      visit.call.client.give_up();
      co_return;
    }
  }
  // Not `"cookies"`: that takes the cookies of the whole domain, and with them other applications'
  // sign-ins (W3C Clear Site Data 3.1). Ours go by name.
  auto fields = SessionEntrance::clear();
  fields += set_cookie(kSignedOutCookie, "1", SameSite::kLax, kSignedOutLife);
  fields += "clear-site-data: \"storage\"\r\n";
  co_await visit.show(visit.pages.signed_out(), fields);
}

}  // namespace sallyport::admin
