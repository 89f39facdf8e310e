#include "admin/peer_names.h"

#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>
#include <array>

namespace sallyport::admin {

std::string look_up_user(uid_t uid) {
  constexpr std::size_t kRoom = 4096;
  std::array<char, kRoom> room;
  passwd entry{};
  passwd* found = nullptr;
  bool known = ::getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr;
  return known ? entry.pw_name : std::string();
}

PeerNames::PeerNames(LookUp look_up, uid_t own, Clock& clock)
    : look_up_(std::move(look_up)), own_(own), clock_(clock) {
  own_text_ = own == 0 ? "root (uid 0)" : ask(own);
}

std::string PeerNames::ask(uid_t uid) const {
  auto name = look_up_(uid);
  return name.empty() ? fmt::format("uid {}", uid) : fmt::format("{} (uid {})", name, uid);
}

std::string PeerNames::of(uid_t uid) {
  if (uid == 0) return "root (uid 0)";
  if (uid == own_) return own_text_;
  auto now = clock_.steady();
  auto found = known_.find(uid);
  if (found != known_.end() && now < found->second.until) return found->second.text;
  if (found == known_.end() && known_.size() >= kMost) {
    known_.erase(
        std::ranges::min_element(known_, {}, [](const auto& entry) { return entry.second.until; }));
  }
  auto text = ask(uid);
  known_.insert_or_assign(uid, Known{text, now + kLife});
  return text;
}

}  // namespace sallyport::admin
