// How resolve() goes through a device, step by step; for resolve*.cc alone. resolve.cc says which
// values are in effect, resolve_mode.cc what follows from them: mode, window, wrong places.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "profile/resolve.h"

namespace sallyport::profile {

class Resolver {
 public:
  explicit Resolver(const Device& device) : device_(device) {}

  Resolution run() {
    collect_managed();
    apply_owner();
    apply_bootstrap();
    drop_without_effect();
    decide_mode();
    decide_window();
    note_both_places();
    return std::move(result_);
  }

 private:
  // A case in which the mode is decided.
  struct Verdict {
    Mode mode;
    std::string why;
    bool by_person = false;  // who chose it in the app
  };

  // a value of a managed source, before it is known whether the source owns the device
  struct Entry {
    std::string key;
    json::value value;
    std::size_t source;
  };

  [[nodiscard]] bool older_than(const AppVersion& version) const {
    return device_.app && *device_.app < version;
  }
  [[nodiscard]] std::optional<std::size_t> index_of(SourceKind kind) const {
    for (std::size_t i = 0; i < device_.sources.size(); ++i) {
      if (device_.sources[i].kind == kind && device_.sources[i].present) return i;
    }
    return std::nullopt;
  }
  void ignore(std::string_view key, std::size_t source, std::string why) {
    result_.ignored.push_back({std::string(key), source, std::move(why)});
  }
  void find(std::string_view code, Severity severity, std::string_view key, std::string why,
            std::string next) {
    result_.findings.push_back({code, severity, std::string(key), std::move(why), std::move(next)});
  }
  [[nodiscard]] const json::value* effective(std::string_view key) const {
    const EffectiveValue* found = result_.find(key);
    return found == nullptr ? nullptr : &found->value;
  }
  [[nodiscard]] bool flag(std::string_view key, bool wanted) const {
    const json::value* value = effective(key);
    return value != nullptr && value->is_bool() && value->get_bool() == wanted;
  }

  void take(std::size_t index, std::string_view why_weaker);
  void collect_mac();
  void collect_windows();
  void collect_managed();
  [[nodiscard]] bool managed_owns() const;
  void apply_managed(const Entry& entry);
  void apply_owner();
  void ignore_all(std::size_t index, std::string_view why);
  void apply_bootstrap();
  void take_served(std::string_view name, const json::value& value, std::size_t source);
  void drop_without_effect();

  [[nodiscard]] std::string blocking_fault() const;
  [[nodiscard]] std::optional<Verdict> unreadable() const;
  [[nodiscard]] std::optional<Verdict> asks_for_nothing() const;
  [[nodiscard]] std::optional<Verdict> left_by_the_person() const;
  [[nodiscard]] std::optional<Verdict> left_to_bootstrap() const;
  [[nodiscard]] std::optional<Verdict> faulty() const;
  [[nodiscard]] std::optional<Verdict> complete() const;
  void decide_mode();
  void decide_window();
  void note_both_places();

  const Device& device_;
  Resolution result_;
  std::vector<Entry> managed_;
  std::optional<std::size_t> owner_candidate_, unreadable_;
  bool by_bootstrap_ = false;
};

}  // namespace sallyport::profile
