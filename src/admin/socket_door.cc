#include "admin/socket_door.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/log.h"

namespace sallyport::admin {
namespace {

constexpr std::size_t kRoom = 4096;  // for an entry of passwd or group
constexpr std::size_t kMostGroups = 1024;

std::string name_of(uid_t uid) {
  std::array<char, kRoom> room;
  passwd entry{};
  passwd* found = nullptr;
  bool known = ::getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr;
  return known ? fmt::format("{} (uid {})", entry.pw_name, uid) : fmt::format("uid {}", uid);
}

std::optional<gid_t> group_id(const std::string& name) {
  std::vector<char> room(std::size_t{64} << 10);  // a group lists its members
  group entry{};
  group* found = nullptr;
  int failed = ::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
  if (failed != 0 || found == nullptr) return std::nullopt;
  return entry.gr_gid;
}

}  // namespace

std::optional<SocketPeer> peer_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  SocketPeer known{peer.uid, {peer.gid}};
  std::vector<gid_t> more(kMostGroups);
  size = static_cast<socklen_t>(more.size() * sizeof(gid_t));
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, more.data(), &size) == 0) {
    more.resize(size / sizeof(gid_t));
    known.groups.insert(known.groups.end(), more.begin(), more.end());
  }
  return known;
}

std::vector<GroupRole> find_groups(const std::vector<std::pair<std::string, Role>>& socket_roles) {
  std::vector<GroupRole> groups;
  for (const auto& [name, role] : socket_roles) {
    if (auto gid = group_id(name)) {
      groups.push_back({name, *gid, role});
    } else {
      log::warning("admin.no_such_group", {{"group", name}});
    }
  }
  return groups;
}

std::optional<Caller> caller_at_socket(const SocketPeer& peer, uid_t own,
                                       const std::vector<GroupRole>& groups) {
  Caller caller;
  caller.way = Way::kSocket;
  if (peer.uid == 0 || peer.uid == own) {
    caller.roles.add(Role::kAdministrator);
    caller.because = fmt::format("uid {}", peer.uid);
  }
  for (const auto& group : groups) {
    if (std::ranges::find(peer.groups, group.gid) == peer.groups.end()) continue;
    caller.roles.add(group.role);
    if (!caller.because.empty()) caller.because += "; ";
    caller.because += fmt::format("admin.socket_roles: {}", group.name);
  }
  if (caller.roles.empty()) return std::nullopt;
  caller.who = name_of(peer.uid);
  caller.peer = std::make_shared<const SocketPeer>(peer);
  return caller;
}

// Who answers the requests of one connection; gives its place back.
class SocketDoor::Guest final : public http::ServerHandler {
 public:
  Guest(SocketDoor& door, uid_t uid, Caller caller)
      : door_(door), uid_(uid), caller_(std::move(caller)) {
    ++door_.places_[uid_];
  }
  ~Guest() override {
    auto found = door_.places_.find(uid_);
    if (--found->second == 0) door_.places_.erase(found);
  }

  Task<void> answer(http::ServerStream& stream) override {
    Call call{door_.server_.loop(), stream, door_.server_.bodies()};
    auto path = stream.head().path;
    if (path.starts_with(kApiPrefix)) {
      co_await door_.api_.answer(call, caller_, path.substr(kApiPrefix.size()));
    } else if (path == "/metrics" && stream.head().method == "GET") {
      const auto text = door_.metrics_();
      co_await send(call, {200, "text/plain; version=0.0.4", text});
    } else if (path == "/healthz") {
      co_await send(call, {200, "text/plain", "ok\n"});
    } else {
      co_await send(call, {404, "text/plain", "There is nothing here; see /api/v1/me.\n"});
    }
  }

  http::WrittenRefusal refuse_head(std::optional<http::HeadFault> fault) override {
    return refuse_bad_head(fault);
  }

 private:
  SocketDoor& door_;
  uid_t uid_;
  Caller caller_;
};

SocketDoor::SocketDoor(DoorServer& server, Api& api, std::function<std::vector<GroupRole>()> groups,
                       std::function<std::string()> metrics)
    : server_(server), api_(api), groups_(std::move(groups)), metrics_(std::move(metrics)) {}

bool SocketDoor::is_own(uid_t uid) {
  return uid == 0 || uid == ::geteuid();
}

bool SocketDoor::has_place(uid_t uid) const {
  std::size_t all = 0;
  std::size_t others = 0;
  for (const auto& [who, count] : places_) {
    all += count;
    if (!is_own(who)) others += count;
  }
  if (all >= kPlaces) return false;
  if (is_own(uid)) return true;
  auto found = places_.find(uid);
  return others < kPlacesOfOthers && (found == places_.end() || found->second < kPlacesOfOne);
}

std::unique_ptr<http::ServerHandler> SocketDoor::welcome(int fd, const sockaddr_storage& /*peer*/) {
  auto peer = peer_of(fd);
  if (!peer) return nullptr;
  auto caller = caller_at_socket(*peer, ::geteuid(), groups_());
  if (!caller) {
    log::limited(log::Level::kWarning, "admin.peer_refused", {{"uid", std::uint64_t{peer->uid}}});
    return nullptr;
  }
  if (!has_place(peer->uid)) {
    log::limited(log::Level::kWarning, "admin.socket_full", {{"uid", std::uint64_t{peer->uid}}});
    return nullptr;
  }
  return std::make_unique<Guest>(*this, peer->uid, std::move(*caller));
}

}  // namespace sallyport::admin
