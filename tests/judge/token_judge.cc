// token_judge SETTINGS < TOKENS: what the verifier says of each of many tokens. For tests alone.
//
// SETTINGS is a JSON file: {"now": seconds, "issuer": {"issuer", "audiences", "clients", "scopes",
// "roles", "algorithms"}, "jwks": {...}}. Each line of TOKENS is one token in base64url, since a
// mutated one may hold any byte; each line of the answer is its code, token.accepted for a good
// one.
#include <boost/json.hpp>
#include <iostream>
#include <string>

#include "base/encoding.h"
#include "base/files.h"
#include "identity/token_verifier.h"

namespace {

namespace json = boost::json;
using sallyport::WallTime;

std::vector<std::string> texts(const json::value& list) {
  std::vector<std::string> out;
  for (const auto& one : list.as_array()) out.emplace_back(one.as_string());
  return out;
}

sallyport::identity::IssuerSettings settings_of(const json::value& from) {
  sallyport::identity::IssuerSettings settings;
  settings.name = "judge";
  settings.issuer = std::string(from.at("issuer").as_string());
  settings.audiences = texts(from.at("audiences"));
  settings.clients = texts(from.at("clients"));
  settings.require_scopes = texts(from.at("scopes"));
  settings.require_roles = texts(from.at("roles"));
  settings.algorithms = texts(from.at("algorithms"));
  return settings;
}

int judge(const char* path) {
  using namespace sallyport;
  auto text = read_file(path, 1 << 20);
  if (!text) {
    std::cerr << text.error().text() << '\n';
    return 2;
  }
  json::value given = json::parse(*text);
  WallTime now{std::chrono::seconds(given.at("now").as_int64())};
  auto settings = settings_of(given.at("issuer"));
  auto keys = identity::parse_key_set(json::serialize(given.at("jwks")), settings.issuer);
  if (!keys) {
    std::cerr << keys.error().text() << '\n';
    return 2;
  }
  auto snapshot = identity::make_snapshot(1, {identity::IssuerState(settings, *keys)});
  for (std::string line; std::getline(std::cin, line);) {
    auto token = from_base64url(line);
    if (!token) return 2;
    auto verdict = identity::verify(*snapshot, *token, now);
    auto reason = verdict ? identity::Reason::kNone : verdict.error().reason;
    std::cout << identity::code(reason) << '\n';
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: token_judge SETTINGS < TOKENS\n";
    return 2;
  }
  return judge(argv[1]);
}
