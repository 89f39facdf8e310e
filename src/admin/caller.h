// Who asks at one of the administrator's doors, and what they may.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "admin/role.h"
#include "base/clock.h"
#include "identity/principal.h"

namespace sallyport::admin {

enum class Way : std::uint8_t {
  kSocket,   ///< the kernel's word about a local process
  kToken,    ///< an access token of the administrator's audience
  kSession,  ///< a browser's session
};

struct SocketPeer;  // socket_door.h

struct Caller {
  Way way = Way::kSocket;
  /// As the record names them: `root (uid 0)`, `contoso/TENANT/OBJECT_ID`. Never empty.
  std::string who;
  std::string name;    ///< for the screen; may be empty
  std::string mail;    ///< for the screen; may be empty
  std::string client;  ///< the application whose token it is; may be empty
  Roles roles;
  std::string because;  ///< what gives them: `uid 0`, `admin.roles.helpdesk.groups: 3f0c...`
  WallTime until = WallTime::max();  ///< end of the session or token
  /// At the port: what the token said, for what a change of the roles would make of it.
  std::shared_ptr<const identity::PrincipalDraft> person = nullptr;
  /// At the socket: what the kernel said, for the same.
  std::shared_ptr<const SocketPeer> peer = nullptr;

  /// Whose share of the limits it is.
  [[nodiscard]] const std::string& key() const { return who; }
};

}  // namespace sallyport::admin
