#include "profile/claude_code_half.h"

#include <fmt/format.h>

#include <boost/json/object.hpp>

namespace sallyport::profile {
namespace {

class HalfCheck {
 public:
  HalfCheck(const json::object& settings, const json::object& values)
      : settings_(settings), values_(values) {}

  Findings run() {
    check_address();
    check_credentials();
    check_other_providers();
    check_allowed_providers();
    if (!settings_.contains("apiKeyHelper")) {
      add(Severity::kError, "apiKeyHelper",
          "Claude Code has no source of the person's token and asks for a claude.ai sign-in",
          "set it to sallyport-token");
    }
    return std::move(findings_);
  }

 private:
  void add(Severity severity, std::string key, std::string why, std::string next) {
    findings_.push_back(
        {"governed.claude_code", severity, std::move(key), std::move(why), std::move(next)});
  }
  std::string variable(std::string_view name) const {
    const json::value* env = settings_.if_contains("env");
    if (env == nullptr || !env->is_object()) return {};
    const json::value* value = env->get_object().if_contains(name);
    return value == nullptr ? std::string() : portable_text(*value);
  }

  void check_address() {
    const json::value* gateway = values_.if_contains("inferenceGatewayBaseUrl");
    std::string wanted = gateway == nullptr ? std::string() : portable_text(*gateway);
    if (variable("ANTHROPIC_BASE_URL") == wanted) return;
    add(Severity::kError, "env.ANTHROPIC_BASE_URL",
        fmt::format("Claude Code is not sent to the gateway {}", wanted),
        "`sallyport profile export NAME --format claude-code` writes settings that fit");
  }

  void check_credentials() {
    for (std::string_view name :
         {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_FOUNDRY_API_KEY",
          "AWS_BEARER_TOKEN_BEDROCK", "ANTHROPIC_CUSTOM_HEADERS"}) {
      if (variable(name).empty()) continue;
      add(Severity::kError, fmt::format("env.{}", name), "it holds a credential, or may hold one",
          "remove it");
    }
  }

  void check_other_providers() {
    for (std::string_view name : kOtherProviders) {
      std::string value = variable(name);
      if (value.empty() || value == "0" || value == "false") continue;
      add(Severity::kError, fmt::format("env.{}", name), "it goes around the gateway",
          "set it to 0");
    }
  }

  void check_allowed_providers() {
    const json::value* list = settings_.if_contains("allowedProviders");
    if (list == nullptr) {
      add(Severity::kWarning, "allowedProviders",
          "without it current versions of Claude Code let a person choose another provider in "
          "their own settings",
          fmt::format("set it to [\"{}\"]", kPinnedEndpoint));
    } else if (*list != json::value(json::array{kPinnedEndpoint})) {
      add(Severity::kError, "allowedProviders", "it allows more, or less, than the pinned gateway",
          fmt::format("set it to [\"{}\"]", kPinnedEndpoint));
    }
  }

  const json::object& settings_;
  const json::object& values_;
  Findings findings_;
};

}  // namespace

Findings check_claude_code_half(const json::object& settings, const json::object& values) {
  return HalfCheck(settings, values).run();
}

}  // namespace sallyport::profile
