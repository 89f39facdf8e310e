#include "admin/own_role.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "admin/socket_door.h"

namespace sallyport::admin {
namespace {

Caller at_socket(uid_t uid, std::vector<gid_t> groups, Roles roles) {
  Caller caller;
  caller.who = "somebody";
  caller.roles = roles;
  caller.peer = std::make_shared<const SocketPeer>(SocketPeer{uid, std::move(groups)});
  return caller;
}

Caller at_port(Way way) {
  auto person = std::make_shared<identity::PrincipalDraft>();
  person->issuer = "contoso";
  person->key = "contoso/t/ada";
  person->groups = {"operators"};
  person->scopes = {"Gateway.Admin"};
  Caller caller;
  caller.way = way;
  caller.who = person->key;
  caller.client = "program";
  caller.roles = {Role::kOperator};
  caller.person = std::move(person);
  return caller;
}

Settings port_settings() {
  Settings settings;
  settings.issuer = "contoso";
  settings.audience = "admin-api";
  settings.clients = {"program"};
  settings.scope = "Gateway.Admin";
  settings.sign_in.emplace().client = "web";
  RoleRule rule;
  rule.role = Role::kOperator;
  rule.groups = {"operators"};
  settings.roles.push_back(rule);
  return settings;
}

TEST(OwnRole, RootAndTheGatewaysOwnUserKeepTheirs) {
  for (uid_t uid : {uid_t{0}, ::geteuid()}) {
    auto caller = at_socket(uid, {}, {Role::kAdministrator});
    EXPECT_FALSE(refuse_losing_own_role(caller, {}, {}));
  }
}

TEST(OwnRole, AGroupMembersRoleMustStay) {
  const auto* group = ::getgrgid(0);
  ASSERT_NE(group, nullptr);
  Settings settings;
  settings.socket_roles = {{group->gr_name, Role::kOperator}};
  auto caller = at_socket(::geteuid() + 4321, {0}, {Role::kOperator});
  EXPECT_FALSE(refuse_losing_own_role(caller, settings, settings));
  auto refused = refuse_losing_own_role(caller, settings, {});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, "api.own_role");
  EXPECT_NE(refused->message.find("operator"), std::string::npos);
  EXPECT_NE(refused->next_step.find("admin.socket_roles"), std::string::npos);
  Settings less = settings;
  less.socket_roles[0].second = Role::kHelpdesk;
  EXPECT_TRUE(refuse_losing_own_role(caller, settings, less));
  Settings more = settings;
  more.socket_roles.emplace_back(group->gr_name, Role::kAdministrator);
  EXPECT_FALSE(refuse_losing_own_role(caller, settings, more));
}

TEST(OwnRole, WhatTheTokenGivesMustStayToo) {
  const auto running = port_settings();
  for (Way way : {Way::kToken, Way::kSession}) {
    auto caller = at_port(way);
    EXPECT_FALSE(refuse_losing_own_role(caller, running, running));
    auto other = running;
    other.roles[0].groups = {"others"};
    EXPECT_TRUE(refuse_losing_own_role(caller, running, other));
    other.roles[0].users = {"contoso/t/ada"};
    EXPECT_FALSE(refuse_losing_own_role(caller, running, other)) << "by another rule";
    other = running;
    other.issuer = "fabrikam";
    EXPECT_TRUE(refuse_losing_own_role(caller, running, other));
  }
  auto no_sign_in = running;
  no_sign_in.sign_in.reset();
  EXPECT_TRUE(refuse_losing_own_role(at_port(Way::kSession), running, no_sign_in));
  EXPECT_FALSE(refuse_losing_own_role(at_port(Way::kToken), running, no_sign_in));
  for (auto change :
       {+[](Settings& s) { s.audience = "another"; }, +[](Settings& s) { s.clients = {"another"}; },
        +[](Settings& s) { s.scope = "Another"; }}) {
    auto other = running;
    change(other);
    EXPECT_TRUE(refuse_losing_own_role(at_port(Way::kToken), running, other));
    EXPECT_FALSE(refuse_losing_own_role(at_port(Way::kSession), running, other));
  }
}

TEST(OwnRole, WhatDoesNotLetThemReloadMayGo) {
  Settings settings;
  auto caller = at_socket(0, {}, {Role::kAdministrator, Role::kHelpdesk});
  EXPECT_FALSE(refuse_losing_own_role(caller, settings, settings));
}

}  // namespace
}  // namespace sallyport::admin
