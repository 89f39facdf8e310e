// Sign-ins that a browser began and has not come back from: what was made up for each, and which
// browser it was. Whoever comes back must show the browser's cookie beside the state (login CSRF:
// nobody is signed in by a link that somebody else began), once, within ten minutes. Bounded; where
// there is no room, whoever has most loses the oldest. Of one loop's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/entropy.h"
#include "base/secret.h"

namespace sallyport::admin {

/// What is made up for one attempt and compared when the browser comes back.
struct SignInAttempt {
  std::string state;
  std::string nonce;
  Secret verifier;  ///< PKCE (RFC 7636)
  std::string return_path;
  std::string realm;   ///< issuer and client that were asked: relying_party.h
  bool fresh = false;  ///< the provider is to ask the person anew, whatever it remembers
  [[nodiscard]] SignInAttempt copy() const {
    return {state, nonce, verifier.copy(), return_path, realm, fresh};
  }
};

class SignInAttempts {
 public:
  struct Bounds {
    std::size_t all = 256;
    std::size_t of_one = 8;  ///< of one source
    std::chrono::seconds life = std::chrono::minutes(10);
  };

  SignInAttempts(Bounds bounds, Clock& clock, Entropy& entropy)
      : bounds_(bounds), clock_(clock), entropy_(entropy) {}

  struct Begun {
    SignInAttempt attempt;
    std::string browser;  ///< for the cookie
  };
  /// `browser`: the cookie that came, or nothing. It is kept where it is that of another attempt, so
  /// that two tabs may sign in side by side; else it is a new one.
  [[nodiscard]] Begun begin(const std::string& source, std::string_view browser,
                            SignInAttempt attempt);
  /// Takes it out: nothing comes back twice. Nothing: no such state, another browser's, too late.
  [[nodiscard]] std::optional<SignInAttempt> take(std::string_view state, std::string_view browser);
  /// It has other attempts, and needs its cookie still.
  [[nodiscard]] bool knows(std::string_view browser) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    SignInAttempt attempt;
    Sha256 browser{};  ///< hash of the cookie
    std::string source;
    SteadyTime begun{};
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  void make_room(const std::string& source, SteadyTime now);
  void drop_oldest_of(const std::string& source);

  Bounds bounds_;
  Clock& clock_;
  Entropy& entropy_;
  Entries entries_;  ///< by state
};

}  // namespace sallyport::admin
