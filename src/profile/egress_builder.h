// For the conditions of the firewall list (egress_conditions.cc) and what puts it together (egress.cc)
// alone: what a condition sees of a configuration, and how it opens a host.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "profile/catalogue.h"
#include "profile/egress.h"

namespace sallyport::profile {

class EgressBuilder {
 public:
  EgressBuilder(const json::object& values, const EgressOptions& options)
      : values_(values), options_(options) {}

  EgressList build();

  [[nodiscard]] const json::value* find(std::string_view key) const {
    return values_.if_contains(key);
  }
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  [[nodiscard]] std::string text(std::string_view key) const {
    const json::value* value = find(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  }
  [[nodiscard]] bool is(std::string_view key, bool wanted) const {
    const json::value* value = find(key);
    return value != nullptr && value->is_bool() && value->get_bool() == wanted;
  }
  [[nodiscard]] bool offline() const { return options_.offline_installer; }
  [[nodiscard]] bool provider_is(std::string_view name) const {
    return text("inferenceProvider") == name;
  }

  // Adds a host for the rule that is being applied.
  void add(std::string_view host, std::string_view key, bool browser = false);
  void add_url(std::string_view url_text, std::string_view key, bool browser = false);
  // The rule's fixed hosts.
  void add_listed(std::string_view key);
  void add_oidc(std::string_view key);
  [[nodiscard]] const EgressRule& rule() const { return *rule_; }

 private:
  void build_sandbox(EgressList& list);

  const json::object& values_;
  const EgressOptions& options_;
  const EgressRule* rule_ = nullptr;
  std::string_view purpose_;
  std::map<std::string, EgressHost> hosts_;
};

/// When a rule of the catalogue opens its hosts.
struct EgressCondition {
  std::string_view id;       ///< of the rule
  std::string_view purpose;  ///< where the catalogue has none
  void (*apply)(EgressBuilder&);
};
[[nodiscard]] std::span<const EgressCondition> egress_conditions();

}  // namespace sallyport::profile
