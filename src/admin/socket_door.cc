#include "admin/socket_door.h"

#include <fmt/format.h>
#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"

namespace sallyport::admin {
namespace {

constexpr std::size_t kMostGroups = 1024;

std::optional<gid_t> group_id(const std::string& name) {
  std::vector<char> room(std::size_t{64} << 10);  // a group lists its members
  group entry{};
  group* found = nullptr;
  int failed = ::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
  if (failed != 0 || found == nullptr) return std::nullopt;
  return entry.gr_gid;
}

bool is_own(uid_t uid) {
  return uid == 0 || uid == ::geteuid();
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

bool comes_first(const Caller& caller) {
  return caller.peer != nullptr && is_own(caller.peer->uid);
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

std::optional<Caller> caller_at_socket(const SocketPeer& peer, std::string who, uid_t own,
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
  caller.who = std::move(who);
  caller.peer = std::make_shared<const SocketPeer>(peer);
  return caller;
}

namespace {

void log_refused(const SocketPeer& peer) {
  log::limited(log::Level::kWarning, "admin.peer_refused", {{"uid", std::uint64_t{peer.uid}}});
}

}  // namespace

// Who answers the requests of one connection; gives its place back.
class SocketDoor::Guest final : public http::ServerHandler {
 public:
  Guest(SocketDoor& door, SocketPeer peer, std::string who)
      : door_(door), peer_(std::move(peer)), who_(std::move(who)) {
    ++door_.places_[peer_.uid];
  }
  ~Guest() override {
    auto found = door_.places_.find(peer_.uid);
    if (--found->second == 0) door_.places_.erase(found);
  }

  Task<void> answer(http::ServerStream& stream) override {
    auto& parts = door_.parts_;
    const auto caller = caller_at_socket(peer_, who_, ::geteuid(), parts.groups());
    if (!caller) {  // a reload took the role away since the last request
      log_refused(peer_);
      stream.give_up();
      co_return;
    }
    Call call{parts.server.loop(), stream, parts.server.bodies()};
    auto path = stream.head().path;
    if (path.starts_with(kApiPrefix)) {
      co_await parts.api.answer(call, *caller, path.substr(kApiPrefix.size()));
    } else if (path == "/metrics" && stream.head().method == "GET") {
      const auto text = parts.metrics();
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
  SocketPeer peer_;
  std::string who_;
};

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
  auto peer = parts_.peer(fd);
  if (!peer) return nullptr;
  if (!caller_at_socket(*peer, {}, ::geteuid(), parts_.groups())) {
    log_refused(*peer);
    return nullptr;
  }
  if (!has_place(peer->uid)) {
    log::limited(log::Level::kWarning, "admin.socket_full", {{"uid", std::uint64_t{peer->uid}}});
    return nullptr;
  }
  auto who = parts_.names.of(peer->uid);
  return std::make_unique<Guest>(*this, std::move(*peer), std::move(who));
}

}  // namespace sallyport::admin
