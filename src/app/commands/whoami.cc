// sallyport whoami: who is signed in here, where it rests, and until when. Renews nothing. Exit
// code 1 when nobody is signed in or the sign-in has ended. With --server: who you are at a
// gateway's administrator's API, which roles you have there, and from what.
#include <fmt/format.h>

#include <memory>

#include "app/api_client.h"
#include "app/commands/sign_in_parts.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/terminal_text.h"
#include "signin/renewal.h"

namespace sallyport::app {
namespace {

struct Options {
  std::string gateway;
  GatewayOptions server;  ///< --server and --ca-file alone
  bool json = false;
};

struct Answer {
  signin::BookEntry entry;
  signin::Session session;
};

Result<Answer> look(const Options& options) {
  auto book = signin::SignInBook::open(false);
  if (!book) return std::unexpected(std::move(book.error()));
  auto gateway = gateway_named(options.gateway);
  if (!gateway) return std::unexpected(std::move(gateway.error()));
  auto entry = book->choose(*gateway);
  if (!entry) return std::unexpected(std::move(entry.error()));
  auto vault = signin::open_vault(entry->vault, book->vault_options(*entry, true));
  auto session = signin::load_session(*vault, entry->id);
  if (!session) return std::unexpected(std::move(session.error()));
  return Answer{std::move(*entry), std::move(*session)};
}

std::string text_of(const Answer& answer, bool renewable, bool ended, WallTime now) {
  const auto& [entry, session] = answer;
  std::string text = fmt::format("{}\n", session.person.empty() ? "(no name)" : session.person);
  auto line = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text += fmt::format("  {:<10}{}\n", name, value);
  };
  line("subject", for_terminal(session.subject));
  line("gateway", entry.gateway);
  line("issuer", entry.issuer);
  line("client", entry.client);
  line("kind", session.machine.given() ? "machine" : "person");
  line("vault",
       fmt::format("{} ({})", signin::name_of(entry.vault), signin::describe(entry.vault)));
  line("token", fmt::format("{} {}{}", ended ? "ended" : "ends", time_from(now, session.expires_at),
                            renewable ? ", is renewed by itself" : ""));
  if (!session.refused.empty()) line("refused", session.refused);
  text.pop_back();
  return text;
}

std::string json_of(const Answer& answer, bool renewable, bool ended) {
  const auto& [entry, session] = answer;
  std::string line;
  JsonWriter json(line);
  json.begin().text("person", session.person).text("subject", session.subject);
  json.text_if("gateway", entry.gateway).text("issuer", entry.issuer).text("client", entry.client);
  json.text("kind", session.machine.given() ? "machine" : "person");
  json.text("vault", signin::name_of(entry.vault)).number("expires_at", session.expires_at);
  json.boolean("renewable", renewable).boolean("ended", ended);
  json.text_if("refused", session.refused).end();
  return line;
}

// ---- at a server --------------------------------------------------------------------------------

/// What /api/v1/me says, in its order; texts of a list with commas.
using Facts = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string> read_fact(JsonReader& json) {
  JsonText value;
  if (json.peek() == JsonKind::kText) {
    if (!json.text(value)) return std::nullopt;
    return value.decode();
  }
  if (json.peek() != JsonKind::kArray || !json.begin_array()) {
    json.skip();
    return std::nullopt;
  }
  std::string list;
  while (json.next_element()) {
    if (json.peek() != JsonKind::kText || !json.text(value)) return std::nullopt;
    if (!list.empty()) list.append(", ");
    list.append(value.decode());
  }
  return list;
}

std::optional<Facts> read_me(std::string_view body) {
  Facts facts;
  JsonReader json(body);
  JsonText key;
  if (!json.begin_object()) return std::nullopt;
  while (json.next_member(key)) {
    auto name = key.decode();
    if (auto fact = read_fact(json)) facts.emplace_back(std::move(name), std::move(*fact));
  }
  if (!json.finish()) return std::nullopt;
  return facts;
}

Exit run_at_server(const Options& options) {
  constexpr std::string_view kForeign = "whoami.not_understood";
  auto reply = ask(options.server, {.path = "/api/v1/me"});
  if (!reply) return refuse(reply.error(), options.json);
  if (reply->status != 200) return refuse_reply(*reply, options.server, kForeign, options.json);
  auto facts = read_me(reply->body);
  if (!facts) {
    print_error(not_understood(*reply, options.server, kForeign), options.json);
    return Exit::kEnvironment;
  }
  if (options.json) {
    std::fwrite(reply->body.data(), 1, reply->body.size(), stdout);
    return Exit::kDone;
  }
  for (const auto& [name, fact] : *facts) {
    print_line(fmt::format("{:<10}{}", for_terminal(name),
                           fact.empty() ? std::string("none") : for_terminal(fact)));
  }
  return Exit::kDone;
}

Exit run_whoami(const Options& options) {
  if (!options.server.server.empty()) return run_at_server(options);
  protect_memory();
  auto answer = look(options);
  if (!answer) return refuse_sign_in(answer.error(), options.json);
  const auto& session = answer->session;
  WallTime now = system_clock().wall();
  bool renewable =
      session.refused.empty() && (session.machine.given() || !session.refresh_token.empty());
  bool ended = session.seconds_left(now) <= 0;
  print_line(options.json ? json_of(*answer, renewable, ended)
                          : text_of(*answer, renewable, ended, now));
  return ended && !renewable ? Exit::kNo : Exit::kDone;
}

}  // namespace

void add_whoami_command(CLI::App& root, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* command = root.add_subcommand("whoami", "Who is signed in here");
  auto* gateway = command->add_option("--gateway", options->gateway, "At which gateway");
  auto* server = command->add_option("--server", options->server.server,
                                     "At which administrator's port, with your roles there");
  server->excludes(gateway);
  add_ca_file(*command, options->server)->needs(server);
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([options, &exit] { exit = run_whoami(*options); });
}

}  // namespace sallyport::app
