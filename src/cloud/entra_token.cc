#include "cloud/entra_token.h"

#include <fmt/format.h>

#include "cloud/platform_endpoint.h"

namespace sallyport::cloud {
namespace {

using std::chrono::seconds;

// Source: "Microsoft Entra authentication and authorization error codes", Microsoft Learn.
constexpr EntraMeaning kMeanings[] = {
    {7000215, false, "the client secret is wrong",
     "store the secret's value (not its id) and reload"},
    {7000222, false, "the client secret has expired",
     "make a new one at the application's registration, store it and reload"},
    {700027, false, "Entra does not know the certificate, or the signature does not fit",
     "upload the certificate to the application's registration, or name the right key"},
    {50012, false, "Entra does not accept the assertion",
     "check that the certificate at the registration is the configured one"},
    {700024, false, "the assertion is outside its time",
     "set this machine's clock right (time synchronisation)"},
    {700016, false, "the tenant does not know the application",
     "compare client_id and tenant with the application's registration"},
    {700011, false, "the tenant does not know the application",
     "compare client_id and tenant with the application's registration"},
    {90002, false, "there is no such tenant", "correct tenant: its id stands in Entra's overview"},
    {900023, false, "the tenant is no id and no domain", "correct tenant"},
    {500011, false, "the tenant does not know the resource of the scope",
     "correct credential.scope; the usual one is https://ai.azure.com/.default"},
    {50001, false, "the tenant does not know the resource of the scope",
     "correct credential.scope; the usual one is https://ai.azure.com/.default"},
    {70011, false, "the scope is not valid", "correct credential.scope: RESOURCE/.default"},
    {28002, false, "the scope is not valid", "correct credential.scope: RESOURCE/.default"},
    {1002012, false, "the scope is not valid", "correct credential.scope: RESOURCE/.default"},
    {7000112, false, "the application is disabled", "enable it, if nobody disabled it on purpose"},
    {70001, false, "the application is disabled or not in this tenant",
     "enable it, if nobody disabled it on purpose"},
    {700025, false, "the application is a public client and may not use a secret",
     "use an application of its own for the gateway"},
    {70021, false, "no federated credential of the application fits the token",
     "compare issuer, subject and audience of the federated credential with the service account"},
    {700211, false, "no federated credential has the token's issuer",
     "use the cluster's OIDC issuer URL in the federated credential"},
    {700212, false, "no federated credential has the token's audience",
     "the audience is api://AzureADTokenExchange as a rule"},
    {700213, false, "no federated credential has the token's subject",
     "the subject is system:serviceaccount:NAMESPACE:NAME"},
    {530003, false, "Conditional Access refuses the application",
     "ask the owner of the policies for workload identities"},
    {53003, false, "Conditional Access refuses the application",
     "ask the owner of the policies for workload identities"},
    {90055, true, "Entra is asked too often", "wait"},
    {50196, true, "Entra is asked too often for the same", "wait"},
    {90024, true, "Entra has a passing fault", "wait"},
    {90033, true, "Entra has a passing fault", "wait"},
};

std::string form_of(const SourceSettings& settings,
                    std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::size_t room = 512 + 3 * (settings.scope.size() + settings.client_id.size());
  for (const auto& [name, value] : fields) room += 2 + name.size() + 3 * value.size();
  std::string form;
  form.reserve(room);  // in one place: it holds a secret
  form += "grant_type=client_credentials&client_id=";
  append_encoded(form, settings.client_id);
  form += "&scope=";
  append_encoded(form, settings.scope);
  for (const auto& [name, value] : fields) {
    form.append("&").append(name).append("=");
    append_encoded(form, value);
  }
  return form;
}

CredentialFailure refused(const http::FetchResponse& answer, const TokenError& said) {
  bool passing = answer.status == 429 || answer.status == 408 || answer.status >= 500 ||
                 said.error == "temporarily_unavailable";
  std::string message = fmt::format("Entra answered {}", answer.status);
  std::string_view next_step = "look the code up in Entra's list of errors";
  const EntraMeaning* meaning = nullptr;
  for (auto code : said.codes) {
    if (meaning == nullptr) meaning = entra_meaning(code);
  }
  if (meaning != nullptr) {
    message += fmt::format(": {}", meaning->meaning);
    next_step = meaning->next_step;
    passing = passing || meaning->passing;
  }
  if (!said.error.empty()) message += fmt::format(" ({})", said.error);
  for (auto code : said.codes) message += fmt::format(" AADSTS{}", code);
  if (meaning == nullptr && !said.description.empty()) {
    message += fmt::format(" [{}]", said.description);
  }
  if (!said.trace_id.empty()) message += fmt::format(", trace {}", said.trace_id);
  bool slow = answer.status == 429 || answer.status >= 500;
  return {{passing ? "credential.unavailable" : "credential.refused", std::move(message),
           std::string(next_step)},
          !passing,
          retry_after_of(answer, seconds(slow ? 5 : 0))};
}

Obtained read_entra_answer(Clock& clock, Result<http::FetchResponse> answer,
                           std::string_view secret) {
  if (!answer) {
    bool lasting = answer.error().code == "fetch.redirect" || answer.error().code == "fetch.url";
    return std::unexpected(CredentialFailure{std::move(answer.error()), lasting});
  }
  if (answer->status != 200) {
    TokenError said = parse_token_error(answer->body, {secret});
    wipe(answer->body);
    return std::unexpected(refused(*answer, said));
  }
  auto token = parse_token_answer(answer->body, clock.wall());
  wipe(answer->body);
  if (token) return std::move(*token);
  token.error().message = "Entra: " + token.error().message;
  return std::unexpected(CredentialFailure{std::move(token.error()), false});
}

}  // namespace

const EntraMeaning* entra_meaning(std::uint32_t code) {
  for (const auto& row : kMeanings) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

void ask_entra(const Ask& ask,
               std::initializer_list<std::pair<std::string_view, std::string_view>> fields,
               std::string_view secret, OnObtained done) {
  http::FetchRequest request;
  request.method = "POST";
  request.url = ask.settings->endpoint;
  request.headers.emplace_back("Content-Type",
                               Secret(std::string_view("application/x-www-form-urlencoded")));
  request.headers.emplace_back("Accept", Secret(std::string_view("application/json")));
  request.body = Secret(form_of(*ask.settings, fields));
  request.timeout = ask.timeout;
  request.connect_timeout = std::min(ask.timeout, request.connect_timeout);
  request.max_bytes = kTokenAnswerBytes;
  request.ca_file = ask.settings->ca_file;
  request.proxy = ask.settings->proxy;
  request.secret_answer = true;
  // Shared, because std::function wants what it holds to be copyable.
  auto shown_never = std::make_shared<const Secret>(secret);
  ask.fetcher.fetch(std::move(request), [&clock = ask.clock, shown_never, done = std::move(done)](
                                            Result<http::FetchResponse> answer) {
    done(read_entra_answer(clock, std::move(answer), shown_never->reveal()));
  });
}

}  // namespace sallyport::cloud
