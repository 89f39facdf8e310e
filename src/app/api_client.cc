#include "app/api_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "admin/socket_client.h"
#include "app/commands/sign_in_parts.h"
#include "app/renewal_process.h"
#include "base/check.h"
#include "config/instance.h"
#include "signin/metadata.h"
#include "signin/refusal.h"
#include "signin/renewal.h"
#include "signin/vault.h"
#include "signin/web.h"

namespace sallyport::app {
namespace {

constexpr std::chrono::seconds kRenewalPatience{30};
constexpr long kUnauthorized = 401;

std::unexpected<NotAsked> not_asked(Error error, Exit exit) {
  return std::unexpected(NotAsked{std::move(error), exit});
}

// ---- over the socket ----------------------------------------------------------------------------

std::expected<ApiReply, NotAsked> ask_local(const GatewayOptions& gateway,
                                            const ApiQuestion& question) {
  auto socket = socket_of(gateway);
  if (!socket) return not_asked(std::move(socket.error()), Exit::kWrongInput);
  auto answer =
      admin::ask_socket(*socket, question.method, question.path, question.patience, question.body);
  if (!answer) {
    return not_asked(
        with_old_place(std::move(answer.error()), *socket, config::kOldSocket, "--socket"),
        Exit::kEnvironment);
  }
  return ApiReply{answer->status, std::move(answer->body)};
}

// ---- over HTTPS ---------------------------------------------------------------------------------

// The sign-in of one server. Its token goes nowhere else.
class ServerSession {
 public:
  /// Errors: sign_in.*, book.*, vault.*, provider.*.
  static Result<ServerSession> open(const std::string& server) {
    auto book = signin::SignInBook::open(false);
    if (!book) return std::unexpected(std::move(book.error()));
    auto entry = book->choose_server(server);
    if (!entry) return std::unexpected(std::move(entry.error()));
    auto vault = signin::open_vault(entry->vault, book->vault_options(*entry, true));
    auto session = signin::current_session(*entry, *vault, book->folder(), system_clock(),
                                           renewal(), kRenewalPatience);
    ServerSession opened(std::move(*entry), std::move(vault), book->folder());
    return std::move(opened).take(std::move(session));
  }

  [[nodiscard]] const Secret& token() const { return session_.token(); }
  [[nodiscard]] const std::string& ca_file() const { return session_.target.ca_file; }

  /// After a 401: the same with a newer token.
  Result<ServerSession> renewed() && {
    auto session = signin::session_after_refusal(entry_, *vault_, folder_, session_.token(),
                                                 renewal(), kRenewalPatience);
    return std::move(*this).take(std::move(session));
  }

 private:
  ServerSession(signin::BookEntry entry, std::unique_ptr<signin::Vault> vault,
                std::filesystem::path folder)
      : entry_(std::move(entry)), vault_(std::move(vault)), folder_(std::move(folder)) {}

  static signin::RenewElsewhere renewal() {
    const auto until = std::chrono::steady_clock::now() + kRenewalPatience;
    return [until](const signin::BookEntry& which, UniqueFd lock) {
      return renew_elsewhere(which, std::move(lock), until);
    };
  }

  // What the vault holds says itself whom it is for: the book is a file that others may mix up.
  Result<ServerSession> take(Result<signin::Session> session) && {
    if (!session) return std::unexpected(std::move(session.error()));
    if (session->target.server != entry_.server) {
      return fail("sign_in.other_server", "the sign-in that the vault holds is for another server",
                  fmt::format("run `sallyport sign-in --server {}`", entry_.server));
    }
    session_ = std::move(*session);
    return std::move(*this);
  }

  signin::BookEntry entry_;
  std::unique_ptr<signin::Vault> vault_;
  std::filesystem::path folder_;
  signin::Session session_;
};

Result<ApiReply> send(const std::string& server, const std::string& ca_file, const Secret& token,
                      const ApiQuestion& question) {
  http::FetchRequest request{.method = question.method, .url = server + question.path};
  std::string bearer;
  bearer.reserve(token.size() + 8);  // no growth: a string that grows leaves its content behind
  bearer.append("Bearer ").append(token.reveal());
  request.headers.emplace_back("authorization", Secret(std::move(bearer)));
  request.headers.emplace_back("accept", Secret(std::string_view("application/json")));
  if (!question.body.empty()) {
    request.headers.emplace_back("content-type", Secret(std::string_view("application/json")));
    request.body = Secret(std::string_view(question.body));
  }
  request.timeout = question.patience;
  request.max_bytes = admin::kMaxAnswerBytes;
  signin::Web web(ca_file);
  auto answer = web.exchange(std::move(request));
  if (!answer) return fail(std::move(answer.error()), "while asking the server");
  return ApiReply{answer->status, std::move(answer->body)};
}

// A 401 after the renewal, with the step that helps in place of the server's.
Error sign_in_again(const ApiReply& reply, const std::string& server) {
  auto words = admin::read_problem(reply.body);
  std::string why = words ? fmt::format("{} ({})", words->detail, words->code)
                          : std::string("it takes your token no longer");
  return {signin::kCodeSignInAgain, fmt::format("{} refuses your sign-in: {}", server, why),
          fmt::format("run `sallyport sign-in --server {}`", server)};
}

std::expected<ApiReply, NotAsked> ask_server(const GatewayOptions& gateway,
                                             const ApiQuestion& question) {
  protect_memory();
  auto server = signin::tidy_server_url(gateway.server);
  if (!server) return not_asked(std::move(server.error()), Exit::kWrongInput);
  auto refused = [](Error error) {
    const Exit exit = exit_of(error);
    return not_asked(std::move(error), exit);
  };
  auto session = ServerSession::open(*server);
  if (!session) return refused(std::move(session.error()));
  const std::string ca_file = gateway.ca_file.empty() ? session->ca_file() : gateway.ca_file;
  auto reply = send(*server, ca_file, session->token(), question);
  if (reply && reply->status == kUnauthorized) {
    auto renewed = std::move(*session).renewed();
    if (!renewed && renewed.error().code != signin::kCodeSignInAgain) {
      return refused(std::move(renewed.error()));
    }
    if (renewed) reply = send(*server, ca_file, renewed->token(), question);
  }
  if (!reply) return refused(std::move(reply.error()));
  if (reply->status == kUnauthorized) {
    return not_asked(sign_in_again(*reply, *server), exit_of_status(kUnauthorized));
  }
  return std::move(*reply);
}

}  // namespace

std::expected<ApiReply, NotAsked> ask(const GatewayOptions& gateway, const ApiQuestion& question) {
  return gateway.server.empty() ? ask_local(gateway, question) : ask_server(gateway, question);
}

Exit refuse(const NotAsked& why, bool json) {
  print_error(why.error, json);
  return why.exit;
}

Exit refuse_reply(const ApiReply& reply, const GatewayOptions& gateway, std::string_view foreign,
                  bool json) {
  auto words = admin::read_problem(reply.body);
  if (!words) {
    print_error(not_understood(reply, gateway, foreign), json);
    return Exit::kEnvironment;
  }
  print_error({words->code, words->detail, words->next_step}, json);
  return exit_of_status(reply.status);
}

Error not_understood(const ApiReply& reply, const GatewayOptions& gateway,
                     std::string_view foreign) {
  if (!gateway.server.empty()) {
    return {foreign,
            fmt::format("what answers at {} answers with {}", gateway.server, reply.status),
            "give the gateway's admin.public_url with --server"};
  }
  return {foreign,
          fmt::format("what listens on {} answers with {}",
                      socket_of(gateway).value_or(gateway.socket), reply.status),
          "give the path of the gateway's admin.socket with --socket"};
}

Exit exit_of_status(long status) {
  switch (admin::verdict_of(status)) {
    case admin::Verdict::kDone:
      return Exit::kDone;
    case admin::Verdict::kWrongInput:
      return Exit::kWrongInput;
    case admin::Verdict::kNo:
      return Exit::kNo;
    case admin::Verdict::kFailed:
      return Exit::kEnvironment;
  }
  check_failed("a verdict has an exit code", __FILE__, __LINE__);
}

}  // namespace sallyport::app
