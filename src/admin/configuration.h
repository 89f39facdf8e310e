// The configuration as the administrator's side shows it: what runs, and what a reload would change.
// Plain values; app/ fills them from config/, which this folder does not know.
#pragma once

#include <string>
#include <vector>

namespace sallyport::admin {

/// One key. A secret's value is where it comes from, never what it is.
struct ConfigurationKey {
  std::string key;
  std::vector<std::string> values;  ///< one, or those of a list; none: see `note`
  bool is_list = false;
  bool is_default = false;
  bool is_secret = false;
  std::string note;  ///< what holds where there is no value
  // Of a key that the file has; 0: it has none.
  int line = 0;
  int column = 0;
};

struct ConfigurationView {
  std::string path;
  std::string sha256;  ///< of the file that runs
  std::vector<ConfigurationKey> keys;
};

struct ReloadWish {
  bool dry_run = false;  ///< say what it would change
  /// The sha256 that is to run at that moment, else 412 api.changed; empty: whatever runs.
  std::string expected = {};
};

/// What a reload changed, or would change. Empty `old_value`: the key is new.
struct ConfigurationChange {
  std::string key;
  std::string old_value;
  std::string new_value;
};

struct ConfigurationReload {
  std::string sha256_before;
  std::string sha256;
  std::vector<ConfigurationChange> changed;
  std::string findings = "[]";  ///< a JSON list, as `sallyport config check --json` has it
};

}  // namespace sallyport::admin
