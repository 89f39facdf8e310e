// sallyport sign-out: takes the refresh token back at the provider where it can (RFC 7009), then
// forgets the sign-in here. A provider that cannot be reached does not keep anybody signed in.
#include <fmt/format.h>

#include <memory>

#include "app/commands/sign_in_parts.h"
#include "base/json_writer.h"
#include "signin/refusal.h"
#include "signin/renewal.h"

namespace sallyport::app {
namespace {

struct Options {
  std::string gateway;
  std::string server;
  bool json = false;
};

struct Outcome {
  std::string revoked;  ///< "yes", "no", or "not offered"
  std::string note;
  std::int64_t token_ends = 0;
};

Outcome revoke(const signin::Session& session) {
  Outcome outcome{"not offered", "the provider offers no way to take a sign-in back",
                  session.expires_at};
  const Secret& token =
      session.refresh_token.empty() ? session.access_token : session.refresh_token;
  if (session.revocation_endpoint.empty() || token.empty()) return outcome;
  signin::Form form;
  form.add("token", token.reveal()).add("client_id", session.target.client);
  form.add("token_type_hint", session.refresh_token.empty() ? "access_token" : "refresh_token");
  signin::Web web(session.target.ca_file);
  auto answer = web.post(session.revocation_endpoint, std::move(form));
  if (answer && answer->status == 200) return {"yes", "", session.expires_at};
  outcome.revoked = "no";
  outcome.note = answer
                     ? signin::explain(signin::parse_refusal(answer->body, answer->status)).message
                     : answer.error().message;
  return outcome;
}

Result<Outcome> sign_out(const Options& options) {
  auto book = signin::SignInBook::open(false);
  if (!book) return std::unexpected(std::move(book.error()));
  auto entry = entry_named(*book, options.gateway, options.server);
  if (!entry) return std::unexpected(std::move(entry.error()));
  constexpr std::chrono::seconds kPatience{20};
  auto lock = signin::take_lock(book->folder() / (entry->id + ".lock"), kPatience);
  if (!lock) return std::unexpected(std::move(lock.error()));
  if (!*lock) {
    return fail("sign_in.busy", "another process is renewing this sign-in",
                "try again in a minute");
  }
  auto vault = signin::open_vault(entry->vault, book->vault_options(*entry, true));
  Outcome outcome{"no", "", 0};
  if (auto session = signin::load_session(*vault, entry->id)) {
    outcome = revoke(*session);
  } else {
    outcome.note = session.error().message;
  }
  if (auto removed = vault->remove(entry->id); !removed) {
    return std::unexpected(std::move(removed.error()));
  }
  if (auto removed = book->remove(entry->id); !removed) {
    return std::unexpected(std::move(removed.error()));
  }
  return outcome;
}

Exit run_sign_out(const Options& options) {
  protect_memory();
  auto outcome = sign_out(options);
  if (!outcome) return refuse_sign_in(outcome.error(), options.json);
  if (options.json) {
    std::string line;
    JsonWriter(line)
        .begin()
        .boolean("signed_out", true)
        .text("revoked_at_provider", outcome->revoked)
        .text_if("note", outcome->note)
        .end();
    print_line(line);
  } else if (outcome->revoked == "yes") {
    print_line("Signed out, here and at the identity provider.");
  } else {
    print_line(fmt::format("Signed out here. At the identity provider: {}.", outcome->note));
  }
  return Exit::kDone;
}

}  // namespace

void add_sign_out_command(CLI::App& root, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* command = root.add_subcommand("sign-out", "Forget your sign-in, here and at the provider");
  command->add_option("--gateway", options->gateway, "At which gateway");
  command->add_option("--server", options->server, "At which administrator's port")
      ->excludes("--gateway");
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([options, &exit] { exit = run_sign_out(*options); });
}

}  // namespace sallyport::app
