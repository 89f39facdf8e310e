#include "admin/sign_in_attempts.h"

#include <algorithm>

#include "admin/cookies.h"
#include "signin/person_flows.h"

namespace sallyport::admin {

void SignInAttempts::drop_oldest_of(const std::string& source) {
  auto oldest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (at->second.source != source) continue;
    if (oldest == entries_.end() || at->second.begun < oldest->second.begun) oldest = at;
  }
  if (oldest != entries_.end()) entries_.erase(oldest);
}

void SignInAttempts::make_room(const std::string& source, SteadyTime now) {
  std::erase_if(entries_,
                [&](const auto& entry) { return now - entry.second.begun >= bounds_.life; });
  std::map<std::string, std::size_t> counts;
  for (const auto& [state, entry] : entries_) ++counts[entry.source];
  if (counts[source] >= bounds_.of_one) {
    drop_oldest_of(source);
  } else if (entries_.size() >= bounds_.all) {
    auto most = std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; });
    drop_oldest_of(most->first);
  }
}

SignInAttempts::Begun SignInAttempts::begin(const std::string& source, std::string_view browser,
                                            SignInAttempt attempt) {
  auto now = clock_.steady();
  bool known = is_random_text(browser) && knows(browser);
  make_room(source, now);
  attempt.state = signin::random_text(entropy_);
  attempt.nonce = signin::random_text(entropy_);
  attempt.verifier = Secret(signin::random_text(entropy_));
  Begun begun{attempt.copy(), known ? std::string(browser) : signin::random_text(entropy_)};
  auto state = attempt.state;
  entries_.insert_or_assign(std::move(state),
                            Entry{std::move(attempt), sha256(begun.browser), source, now});
  return begun;
}

std::optional<SignInAttempt> SignInAttempts::take(std::string_view state,
                                                  std::string_view browser) {
  auto found = entries_.find(state);
  if (found == entries_.end()) return std::nullopt;
  // What another browser shows takes nothing away from the one that began it.
  if (found->second.browser != sha256(browser)) return std::nullopt;
  auto entry = std::move(found->second);
  entries_.erase(found);
  if (clock_.steady() - entry.begun >= bounds_.life) return std::nullopt;
  return std::move(entry.attempt);
}

bool SignInAttempts::knows(std::string_view browser) const {
  const auto hash = sha256(browser);
  auto now = clock_.steady();
  return std::ranges::any_of(entries_, [&](const auto& entry) {
    return entry.second.browser == hash && now - entry.second.begun < bounds_.life;
  });
}

}  // namespace sallyport::admin
