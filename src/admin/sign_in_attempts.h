// Sign-ins that a browser began and has not come back from. What was made up for each stays with
// the browser, in a cookie that this process sealed (seal.h): however many sign-ins strangers
// begin, nobody's attempt makes room for another's. Whoever comes back must show that cookie beside
// the state (login CSRF: nobody is signed in by a link that somebody else began), once, within ten
// minutes; only the states that came back are remembered here, and bounded. Of one loop's thread.
//
//   auto begun = attempts.begin(cookie, {.return_path = "/", .realm = realm});
//   auto taken = attempts.take(state, cookie, realm);   // nothing: this browser did not begin it
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/seal.h"
#include "base/clock.h"
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
    std::size_t of_browser = 4;  ///< tabs of one browser; the oldest goes
    std::size_t cookie = 2048;   ///< characters; the oldest that do not fit go. One always does
    std::size_t used = 4096;     ///< states that came back; the oldest is forgotten
    std::chrono::seconds life = std::chrono::minutes(10);
  };

  SignInAttempts(Bounds bounds, Clock& clock, Entropy& entropy)
      : bounds_(bounds), clock_(clock), entropy_(entropy), seal_(entropy) {}

  struct Begun {
    SignInAttempt attempt;
    std::string cookie;  ///< in place of the one that came: this attempt is in it, too
  };
  /// `cookie`: what came, or nothing. What was not sealed here, or is over, is not taken over.
  [[nodiscard]] Begun begin(std::string_view cookie, SignInAttempt attempt) const;

  struct Taken {
    SignInAttempt attempt;  ///< its realm is empty where it was made by another than `realm`
    bool last = true;       ///< the cookie holds no other
  };
  /// Nothing comes back twice. Nothing: no such state in this cookie, too late, or no cookie of ours.
  [[nodiscard]] std::optional<Taken> take(std::string_view state, std::string_view cookie,
                                          std::string_view realm);
  /// Nothing came of it: it may come back once more.
  void give_back(const std::string& state) { used_.erase(state); }
  [[nodiscard]] std::size_t used() const { return used_.size(); }

 private:
  struct Kept {
    SignInAttempt attempt;  ///< without its realm
    std::string realm;      ///< hash of it
    std::chrono::seconds begun{};
  };
  [[nodiscard]] std::vector<Kept> read(std::string_view cookie) const;
  [[nodiscard]] std::string write(const std::vector<Kept>& attempts) const;
  void remember_used(std::string_view state, SteadyTime now);

  Bounds bounds_;
  Clock& clock_;
  Entropy& entropy_;
  Seal seal_;
  std::map<std::string, SteadyTime, std::less<>> used_;  ///< state -> when it came back
};

}  // namespace sallyport::admin
