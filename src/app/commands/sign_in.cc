// sallyport sign-in: signs a person in by the browser or by device code, or a machine by its own
// credential, and puts the result into a vault. What was stored before stays until then.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "app/commands/large_text.h"
#include "app/commands/sign_in_parts.h"
#include "base/json_writer.h"
#include "base/terminal_text.h"
#include "signin/file_vault.h"
#include "signin/machine_flow.h"
#include "signin/metadata.h"
#include "signin/person_flows.h"
#include "signin/renewal.h"

namespace sallyport::app {
namespace {

struct Options {
  std::string gateway;
  std::string server;  ///< tidied; instead of a gateway
  std::string issuer;  ///< the gateway's name for it, or its URL
  std::string client;
  std::vector<std::string> scopes;
  bool id_token = false;
  bool device = false;
  bool fresh = false;
  unsigned patience = 300;
  std::uint16_t redirect_port = 0;
  std::string ca_file;
  std::string vault;
  std::string passphrase_file;
  signin::MachineIdentity machine;
  bool json = false;
};

std::unexpected<Error> wrong_options(std::string message, std::string next_step) {
  return fail(kSignInOptions, std::move(message), std::move(next_step));
}

std::string absolute(const std::string& path) {
  std::error_code error;
  auto whole = path.empty() ? std::filesystem::path() : std::filesystem::absolute(path, error);
  return error ? path : whole.string();
}

// ---- where to sign in ---------------------------------------------------------------------------

Result<signin::Target> pick(std::vector<signin::Target> targets, const std::string& issuer) {
  std::string names;
  for (auto& target : targets) {
    if (issuer.empty() ? targets.size() == 1 : target.name == issuer || target.issuer == issuer) {
      return std::move(target);
    }
    names += (names.empty() ? "" : ", ") + target.name;
  }
  return wrong_options(issuer.empty()
                           ? "this gateway knows several identity providers"
                           : fmt::format("this gateway knows no identity provider {}", issuer),
                       fmt::format("name one with --issuer: {}", names));
}

Result<signin::Target> find_target(const Options& options, const std::string& gateway) {
  signin::Target target;
  if (!options.client.empty()) {
    if (options.issuer.empty()) {
      return wrong_options("--client needs the issuer's URL", "add --issuer URL");
    }
    target.issuer = options.issuer;
    target.client = options.client;
    target.gateway = gateway;
    target.server = options.server;
    target.id_token = options.id_token;
  } else {
    if (gateway.empty() && options.server.empty()) {
      return wrong_options("where to sign in is not said",
                           "add --gateway URL, or --issuer URL --client ID --scope SCOPE");
    }
    signin::Web web(options.ca_file);
    auto offered = options.server.empty() ? signin::ask_gateway(web, gateway)
                                          : signin::ask_server(web, options.server);
    if (!offered) return std::unexpected(std::move(offered.error()));
    auto picked = pick(std::move(*offered), options.issuer);
    if (!picked) return picked;
    target = std::move(*picked);
  }
  if (!options.scopes.empty()) target.scopes = options.scopes;
  if (options.redirect_port != 0) target.redirect_port = options.redirect_port;
  target.ca_file = options.ca_file;
  return target;
}

// ---- what the person sees -----------------------------------------------------------------------

// Issuer, client and scopes are the server's word: they are shown before the browser opens.
void tell_server(const Options& options, const signin::Target& target) {
  const std::string scopes = fmt::format("{}", fmt::join(target.scopes, " "));
  if (options.json) {
    std::string line;
    JsonWriter(line)
        .begin()
        .text("event", "server")
        .text("server", target.server)
        .text("issuer", target.issuer)
        .text("client", target.client)
        .text("scope", scopes)
        .end();
    fmt::print(stderr, "{}\n", line);
  } else {
    fmt::print(stderr,
               "Signing in as an administrator, for this server alone:\n  {:<8}{}\n  {:<8}{}\n"
               "  {:<8}{}\n  {:<8}{}\n",
               "server", for_terminal(target.server), "issuer", for_terminal(target.issuer),
               "client", for_terminal(target.client), "scopes", for_terminal(scopes));
  }
  std::fflush(stderr);
}

void tell_browser(const Options& options, const signin::BrowserNotice& notice) {
  if (options.json) {
    std::string line;
    JsonWriter(line)
        .begin()
        .text("event", "browser")
        .text("url", notice.url)
        .boolean("opened", notice.opened)
        .end();
    fmt::print(stderr, "{}\n", line);
  } else if (notice.opened) {
    fmt::print(stderr,
               "Your browser shows the sign-in page of your organization. If it does not, open:\n"
               "{}\n",
               notice.url);
  } else {
    fmt::print(stderr, "Open this address in a browser on this machine:\n{}\n", notice.url);
  }
  std::fflush(stderr);
}

void tell_code(const Options& options, const signin::DeviceCode& code, bool opened) {
  if (options.json) {
    std::string line;
    JsonWriter(line)
        .begin()
        .text("event", "device_code")
        .text("user_code", code.user_code)
        .text("verification_uri", code.verification_uri)
        .text_if("verification_uri_complete", code.verification_uri_complete)
        .boolean("opened", opened)
        .number("expires_in", code.expires_in.count())
        .end();
    fmt::print(stderr, "{}\n", line);
  } else {
    fmt::print(stderr,
               "{}\n\n{}\n\nand type this code:\n\n{}\n(in text: {}; good for {} minutes)\n",
               opened ? "Your browser shows the page. If it does not, open on any device"
                      : "Open on any device",
               code.verification_uri, large_text(code.user_code), code.user_code,
               (code.expires_in.count() + 59) / 60);
  }
  std::fflush(stderr);
}

Result<signin::Session> sign_in(const Options& options, const signin::Target& target) {
  signin::Web web(target.ca_file);
  if (options.machine.given()) {
    return signin::sign_in_machine(web, system_clock(), system_entropy(), target, options.machine);
  }
  signin::FlowParts parts{web, signin::system_browser(), system_clock(), system_entropy()};
  if (options.device) {
    signin::DeviceOptions device;
    device.tell = [&](const signin::DeviceCode& code, bool opened) {
      tell_code(options, code, opened);
    };
    return signin::sign_in_by_device(parts, target, device);
  }
  signin::CodeOptions code{std::chrono::seconds(options.patience), options.fresh, {}};
  code.tell = [&](const signin::BrowserNotice& notice) { tell_browser(options, notice); };
  return signin::sign_in_by_code(parts, target, code);
}

// ---- where it rests -----------------------------------------------------------------------------

// What would only come to light after the person has signed in is looked at before.
Result<signin::VaultKind> pick_vault(const Options& options, const signin::VaultOptions& vault) {
  if (!options.passphrase_file.empty()) {
    if (auto read = signin::passphrase_source(vault)(false); !read) {
      return wrong_options(std::move(read.error().message), std::move(read.error().next_step));
    }
  }
  if (options.vault.empty() || options.vault == "auto") return signin::choose_vault(vault);
  auto kind = signin::parse_vault_kind(options.vault);
  if (kind && *kind == signin::VaultKind::kDesktop && !signin::desktop_vault_works()) {
    return fail(signin::kVaultUnavailable,
                "there is no desktop session here, or its key ring is locked",
                "work inside the desktop session with its key ring open, or sign in with "
                "--vault kernel or passphrase");
  }
  return kind;
}

// The old sign-in stays whole until the new one is stored; then a vault of another kind is cleared.
Result<void> keep(signin::SignInBook& book, const signin::BookEntry& entry,
                  const signin::Session& session) {
  constexpr std::chrono::seconds kPatience{20};
  auto lock = signin::take_lock(book.folder() / (entry.id + ".lock"), kPatience);
  if (!lock) return std::unexpected(std::move(lock.error()));
  if (!*lock) {
    return fail("sign_in.busy", "another process is renewing this sign-in",
                "try again in a minute");
  }
  auto vault = signin::open_vault(entry.vault, book.vault_options(entry, true));
  if (auto stored = vault->store(entry.id, signin::encode(session)); !stored) {
    return fail(std::move(stored.error()), "while storing the sign-in");
  }
  const auto* known = book.find(entry.id);
  if (known != nullptr && known->vault != entry.vault &&
      (known->vault == signin::VaultKind::kDesktop || entry.vault == signin::VaultKind::kDesktop)) {
    auto old = signin::open_vault(known->vault, book.vault_options(*known, false));
    auto removed = old->remove(entry.id);
    static_cast<void>(removed);  // a dead token in a vault that is gone
  }
  return book.put(entry);
}

void print_done(const Options& options, const signin::BookEntry& entry,
                const signin::Session& session) {
  std::string who = session.person.empty() ? for_terminal(session.subject) : session.person;
  if (options.json) {
    std::string line;
    JsonWriter(line)
        .begin()
        .boolean("signed_in", true)
        .text("person", session.person)
        .text("subject", session.subject)
        .text_if("gateway", entry.gateway)
        .text_if("server", entry.server)
        .text("issuer", entry.issuer)
        .text("client", entry.client)
        .text("vault", signin::name_of(entry.vault))
        .number("expires_at", session.expires_at)
        .boolean("renewable", session.machine.given() || !session.refresh_token.empty())
        .end();
    print_line(line);
    return;
  }
  print_line(fmt::format("Signed in{}{}.", who.empty() ? "" : " as ", who));
  print_line(fmt::format("Your sign-in rests in {}.", signin::describe(entry.vault)));
  if (!session.machine.given() && session.refresh_token.empty()) {
    print_line(fmt::format("The provider gave no refresh token: it ends {}.",
                           time_from(system_clock().wall(), session.expires_at)));
  }
}

Result<void> check_machine(const signin::MachineIdentity& machine) {
  int given = (machine.secret_file.empty() ? 0 : 1) + (machine.certificate_file.empty() ? 0 : 1) +
              (machine.federated_token_file.empty() ? 0 : 1);
  if (given > 1) {
    return wrong_options("a machine shows one credential",
                         "keep one of --client-secret-file, --certificate, --federated-token-file");
  }
  if (machine.certificate_file.empty() != machine.key_file.empty()) {
    return wrong_options("--certificate and --key go together", "give both");
  }
  return {};
}

// The gateway's URL, empty where none is meant; with --server, that is tidied instead.
Result<std::string> find_place(Options& options, const signin::SignInBook& book) {
  if (!options.server.empty()) {
    auto server = signin::tidy_server_url(options.server);
    if (!server) return std::unexpected(std::move(server.error()));
    options.server = std::move(*server);
    return std::string();
  }
  auto gateway = gateway_named(options.gateway);
  if (!gateway) return gateway;
  if (gateway->empty() && options.client.empty() && options.issuer.empty()) {
    if (auto last = book.choose(""); last) gateway = last->gateway;
  }
  return gateway;
}

Result<void> run(Options options) {
  protect_memory();
  for (auto* path : {&options.ca_file, &options.passphrase_file, &options.machine.secret_file,
                     &options.machine.certificate_file, &options.machine.key_file,
                     &options.machine.federated_token_file}) {
    *path = absolute(*path);  // they are remembered
  }
  if (auto checked = check_machine(options.machine); !checked) return checked;
  auto book = signin::SignInBook::open(true);
  if (!book) return std::unexpected(std::move(book.error()));
  auto gateway = find_place(options, *book);
  if (!gateway) return std::unexpected(std::move(gateway.error()));
  auto target = find_target(options, *gateway);
  if (!target) return std::unexpected(std::move(target.error()));
  if (!target->server.empty()) {
    // Only the server's own word can lead astray.
    auto checked = options.client.empty() ? book->check_server(*target) : Result<void>{};
    if (!checked) return checked;
    tell_server(options, *target);
  }
  auto kind = pick_vault(options, {book->folder(), options.passphrase_file, true});
  if (!kind) return std::unexpected(std::move(kind.error()));
  auto session = sign_in(options, *target);
  if (!session) return std::unexpected(std::move(session.error()));
  signin::BookEntry entry{signin::id_of(*target), target->gateway, target->issuer,
                          target->client,         *kind,           options.passphrase_file,
                          target->server};
  if (auto kept = keep(*book, entry, *session); !kept) return kept;
  print_done(options, entry, *session);
  return {};
}

}  // namespace

void add_sign_in_command(CLI::App& root, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* command = root.add_subcommand("sign-in", "Sign in to a gateway, once");
  command->add_option("--gateway", options->gateway, "The gateway's URL; it says the rest");
  command
      ->add_option("--server", options->server,
                   "Instead: the URL of a gateway's administrator's port, for commands with "
                   "--server")
      ->excludes("--gateway");
  command->add_option("--issuer", options->issuer,
                      "The gateway's name for the identity provider, or its URL");
  command->add_option("--client", options->client,
                      "The client id, where the gateway does not say it");
  command->add_option("--scope", options->scopes, "A scope; may be given several times")
      ->allow_extra_args(false);
  command->add_flag("--id-token", options->id_token, "With --client: the gateway takes ID tokens");
  command->add_flag("--device", options->device,
                    "Show a code to type on another device: for machines without a browser");
  command->add_flag("--fresh", options->fresh,
                    "Ask for everything again, as is needed after a revocation");
  command->add_option("--timeout", options->patience, "Seconds to wait for the browser")
      ->check(CLI::Range(5U, 1800U))
      ->capture_default_str();
  command->add_option("--redirect-port", options->redirect_port,
                      "A fixed port for the browser's way back (Okta, Cognito)");
  command->add_option("--ca-file", options->ca_file,
                      "PEM file with the authorities of gateway and provider");
  command
      ->add_option("--vault", options->vault, "Where it rests: auto, desktop, kernel, passphrase")
      ->check(CLI::IsMember({"auto", "desktop", "kernel", "passphrase"}));
  command->add_option("--passphrase-file", options->passphrase_file,
                      "A file with the vault's passphrase, instead of asking");
  auto& machine = options->machine;
  command->add_option("--client-secret-file", machine.secret_file,
                      "A machine signs in: with the secret in this file");
  command->add_option("--certificate", machine.certificate_file,
                      "A machine signs in: with this certificate (PEM)");
  command->add_option("--key", machine.key_file, "The certificate's private key (PEM)");
  command->add_option("--federated-token-file", machine.federated_token_file,
                      "A machine signs in: with the token that its platform puts there");
  command->add_flag("--json", options->json, "One JSON object; what to do on stderr as JSON lines");
  command->callback([options, &exit] {
    auto done = run(*options);
    exit = done ? Exit::kDone : refuse_sign_in(done.error(), options->json);
  });
}

}  // namespace sallyport::app
