// A person's way in at the administrator's port with a browser: `/`, `/sign-in`,
// `/sign-in/callback` and `/sign-out`. What waits for the network or the disk happens at a desk of
// its own; sessions and attempts belong to the door's loop. A callback whose attempt this browser did not
// begin is turned away before the desk, so that strangers cause no request with our secret.
//
//   if (BrowserEntrance::has(path)) co_await entrance.answer(call, source);
//
// Of one loop's thread; the destructor waits for what runs at the desk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "admin/call.h"
#include "admin/desk.h"
#include "admin/relying_party.h"
#include "admin/session_entrance.h"
#include "admin/sign_in_attempts.h"
#include "admin/web_pages.h"
#include "audit/record.h"
#include "gateway/source.h"

namespace sallyport::admin {

class BrowserEntrance {
 public:
  struct Needs {
    SessionEntrance& sessions;
    std::unique_ptr<RelyingParty> party;
    std::function<identity::SnapshotPtr()> identity;
    std::function<std::shared_ptr<const Settings>()> settings;
    /// As Backends has it.
    std::function<bool(std::string_view name, std::span<const audit::Detail> details)> record_event;
    Clock& clock;
    Entropy& entropy;
  };
  explicit BrowserEntrance(Needs needs);
  BrowserEntrance(const BrowserEntrance&) = delete;
  BrowserEntrance& operator=(const BrowserEntrance&) = delete;

  [[nodiscard]] static bool has(std::string_view path);
  [[nodiscard]] Task<void> answer(Call& call, const gateway::Source& source);

 private:
  /// One request, and the answers to it.
  struct Visit;
  struct Routes;
  struct Arrival;
  enum class AtDesk : std::uint8_t { kDone, kBusy, kGone };

  [[nodiscard]] Task<void> show_home(Visit& visit);
  [[nodiscard]] Task<void> begin(Visit& visit);
  [[nodiscard]] Task<void> come_back(Visit& visit);
  [[nodiscard]] Task<void> sign_out(Visit& visit);

  void arrive(Arrival& arrival, const Settings& settings) const;
  [[nodiscard]] Task<AtDesk> at_desk(Visit& visit, std::string share, std::function<void()> work);
  [[nodiscard]] Task<void> show_busy(Visit& visit, AtDesk why);
  [[nodiscard]] Task<void> show_failure(Visit& visit, const SignInFailure& failure,
                                        std::string_view cookies);
  [[nodiscard]] bool record(std::string_view what, const Caller& caller) const;
  void record_sign_out(const Caller& caller) const;
  [[nodiscard]] std::optional<SignInFailure> cannot_sign_in(const Settings& settings) const;

  Needs needs_;
  SignInAttempts attempts_;
  Desk desk_;  // last: it ends before what its work uses
};

}  // namespace sallyport::admin
