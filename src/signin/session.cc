#include "signin/session.h"

#include <algorithm>

#include "base/json_writer.h"
#include "identity/strict_json.h"
#include "signin/token_reading.h"

namespace sallyport::signin {
namespace {

constexpr identity::JsonLimits kSessionJson{
    .bytes = 256 << 10, .depth = 4, .nodes = 1024, .members = 64};

std::unexpected<Error> damaged() {
  return fail("vault.damaged", "what the vault holds of this sign-in cannot be read",
              "sign in again with `sallyport sign-in`");
}

void write_target(JsonWriter& json, const Target& target) {
  json.text("gateway", target.gateway).text_if("server", target.server);
  json.text("name", target.name).text("issuer", target.issuer);
  json.text("client", target.client).array("scopes");
  for (const auto& scope : target.scopes) json.item(scope);
  json.end_array().boolean("id_token_wanted", target.id_token);
  json.number("redirect_port", target.redirect_port).text("ca_file", target.ca_file);
}

class Members {
 public:
  explicit Members(identity::JsonView root) : root_(root) {}
  std::string text(std::string_view name) { return std::string(view(name)); }
  Secret secret(std::string_view name) { return Secret(view(name)); }
  std::int64_t number(std::string_view name) {
    auto member = root_.member(name);
    auto value = member ? member->whole_number() : std::nullopt;
    if (!value) good_ = false;
    return value.value_or(0);
  }
  bool flag(std::string_view name) {
    auto member = root_.member(name);
    return member && member->is_true();
  }
  std::vector<std::string> list(std::string_view name) {
    std::vector<std::string> items;
    auto member = root_.member(name);
    if (!member || !member->is_array()) {
      good_ = false;
      return items;
    }
    for (auto item : *member) items.emplace_back(item.text());
    return items;
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::string_view view(std::string_view name) {
    auto member = root_.member(name);
    if (!member || !member->is_text()) {
      good_ = false;
      return {};
    }
    return member->text();
  }
  identity::JsonView root_;
  bool good_ = true;
};

}  // namespace

bool Session::wants_renewal(WallTime now) const {
  constexpr std::int64_t kMost = 300;
  std::int64_t life = std::max<std::int64_t>(expires_at - obtained_at, 0);
  return seconds_left(now) <= std::min(kMost, life / 5);
}

Secret encode(const Session& session) {
  std::string text;
  // No growth: a string that moves leaves its old content behind in memory.
  text.reserve(16384 + 6 * (session.target.scopes.size() * 512 + session.refused.size()) +
               session.access_token.size() + session.id_token.size() +
               session.refresh_token.size() * 6);
  JsonWriter json(text);
  json.begin().number("version", 1);
  write_target(json, session.target);
  json.text("secret_file", session.machine.secret_file);
  json.text("certificate_file", session.machine.certificate_file);
  json.text("key_file", session.machine.key_file);
  json.text("federated_token_file", session.machine.federated_token_file);
  json.text("token_endpoint", session.token_endpoint);
  json.text("revocation_endpoint", session.revocation_endpoint);
  json.text("access_token", session.access_token.reveal());
  json.text("id_token", session.id_token.reveal());
  json.text("refresh_token", session.refresh_token.reveal());
  json.number("obtained_at", session.obtained_at).number("expires_at", session.expires_at);
  json.text("person", session.person).text("subject", session.subject);
  json.number("refused_at", session.refused_at).text("refused", session.refused);
  json.number("renewal_began", session.renewal_began).end();
  return Secret(std::move(text));
}

Result<Session> decode_session(std::string_view text) {
  auto document = identity::StrictJson::parse(text, kSessionJson);
  if (!document || !document->root().is_object()) return damaged();
  Members members(document->root());
  if (members.number("version") != 1) return damaged();
  Session session;
  session.target = {.gateway = members.text("gateway"),
                    .name = members.text("name"),
                    .issuer = members.text("issuer"),
                    .client = members.text("client"),
                    .scopes = members.list("scopes"),
                    .id_token = members.flag("id_token_wanted"),
                    .redirect_port = static_cast<std::uint16_t>(
                        std::clamp<std::int64_t>(members.number("redirect_port"), 0, 65535)),
                    .ca_file = members.text("ca_file")};
  session.machine = {members.text("secret_file"), members.text("certificate_file"),
                     members.text("key_file"), members.text("federated_token_file")};
  session.token_endpoint = members.text("token_endpoint");
  session.revocation_endpoint = members.text("revocation_endpoint");
  session.access_token = members.secret("access_token");
  session.id_token = members.secret("id_token");
  session.refresh_token = members.secret("refresh_token");
  session.obtained_at = members.number("obtained_at");
  session.expires_at = members.number("expires_at");
  session.person = members.text("person");
  session.subject = members.text("subject");
  session.refused_at = members.number("refused_at");
  session.refused = members.text("refused");
  if (document->root().member("server")) session.target.server = members.text("server");
  // Entries of before this was kept do not have it.
  if (document->root().member("renewal_began")) {
    session.renewal_began = members.number("renewal_began");
  }
  if (!members.good()) return damaged();
  return session;
}

Result<void> take_tokens(Session& session, Tokens tokens, WallTime now) {
  const Secret& wanted = session.target.id_token ? tokens.id_token : tokens.access_token;
  if (wanted.empty()) {
    return fail("sign_in.no_token",
                session.target.id_token
                    ? "the identity provider sent no ID token, which is what the gateway wants"
                    : "the identity provider sent no access token",
                session.target.id_token
                    ? "sign in again; if it stays so, let the scopes hold openid"
                    : "sign in again");
  }
  TokenClaims claims = read_claims(wanted.reveal());
  std::int64_t seconds = unix_seconds(now);
  constexpr std::int64_t kDefaultLife = 300;  // nothing said, nothing readable
  if (!session.target.id_token && tokens.expires_in > 0) {
    session.expires_at = seconds + tokens.expires_in;
  } else {
    session.expires_at = claims.expires_at > 0 ? claims.expires_at : seconds + kDefaultLife;
  }
  session.obtained_at = seconds;
  if (TokenClaims who = read_claims(tokens.id_token.reveal()); !who.subject.empty()) {
    session.person = who.person;
    session.subject = who.subject;
  } else if (session.subject.empty()) {
    session.person = claims.person;
    session.subject = claims.subject;
  }
  session.access_token = std::move(tokens.access_token);
  if (!tokens.id_token.empty()) session.id_token = std::move(tokens.id_token);
  if (!tokens.refresh_token.empty()) session.refresh_token = std::move(tokens.refresh_token);
  session.refused_at = 0;
  session.refused.clear();
  return {};
}

}  // namespace sallyport::signin
