#include "admin/sign_in_attempts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/encoding.h"
#include "signin/person_flows.h"

namespace sallyport::admin {
namespace {

// The rest of a line, up to the next space.
std::string_view next_word(std::string_view& line) {
  auto end = std::min(line.find(' '), line.size());
  auto word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::string hash_of(std::string_view realm) {
  return to_base64url(as_text(sha256(realm)));
}

std::chrono::seconds whole_seconds(SteadyTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch());
}

}  // namespace

// A line an attempt, the newest last: `BEGUN STATE NONCE VERIFIER REALM PATH`.
std::vector<SignInAttempts::Kept> SignInAttempts::read(std::string_view cookie) const {
  std::vector<Kept> attempts;
  auto text = cookie.size() <= bounds_.cookie ? seal_.open(cookie) : std::nullopt;
  if (!text) return attempts;
  auto now = whole_seconds(clock_.steady());
  auto rest = text->reveal();
  while (!rest.empty()) {
    auto end = std::min(rest.find('\n'), rest.size());
    auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    auto when = next_word(line);
    std::int64_t begun = 0;
    std::from_chars(when.data(), when.data() + when.size(), begun);
    Kept kept{.attempt = {}, .realm = {}, .begun = std::chrono::seconds(begun)};
    kept.attempt.state = next_word(line);
    kept.attempt.nonce = next_word(line);
    kept.attempt.verifier = Secret(next_word(line));
    kept.realm = next_word(line);
    kept.attempt.return_path = line;
    bool over = now - kept.begun >= bounds_.life || used_.contains(kept.attempt.state);
    if (!over) attempts.push_back(std::move(kept));
  }
  return attempts;
}

std::string SignInAttempts::write(const std::vector<Kept>& attempts) const {
  const std::size_t room = Seal::room(bounds_.cookie);
  std::string text;
  text.reserve(room + 1);  // it never moves: nothing of it is left behind
  auto length = [](const Kept& kept) {
    const auto& one = kept.attempt;
    return fmt::formatted_size("{}", kept.begun.count()) + one.state.size() + one.nonce.size() +
           one.verifier.size() + kept.realm.size() + one.return_path.size() + 6;
  };
  auto first = attempts.end();
  std::size_t all = 0;
  for (std::size_t count = 0; first != attempts.begin() && count < bounds_.of_browser; ++count) {
    all += length(*std::prev(first));
    if (all > room) break;
    --first;
  }
  for (auto at = first; at != attempts.end(); ++at) {
    const auto& one = at->attempt;
    fmt::format_to(std::back_inserter(text), "{} {} {} {} {} {}\n", at->begun.count(), one.state,
                   one.nonce, one.verifier.reveal(), at->realm, one.return_path);
  }
  return seal_.close(Secret(std::move(text)));
}

SignInAttempts::Begun SignInAttempts::begin(std::string_view cookie, SignInAttempt attempt) const {
  attempt.state = signin::random_text(entropy_);
  attempt.nonce = signin::random_text(entropy_);
  attempt.verifier = Secret(signin::random_text(entropy_));
  auto attempts = read(cookie);
  attempts.push_back({attempt.copy(), hash_of(attempt.realm), whole_seconds(clock_.steady())});
  return {std::move(attempt), write(attempts)};
}

std::optional<SignInAttempts::Taken> SignInAttempts::take(std::string_view state,
                                                          std::string_view cookie,
                                                          std::string_view realm) {
  auto attempts = read(cookie);
  auto found = std::ranges::find(
      attempts, state, [](const Kept& kept) { return std::string_view(kept.attempt.state); });
  if (found == attempts.end()) return std::nullopt;
  remember_used(state, clock_.steady());
  Taken taken{std::move(found->attempt), attempts.size() == 1};
  if (found->realm == hash_of(realm)) taken.attempt.realm = realm;
  return taken;
}

void SignInAttempts::remember_used(std::string_view state, SteadyTime now) {
  std::erase_if(used_, [&](const auto& entry) { return now - entry.second >= bounds_.life; });
  if (used_.size() >= bounds_.used) {
    used_.erase(
        std::ranges::min_element(used_, {}, [](const auto& entry) { return entry.second; }));
  }
  used_.insert_or_assign(std::string(state), now);
}

}  // namespace sallyport::admin
