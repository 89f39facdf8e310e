// What the administrator said about the administrator's side: the `admin` and `metrics` blocks of
// the configuration, already checked (config/) and free of file syntax.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/role.h"
#include "base/secret.h"

namespace sallyport::admin {

struct PortSettings {
  std::string host;  ///< an IP literal, without brackets
  std::uint16_t port = 0;
  friend bool operator==(const PortSettings&, const PortSettings&) = default;
};

/// Who of an identity provider's people and applications has a role: any one of these suffices.
struct RoleRule {
  Role role = Role::kViewer;
  std::vector<std::string> groups;  ///< as tokens name them
  std::vector<std::string> roles;   ///< of the application, as tokens name them
  std::vector<std::string> users;   ///< ISSUER/TENANT/OBJECT_ID, or ISSUER//SUBJECT
  friend bool operator==(const RoleRule&, const RoleRule&) = default;
};

/// How this application proves itself to the identity provider when a person signs in.
struct WebCredential {
  std::shared_ptr<const Secret> secret;           ///< `client_secret`; null: none
  std::string certificate;                        ///< PEM, the application's first; empty: none
  std::shared_ptr<const Secret> certificate_key;  ///< PEM
};

/// The browser's way in: OIDC code flow with PKCE.
struct WebSignIn {
  std::string client;
  WebCredential credential;  ///< nothing of it: a public client
};

/// The command line's way in: a public client with the loopback redirect or device code.
struct CommandSignIn {
  std::string client;
  std::vector<std::string> scopes;
  friend bool operator==(const CommandSignIn&, const CommandSignIn&) = default;
};

struct Settings {
  std::string socket;                                      ///< path of the local socket
  std::vector<std::pair<std::string, Role>> socket_roles;  ///< unix group -> role

  std::optional<PortSettings> listen;  ///< nothing: no port
  std::string tls_certificate;         ///< PEM file; empty: plain, on loopback alone
  std::string tls_key;
  std::string public_url;  ///< what browsers are given, without a slash at its end
  std::string issuer;      ///< name of the issuer whose tokens count here; empty: no port sign-in
  std::string audience;    ///< exact `aud` of programs' tokens; empty: none are taken
  std::vector<std::string> clients;  ///< allowed `azp` of these
  std::string scope;                 ///< that a person's token must have
  std::optional<WebSignIn> sign_in;
  std::optional<CommandSignIn> command_line;
  std::vector<RoleRule> roles;
};

/// `metrics`: the port for a scraper.
struct MetricsSettings {
  std::optional<PortSettings> listen;
  std::shared_ptr<const Secret> token;  ///< null: anybody at loopback
};

}  // namespace sallyport::admin
