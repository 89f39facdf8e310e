// What the rule files share: the values under check and the list that grows. For this folder alone.
#pragma once

#include <fmt/format.h>

#include "profile/rules.h"
#include "profile/url.h"

namespace sallyport::profile {

class Check {
 public:
  Check(const json::object& values, const CheckOptions& options)
      : values_(values), options_(options) {}

  [[nodiscard]] const json::object& values() const { return values_; }
  [[nodiscard]] const CheckOptions& options() const { return options_; }
  [[nodiscard]] const json::value* find(std::string_view key) const {
    return values_.if_contains(key);
  }
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  /// The text of a text value, else empty.
  [[nodiscard]] std::string_view text(std::string_view key) const {
    const json::value* value = find(key);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                  : std::string_view();
  }
  [[nodiscard]] bool is(std::string_view key, bool wanted) const {
    const json::value* value = find(key);
    return value != nullptr && value->is_bool() && value->get_bool() == wanted;
  }
  [[nodiscard]] const json::object* object(std::string_view key) const {
    const json::value* value = find(key);
    return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
  }
  [[nodiscard]] const json::array* list(std::string_view key) const {
    const json::value* value = find(key);
    return value != nullptr && value->is_array() ? &value->get_array() : nullptr;
  }
  [[nodiscard]] std::string_view provider() const { return text("inferenceProvider"); }
  [[nodiscard]] std::string_view kind() const { return text("inferenceCredentialKind"); }
  [[nodiscard]] bool older_than(std::string_view version) const;

  void error(RuleCode code, std::string key, std::string why, std::string next) {
    add(Severity::kError, code, std::move(key), std::move(why), std::move(next));
  }
  void warning(RuleCode code, std::string key, std::string why, std::string next) {
    add(Severity::kWarning, code, std::move(key), std::move(why), std::move(next));
  }
  void advice(RuleCode code, std::string key, std::string why, std::string next) {
    add(Severity::kAdvice, code, std::move(key), std::move(why), std::move(next));
  }
  void add(Severity severity, RuleCode code, std::string key, std::string why, std::string next) {
    findings_.push_back({code.text(), severity, std::move(key), std::move(why), std::move(next)});
  }
  [[nodiscard]] Findings take() && { return std::move(findings_); }

 private:
  const json::object& values_;
  const CheckOptions& options_;
  Findings findings_;
};

/// The text member of an object, else empty.
[[nodiscard]] std::string_view member_text(const json::object& object, std::string_view name);
/// Both lists of words may be compared without regard to case by lowering `text` first.
[[nodiscard]] bool contains_word(std::string_view text, std::string_view word);

void check_keys(Check&);        ///< known, spelled rightly, new enough, not legacy, with effect
void check_values(Check&);      ///< types, ranges, lengths, patterns, fields of objects
void check_urls(Check&);        ///< https, no credentials in them
void check_connection(Check&);  ///< provider, mandatory keys, exactly one credential source
void check_sign_in(Check&);     ///< OIDC objects
void check_models(Check&);      ///< model lists
void check_connectors(Check&);  ///< MCP servers, marketplaces
void check_workspace(Check&);   ///< folders, hosts, helpers, banner, telemetry, limits
void check_delivery(Check&);    ///< bootstrap, secrets, update-only profiles
void check_platform(Check&);    ///< keys, values and paths of another platform
void check_governed(Check&);    ///< the governed rule set

}  // namespace sallyport::profile
