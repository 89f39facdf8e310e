#include "app/event_lines.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"

namespace sallyport::app {
namespace {

// A provider may publish a thousand keys with names as long as it likes: that fills no log.
std::string join(const std::vector<std::string>& list) {
  constexpr std::size_t kMost = 1000;
  std::string text;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (text.size() + list[i].size() > kMost) {
      return text + fmt::format(" and {} more", list.size() - i);
    }
    text += (text.empty() ? "" : " ") + list[i];
  }
  return text;
}

std::string_view name_of(identity::RevocationChange::What what) {
  using What = identity::RevocationChange::What;
  switch (what) {
    case What::kRevoked:
      return "revoked";
    case What::kLifted:
      return "lifted";
    case What::kEnded:
      return "ended";
  }
  check_failed("a revocation's change has a name", __FILE__, __LINE__);
}

}  // namespace

void EventLines::record(std::string_view name, std::span<const audit::Detail> details) {
  auto recorded = trail_.event({name, system_clock().wall(), details});
  if (!recorded) log::error("audit.event_failed", {{"reason", recorded.error().message}});
}

void EventLines::configuration(const config::Configuration& configuration, std::string_view by) {
  const audit::Detail details[] = {
      {"file", configuration.path}, {"sha256", configuration.sha256}, {"by", by}};
  record("configuration", details);
}

void EventLines::keys(const identity::KeyEvent& event) {
  std::string added = join(event.added);
  std::string removed = join(event.removed);
  bool bad = event.kind != identity::KeyEvent::Kind::kKeysChanged &&
             event.kind != identity::KeyEvent::Kind::kRecovered;
  log::write(bad ? log::Level::kWarning : log::Level::kInfo, identity::name_of(event.kind),
             {{"issuer", event.issuer},
              {"message", event.message},
              {"added", added},
              {"removed", removed}});
  std::vector<audit::Detail> details{{"what", identity::name_of(event.kind)},
                                     {"issuer", event.issuer}};
  if (!event.message.empty()) details.emplace_back("message", event.message);
  if (!added.empty()) details.emplace_back("added", added);
  if (!removed.empty()) details.emplace_back("removed", removed);
  record("keys", details);
}

void EventLines::revocation(const identity::RevocationOutcome& outcome) {
  using What = identity::RevocationChange::What;
  const auto& change = outcome.change;
  const auto& revoked = *change.revocation;
  std::string_view what = name_of(change.what);
  std::vector<audit::Detail> details{
      {"what", what}, {"id", revoked.id}, {"kind", identity::text(revoked.kind)}};
  auto add = [&](std::string_view name, std::string_view text) {
    if (!text.empty()) details.emplace_back(name, text);
  };
  // Details are views.
  const std::string at = format_time(change.at);
  const std::string until = revoked.until ? format_time(*revoked.until) : std::string();
  const std::string last_admitted = format_time(outcome.effect.last_admitted);
  add("at", at);
  add("target", revoked.target);
  add("issuer", revoked.issuer);
  add("user", revoked.person);
  add("by", change.by);
  add("reason", change.reason);
  if (change.what == What::kRevoked) {
    add("until", until);
    if (revoked.heals()) details.emplace_back("sign_ins_up_to", revoked.not_before);
    add("last_request", outcome.effect.last_request);
    if (!outcome.effect.last_request.empty()) add("last_admitted", last_admitted);
    details.emplace_back("cut", static_cast<std::int64_t>(outcome.effect.cut));
    details.emplace_back("took_us", outcome.took.count());
  }
  record("revocation", details);
  log::info("revocation", {{"what", what},
                           {"id", revoked.id},
                           {"kind", identity::text(revoked.kind)},
                           {"by", change.by},
                           {"cut", std::uint64_t{outcome.effect.cut}},
                           {"took_us", outcome.took.count()}});
}

void EventLines::credential(const upstream::CredentialEvent& event) {
  using Kind = upstream::CredentialEvent::Kind;
  bool bad = event.kind == Kind::kFetchFailed || event.kind == Kind::kExpired ||
             event.kind == Kind::kRefused;
  std::string expires = event.expires ? format_time(*event.expires) : std::string();
  log::write(bad ? log::Level::kWarning : log::Level::kInfo, upstream::name_of(event.kind),
             {{"upstream", event.upstream},
              {"source", event.source},
              {"message", event.message},
              {"expires", expires}});
  std::vector<audit::Detail> details{{"what", upstream::name_of(event.kind)},
                                     {"upstream", event.upstream},
                                     {"source", event.source}};
  if (!event.message.empty()) details.emplace_back("message", event.message);
  if (!expires.empty()) details.emplace_back("expires", expires);
  record("credential", details);
}

}  // namespace sallyport::app
