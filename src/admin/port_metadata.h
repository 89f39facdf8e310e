// How `sallyport sign-in --server URL` learns where people of the administrator's port sign in: the
// document of RFC 9728 in the data plane's form, with admin.command_line as the application.
// Pure; any thread. Holds nothing secret.
#pragma once

#include "admin/settings.h"
#include "gateway/resource_metadata.h"
#include "identity/snapshot.h"

namespace sallyport::admin {

/// Without admin.command_line it names the issuer alone.
[[nodiscard]] gateway::ResourceMetadata port_metadata(const Settings& settings,
                                                      const identity::Snapshot& data_plane);

}  // namespace sallyport::admin
