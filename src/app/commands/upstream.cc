// sallyport upstream check [--instance NAME] [NAME] [--json]: gets each provider's credential as the
// gateway would, makes one real call of a single token, and explains the answer. Needs no running
// gateway. Exit code 1 where a credential does not work, 3 where somebody could not be reached.
#include "upstream/upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "app/command.h"
#include "app/gateway_options.h"
#include "base/json_writer.h"
#include "cloud/token_source.h"
#include "config/configuration.h"
#include "http/fetch.h"
#include "upstream/credential.h"
#include "upstream/probe.h"
#include "upstream/provider_answer.h"

namespace sallyport::app {
namespace {

using upstream::CredentialKind;

constexpr std::chrono::seconds kPatience{60};
struct Options {
  GatewayOptions gateway;
  std::string name;
  bool json = false;
};

/// What was found out about one upstream.
struct Finding {
  std::string name, provider, url, deployment, source;
  bool works = false;
  bool unreachable = false;
  std::string code, meaning, next_step;
  std::optional<upstream::TokenFacts> token;
  std::optional<WallTime> expires;
  upstream::ProviderSaid said;  ///< status 0: it was not asked, or did not answer
  std::int64_t took_ms = 0;
  std::string scope_that_works;
};

void put(Finding& finding, const Error& error) {
  finding.code = error.code;
  finding.meaning = error.message;
  finding.next_step = error.next_step;
  finding.unreachable = error.code.starts_with("fetch.");
}

/// Asks and waits, which the gateway never does.
class Caller {
 public:
  cloud::Obtained token(const upstream::CredentialSettings& settings) {
    std::promise<cloud::Obtained> promise;
    cloud::obtain({fetcher_, system_clock(), system_entropy(),
                   std::make_shared<const upstream::CredentialSettings>(settings)},
                  [&](cloud::Obtained got) { promise.set_value(std::move(got)); });
    return promise.get_future().get();
  }

  Result<http::FetchResponse> call(const upstream::Upstream& upstream,
                                   const upstream::UpstreamSettings& settings,
                                   const std::string& deployment,
                                   const upstream::Credential& credential) {
    auto request = upstream::probe_request(upstream, deployment, credential);
    request.timeout = kPatience;
    request.ca_file = settings.ca_file;
    request.proxy = settings.proxy.empty() ? "none" : settings.proxy;  // as the gateway's own calls
    std::promise<Result<http::FetchResponse>> promise;
    fetcher_.fetch(std::move(request), [&](Result<http::FetchResponse> answer) {
      promise.set_value(std::move(answer));
    });
    return promise.get_future().get();
  }

 private:
  http::Fetcher fetcher_;
};

// After a 401 to a token: is there an audience that the provider takes?
std::string find_scope(Caller& caller, const upstream::Upstream& upstream,
                       upstream::UpstreamSettings settings, const std::string& deployment) {
  std::string configured = settings.credential.scope;
  for (auto scope : upstream.kind().traits().scopes) {
    if (scope == configured) continue;
    settings.credential.scope = scope;
    auto token = caller.token(settings.credential);
    if (!token) continue;
    auto answer = caller.call(upstream, settings, deployment,
                              *upstream::credential_of(*token, 0, WallTime{}));
    if (answer && answer->status != 401) return std::string(scope);
  }
  return {};
}

void ask_provider(Caller& caller, const upstream::Upstream& upstream,
                  const upstream::UpstreamSettings& settings,
                  const upstream::Credential& credential, Finding& finding) {
  auto began = std::chrono::steady_clock::now();
  auto answer = caller.call(upstream, settings, finding.deployment, credential);
  finding.took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::steady_clock::now() - began)
                        .count();
  if (!answer) return put(finding, answer.error());
  const auto& kind = upstream.kind();
  finding.said = upstream::said_by(kind.read_error(upstream::Operation::kMessages, answer->status,
                                                   answer->body, credential.secret()));
  auto meaning = upstream::meaning_of(kind, finding.said, settings.credential.kind);
  finding.works = meaning.works;
  finding.code = meaning.code;
  finding.meaning = meaning.meaning;
  finding.next_step = meaning.next_step;
  bool token = settings.credential.kind != CredentialKind::kApiKey;
  if (answer->status != 401 || !token) return;
  finding.scope_that_works = find_scope(caller, upstream, settings, finding.deployment);
  finding.next_step =
      finding.scope_that_works.empty()
          ? "no audience that is in use was taken: check that the resource is in the identity's "
            "tenant"
          : fmt::format("write `scope: {}` in its `credential`: that token was taken",
                        finding.scope_that_works);
}

Finding check(Caller& caller, const config::Configuration& configuration, std::size_t index) {
  const auto& settings = configuration.upstreams[index];
  Finding finding;
  finding.name = settings.name;
  finding.provider = upstream::rules_of(settings.provider).name;
  finding.url = settings.base_url;
  finding.source = settings.credential_source;
  for (const auto& model : configuration.models) {
    if (model.upstream == settings.name && finding.deployment.empty()) {
      finding.deployment = model.deployment;
    }
  }
  if (finding.deployment.empty()) {
    finding.code = "upstream.unused";
    finding.meaning = "no model is deployed at this upstream, so there is nothing to ask for";
    finding.next_step = "add a model to `models`";
    return finding;
  }
  auto made = upstream::Upstream::create(settings, kPatience);
  if (!made) {
    put(finding, made.error());
    return finding;
  }
  const upstream::Upstream& upstream = **made;
  if (upstream.fixed_credential()) {
    ask_provider(caller, upstream, settings, *upstream.fixed_credential(), finding);
    return finding;
  }
  auto token = caller.token(settings.credential);
  if (!token) {
    put(finding, token.error().error);
    return finding;
  }
  finding.expires = token->expires;
  finding.token = upstream::read_token_facts(token->text.reveal());
  ask_provider(caller, upstream, settings, *upstream::credential_of(*token, 0, WallTime{}),
               finding);
  return finding;
}

void print_text(const Finding& finding) {
  fmt::print("{} ({}): {}\n", finding.name, finding.provider, finding.url);
  fmt::print("  credential  {}\n", finding.source);
  if (finding.token) {
    auto minutes =
        std::chrono::duration_cast<std::chrono::minutes>(*finding.expires - system_clock().wall())
            .count();
    fmt::print("  token       for {}, of {}, ends in {} min\n",
               finding.token->audience.empty() ? "an audience that it does not tell"
                                               : finding.token->audience,
               finding.token->object_id.empty() ? "an identity that it does not tell"
                                                : "object id " + finding.token->object_id,
               minutes);
  }
  if (finding.said.status != 0) {
    fmt::print("  call        deployment {}: {} in {} ms{}{}\n", finding.deployment,
               finding.said.status, finding.took_ms, finding.said.code.empty() ? "" : ", ",
               finding.said.code);
    if (!finding.said.message.empty()) fmt::print("              \"{}\"\n", finding.said.message);
  }
  fmt::print("  {}  {} ({})\n", finding.works ? "works     " : "NO        ", finding.meaning,
             finding.code);
  if (!finding.next_step.empty()) fmt::print("  next        {}\n", finding.next_step);
}

void append_json(JsonWriter& json, const Finding& finding) {
  json.begin()
      .text("name", finding.name)
      .text("provider", finding.provider)
      .text("url", finding.url)
      .text_if("deployment", finding.deployment)
      .text("credential", finding.source)
      .boolean("ok", finding.works)
      .text("code", finding.code)
      .text("meaning", finding.meaning)
      .text_if("next_step", finding.next_step);
  if (finding.token) {
    json.object("token")
        .text_if("audience", finding.token->audience)
        .text_if("tenant", finding.token->tenant)
        .text_if("object_id", finding.token->object_id)
        .text_if("application", finding.token->application)
        .text("expires", format_time(*finding.expires))
        .end();
  }
  if (finding.said.status != 0) {
    json.object("answer")
        .number("status", finding.said.status)
        .text_if("code", finding.said.code)
        .text_if("message", finding.said.message)
        .number("milliseconds", finding.took_ms)
        .end();
  }
  json.text_if("scope_that_works", finding.scope_that_works).end();
}

Exit run_check(const Options& options) {
  const std::string path = configuration_of(options.gateway);
  auto loaded = config::load(path, config::system_environment());
  if (!loaded.configuration) {
    Error error = config::as_error(loaded.findings);
    error.next_step = next_step_for_config(path);
    print_error(error, options.json);
    return Exit::kWrongInput;
  }
  const auto& configuration = *loaded.configuration;
  Caller caller;
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < configuration.upstreams.size(); ++i) {
    if (!options.name.empty() && configuration.upstreams[i].name != options.name) continue;
    findings.push_back(check(caller, configuration, i));
    if (!options.json) print_text(findings.back());
  }
  if (findings.empty()) {
    std::string names;
    for (const auto& upstream : configuration.upstreams) {
      names += (names.empty() ? "" : ", ") + upstream.name;
    }
    print_error({"upstream.unknown", fmt::format("there is no upstream {}", options.name),
                 fmt::format("the configuration has: {}; without a name all are checked", names)},
                options.json);
    return Exit::kWrongInput;
  }
  bool ok = std::ranges::all_of(findings, &Finding::works);
  if (options.json) {
    std::string out;
    JsonWriter json(out);
    json.begin().boolean("ok", ok).array("upstreams");
    for (const auto& finding : findings) append_json(json, finding);
    json.end_array().end();
    fmt::print("{}\n", out);
  }
  bool no = std::ranges::any_of(findings,
                                [](const Finding& one) { return !one.works && !one.unreachable; });
  return ok ? Exit::kDone : no ? Exit::kNo : Exit::kEnvironment;
}

}  // namespace

void add_upstream_command(CLI::App& root, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* command = root.add_subcommand("upstream", "Look at the model providers");
  command->require_subcommand(1);
  auto* check_command = command->add_subcommand(
      "check", "Get each provider's credential, make one small call, explain the answer");
  add_gateway_options(*check_command, options->gateway);
  check_command->add_option("NAME", options->name, "This one of `upstreams` alone");
  check_command->add_flag("--json", options->json, "One JSON object");
  check_command->callback([options, &exit] { exit = run_check(*options); });
}

}  // namespace sallyport::app
