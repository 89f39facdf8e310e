// `admin`: the administrator's doors, and who may do what there.
#include "base/address.h"
#include "config/instance.h"
#include "config/schema/rows.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

using admin::Role;

auto& settings(Draft& draft) {
  return draft.configuration.admin;
}
auto& web(Draft& draft) {
  return *settings(draft).sign_in;
}
auto& command_line(Draft& draft) {
  return *settings(draft).command_line;
}

// The rule of a role is made by its block's row, so that it is the last one while its keys are read.
template <Role kRole>
void begin_role(Draft& draft, Value& /*value*/) {
  settings(draft).roles.push_back({kRole, {}, {}, {}});
}
void add_group(Draft& draft, Value& value) {
  settings(draft).roles.back().groups.push_back(value.text);
}
void add_role(Draft& draft, Value& value) {
  settings(draft).roles.back().roles.push_back(value.text);
}
void add_user(Draft& draft, Value& value) {
  settings(draft).roles.back().users.push_back(value.text);
}

constexpr std::string_view kGroups = "Groups whose members have it, as tokens name them.";
constexpr std::string_view kRolesOfTokens = "Application roles that give it, as tokens name them.";
constexpr std::string_view kUsers =
    "Persons who have it: `ISSUER/TENANT/OBJECT_ID`, or `ISSUER//SUBJECT`.";

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "admin", .shape = Shape::kBlock, .summary = "The administrator's doors.",
     .reload = kApplied},
    {.path = "admin.socket", .type = Type::kSocketPath, .fallback = kSocketDefault,
     .summary = "The local socket for `sallyport status` and other commands; root and the "
                "gateway's own user are administrators there.",
     .reload = Reload::restart([](const Configuration& c) { return c.admin.socket; }),
     .store = [](Draft& d, Value& v) { settings(d).socket = v.text; }},
    {.path = "admin.socket_roles", .shape = Shape::kWordPairs, .type = Type::kChoice, .max = 64,
     .choices = "viewer|helpdesk|finance|auditor|operator|administrator",
     .summary = "Groups of this machine and the role of their members at the socket.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       settings(d).socket_roles.emplace_back(v.name, *admin::parse_role(v.text));
     }},
    {.path = "admin.listen", .type = Type::kAddress, .fallback_note = "no port",
     .summary = "The administrator's port: any address with `admin.tls`, a loopback literal "
                "without.",
     .reload = Reload::restart([](const Configuration& c) {
       return c.admin.listen ? format_address(c.admin.listen->host, c.admin.listen->port) : std::string("no port");
     }),
     .store = [](Draft& d, Value& v) {
       settings(d).listen = admin::PortSettings{v.address.host, v.address.port};
     }},
    {.path = "admin.public_url", .type = Type::kServiceUrl,
     .fallback_note = "required with `admin.tls`",
     .summary = "The URL by which administrators reach the port.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { settings(d).public_url = v.text; }},
    {.path = "admin.tls", .shape = Shape::kBlock,
     .fallback_note = "plain HTTP, allowed on a loopback literal alone",
     .summary = "The port's certificate; read again at a reload.", .reload = kApplied},
    {.path = "admin.tls.certificate", .type = Type::kReadableFile, .presence = Presence::kRequired,
     .summary = "PEM file: the port's certificate first, then those that lead to its authority.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { settings(d).tls_certificate = v.text; }},
    {.path = "admin.tls.key", .type = Type::kReadableFile, .presence = Presence::kRequired,
     .summary = "PEM file with the certificate's private key, without a password.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { settings(d).tls_key = v.text; }},
    {.path = "admin.issuer", .type = Type::kWord, .fallback_note = "the only one of `issuers`",
     .summary = "The issuer (its `name`) whose people and programs are let in at the port.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { settings(d).issuer = v.text; }},
    {.path = "admin.audience", .type = Type::kWord, .fallback_note = "no tokens are taken",
     .summary = "The `aud` of access tokens that are shown at the port, never one that the data "
                "plane takes from the same clients.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { settings(d).audience = v.text; }},
    {.path = "admin.clients", .shape = Shape::kList, .type = Type::kWord,
     .fallback_note = "required with `admin.audience`", .max = 64,
     .summary = "Applications (`azp`) whose access tokens are taken.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { settings(d).clients.push_back(v.text); }},
    {.path = "admin.scope", .type = Type::kWord, .fallback_note = "none is asked for",
     .summary = "A scope that a person's access token must have: `Gateway.Admin`.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { settings(d).scope = v.text; }},
    {.path = "admin.sign_in", .shape = Shape::kBlock, .fallback_note = "no browser is let in",
     .summary = "Sign-in with a browser, as a web application of the identity provider.",
     .reload = kApplied,
     .store = [](Draft& d, Value&) { settings(d).sign_in.emplace(); }},
    {.path = "admin.sign_in.client", .type = Type::kWord, .presence = Presence::kRequired,
     .summary = "The web application's client id; its redirect URI is `PUBLIC_URL/sign-in/callback`.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { web(d).client = v.text; }},
    {.path = "admin.sign_in.credential", .shape = Shape::kBlock,
     .fallback_note = "a public client, where the provider has such",
     .summary = "How the web application proves itself: a secret, or a certificate.",
     .reload = kApplied},
    {.path = "admin.sign_in.credential.client_secret", .type = Type::kSecret,
     .summary = "The application's secret.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { web(d).credential.secret = v.secret; }},
    {.path = "admin.sign_in.credential.certificate", .type = Type::kReadableFile,
     .summary = "PEM file with the certificate that is uploaded at the registration; read again at "
                "a reload.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.web_application.certificate = v.text; }},
    {.path = "admin.sign_in.credential.key", .type = Type::kReadableFile,
     .summary = "PEM file with its private key, RSA of at least 2048 bits, without a password.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.web_application.key = v.text; }},
    {.path = "admin.command_line", .shape = Shape::kBlock,
     .fallback_note = "`sallyport sign-in --server` is told that there is none",
     .summary = "Sign-in of `sallyport` itself at this port, from another machine.",
     .reload = kApplied,
     .store = [](Draft& d, Value&) { settings(d).command_line.emplace(); }},
    {.path = "admin.command_line.client", .type = Type::kWord, .presence = Presence::kRequired,
     .summary = "A public client of the identity provider, one of `admin.clients`.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { command_line(d).client = v.text; }},
    {.path = "admin.command_line.scopes", .shape = Shape::kList, .type = Type::kWord,
     .presence = Presence::kRequired, .min = 1, .max = 16,
     .summary = "What it asks for: the administrator's scope, `offline_access`.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { command_line(d).scopes.push_back(v.text); }},
    {.path = "admin.roles", .shape = Shape::kBlock, .fallback_note = "nobody has a role at the port",
     .summary = "Who may do what at the port; docs/administrators.md says what each role may.",
     .reload = kApplied},
    {.path = "admin.roles.viewer", .shape = Shape::kBlock, .summary = "See how the gateway stands.",
     .reload = kApplied, .store = begin_role<Role::kViewer>},
    {.path = "admin.roles.viewer.groups", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kGroups, .reload = kApplied, .store = add_group},
    {.path = "admin.roles.viewer.roles", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kRolesOfTokens, .reload = kApplied, .store = add_role},
    {.path = "admin.roles.viewer.users", .shape = Shape::kList, .type = Type::kWord, .max = 256,
     .summary = kUsers, .reload = kApplied, .store = add_user},
    {.path = "admin.roles.helpdesk", .shape = Shape::kBlock, .summary = "Look persons and requests up, end sign-ins.",
     .reload = kApplied, .store = begin_role<Role::kHelpdesk>},
    {.path = "admin.roles.helpdesk.groups", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kGroups, .reload = kApplied, .store = add_group},
    {.path = "admin.roles.helpdesk.roles", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kRolesOfTokens, .reload = kApplied, .store = add_role},
    {.path = "admin.roles.helpdesk.users", .shape = Shape::kList, .type = Type::kWord, .max = 256,
     .summary = kUsers, .reload = kApplied, .store = add_user},
    {.path = "admin.roles.finance", .shape = Shape::kBlock, .summary = "See what was used and what it costs.",
     .reload = kApplied, .store = begin_role<Role::kFinance>},
    {.path = "admin.roles.finance.groups", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kGroups, .reload = kApplied, .store = add_group},
    {.path = "admin.roles.finance.roles", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kRolesOfTokens, .reload = kApplied, .store = add_role},
    {.path = "admin.roles.finance.users", .shape = Shape::kList, .type = Type::kWord, .max = 256,
     .summary = kUsers, .reload = kApplied, .store = add_user},
    {.path = "admin.roles.auditor", .shape = Shape::kBlock, .summary = "Read the record.",
     .reload = kApplied, .store = begin_role<Role::kAuditor>},
    {.path = "admin.roles.auditor.groups", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kGroups, .reload = kApplied, .store = add_group},
    {.path = "admin.roles.auditor.roles", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kRolesOfTokens, .reload = kApplied, .store = add_role},
    {.path = "admin.roles.auditor.users", .shape = Shape::kList, .type = Type::kWord, .max = 256,
     .summary = kUsers, .reload = kApplied, .store = add_user},
    {.path = "admin.roles.operator", .shape = Shape::kBlock, .summary = "Revoke, lift, reload.",
     .reload = kApplied, .store = begin_role<Role::kOperator>},
    {.path = "admin.roles.operator.groups", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kGroups, .reload = kApplied, .store = add_group},
    {.path = "admin.roles.operator.roles", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kRolesOfTokens, .reload = kApplied, .store = add_role},
    {.path = "admin.roles.operator.users", .shape = Shape::kList, .type = Type::kWord, .max = 256,
     .summary = kUsers, .reload = kApplied, .store = add_user},
    {.path = "admin.roles.administrator", .shape = Shape::kBlock, .summary = "Everything.",
     .reload = kApplied, .store = begin_role<Role::kAdministrator>},
    {.path = "admin.roles.administrator.groups", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kGroups, .reload = kApplied, .store = add_group},
    {.path = "admin.roles.administrator.roles", .shape = Shape::kList, .type = Type::kWord, .max = 64,
     .summary = kRolesOfTokens, .reload = kApplied, .store = add_role},
    {.path = "admin.roles.administrator.users", .shape = Shape::kList, .type = Type::kWord, .max = 256,
     .summary = kUsers, .reload = kApplied, .store = add_user},
};
// clang-format on

}  // namespace

std::span<const Row> admin_rows() {
  return kRows;
}

}  // namespace sallyport::config
