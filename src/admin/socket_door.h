// The local socket: who is at the other end the kernel says (SO_PEERCRED, SO_PEERGROUPS), and what
// they may follows from that. root and the gateway's own user are administrators; members of the
// unix groups that the configuration names have their role; everybody else is turned away. Roles are
// made anew for each request: one that a reload takes away ends with it, connection or not.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/api/api.h"
#include "admin/caller.h"
#include "admin/door_server.h"
#include "admin/peer_names.h"

namespace sallyport::admin {

/// A process at the other end of a UNIX socket.
struct SocketPeer {
  uid_t uid = 0;
  std::vector<gid_t> groups;  ///< all of them, the first one too
};
[[nodiscard]] std::optional<SocketPeer> peer_of(int fd);

/// A unix group that has a role.
struct GroupRole {
  std::string name;
  gid_t gid = 0;
  Role role = Role::kViewer;
};
/// Groups that this machine does not have are left out, with a line in the log.
[[nodiscard]] std::vector<GroupRole> find_groups(
    const std::vector<std::pair<std::string, Role>>& socket_roles);

/// Nobody: no role at the socket. `who` is the peer's name. Pure.
[[nodiscard]] std::optional<Caller> caller_at_socket(const SocketPeer& peer, std::string who,
                                                     uid_t own,
                                                     const std::vector<GroupRole>& groups);

/// root or the gateway's own user, at the socket: nobody else waits in front of them.
[[nodiscard]] bool comes_first(const Caller& caller);

class SocketDoor final : public Door {
 public:
  static constexpr std::size_t kPlaces = 96;
  static constexpr std::size_t kPlacesOfOthers = 48;  ///< than root and the gateway's own user
  static constexpr std::size_t kPlacesOfOne = 16;     ///< of one such uid

  /// All of it on the server's thread.
  struct Parts {
    DoorServer& server;
    Api& api;
    std::function<std::vector<GroupRole>()> groups;  ///< as the configuration is now
    std::function<std::string()> metrics;
    PeerNames names;
    std::function<std::optional<SocketPeer>(int fd)> peer = peer_of;
  };
  explicit SocketDoor(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] std::unique_ptr<http::ServerHandler> welcome(int fd,
                                                             const sockaddr_storage& peer) override;

 private:
  class Guest;
  [[nodiscard]] bool has_place(uid_t uid) const;

  Parts parts_;
  std::map<uid_t, std::size_t> places_;  ///< taken, by uid
};

}  // namespace sallyport::admin
