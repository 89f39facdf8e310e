// Which of a machine's gateways is meant. An instance has a name; its configuration is
// /etc/sallyport/NAME.yaml, and where that does not say otherwise, its socket, record and store lie
// in folders of its name, so that nobody's state lies inside another's. The schema's defaults say
// `{instance}` where the name goes.
//
//   auto gateway = find_gateway("/etc/sallyport/contoso.yaml", system_environment());
//   ask(gateway->socket);
//
// Any thread; what is on the disk comes through the Environment.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/environment.h"

namespace sallyport::config {

inline constexpr std::string_view kDefaultInstance = "default";
inline constexpr std::string_view kConfigurationFolder = "/etc/sallyport";
inline constexpr std::string_view kRunFolder = "/run/sallyport";

// The defaults of admin.socket, audit.directory and store, and the folder of profiles.
inline constexpr std::string_view kSocketDefault = "/run/sallyport/{instance}/admin.sock";
inline constexpr std::string_view kAuditDefault = "/var/lib/sallyport/{instance}/audit";
inline constexpr std::string_view kStoreDefault = "sqlite:/var/lib/sallyport/{instance}/state.db";
inline constexpr std::string_view kProfilesDefault = "/var/lib/sallyport/{instance}/profiles";

// What the same were before instances had names. Where something still lies there, it is named.
inline constexpr std::string_view kOldConfiguration = "/etc/sallyport/sallyport.yaml";
inline constexpr std::string_view kOldSocket = "/run/sallyport/admin.sock";
inline constexpr std::string_view kOldAudit = "/var/lib/sallyport/audit";
inline constexpr std::string_view kOldStore = "sqlite:/var/lib/sallyport/state.db";

/// [a-z0-9][a-z0-9-]{0,31}: can stand in a path, a unit's name and a label as it is.
[[nodiscard]] bool is_instance_name(std::string_view name);
/// The words of a refusal, for a name that is none.
[[nodiscard]] Error not_an_instance_name(std::string_view name);

/// `text` with the name where it says {instance}.
[[nodiscard]] std::string with_instance(std::string_view text, std::string_view name);

/// A gateway of this machine, running or not.
struct GatewayPlaces {
  std::string instance;       ///< empty: its file's name is no instance's
  std::string configuration;  ///< the path of its file; empty: none is known
  std::string socket;
  std::string audit_directory;
  std::string store_file;
  std::string profiles;  ///< the folder of its profiles
};

/// By the name alone, as the defaults have it.
[[nodiscard]] GatewayPlaces places_of(std::string_view name);

/// The instance of a configuration: the stem of a file in /etc/sallyport, `default` for a file
/// elsewhere. Nothing: it lies there under a name that is no instance's.
[[nodiscard]] std::optional<std::string> instance_of(const std::string& path);

/// What the file says of these places, or its defaults: strictly read, but without what the rest
/// refers to; no secret is looked at, and what is wrong elsewhere in it does not count. Errors: those
/// of the configuration (config.*).
[[nodiscard]] Result<GatewayPlaces> find_gateway(const std::string& path,
                                                 const Environment& environment);
/// The same by name: what its file says where that can be read, else places_of(). Errors: likewise,
/// for a file that is there and wrong.
[[nodiscard]] Result<GatewayPlaces> find_instance(std::string_view name,
                                                  const Environment& environment);

struct FoundInstance {
  GatewayPlaces places;
  bool configured = false;       ///< its file is there
  std::optional<Error> problem;  ///< why its file does not say where it is
};

/// What is configured in /etc/sallyport and what has a socket in /run/sallyport, by name.
[[nodiscard]] std::vector<FoundInstance> find_instances(const Environment& environment);

}  // namespace sallyport::config
