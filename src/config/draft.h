// A configuration while it is being read: what the schema's rows write into, and what the rules
// across keys look at. Lives inside one call of parse().
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/configuration.h"

namespace sallyport::config {

/// What an upstream's `credential` says in words, before the rules make an endpoint of it.
struct CredentialWords {
  std::string source = "auto";  ///< of a managed identity
  std::string tenant;
  std::string authority;
  std::string certificate;  ///< its file
  std::string key;          ///< its file
};

/// What an entry says and its settings do not keep.
struct DraftUpstream {
  std::string resource;  ///< empty: base_url
  CredentialWords credential;
};
struct DraftModel {
  unsigned deployments = 0;
};

/// The files of admin.sign_in.credential; their contents go into the settings.
struct DraftWebApplication {
  std::string certificate;
  std::string key;
};

struct Draft {
  Configuration configuration;
  std::vector<DraftUpstream> upstreams;  ///< beside configuration.upstreams
  std::vector<DraftModel> models;        ///< beside configuration.models
  DraftWebApplication web_application;
  std::set<std::string, std::less<>> broken;  ///< keys with an error

  [[nodiscard]] bool given(const std::string& key) const {
    return configuration.places.contains(key);
  }
};

/// Collects findings for one file. Keeps at most kMaxFindings and says when there are more.
class Report {
 public:
  static constexpr std::size_t kMaxFindings = 100;

  Report(std::string file, Draft& draft) : file_(std::move(file)), draft_(draft) {}

  /// What a finding says beside its key and place.
  struct Words {
    std::string_view code;
    std::string message;
    std::string next_step;
    std::string nearest = {};
  };

  void error(const std::string& key, Place place, Words words);
  void warning(const std::string& key, Place place, Words words);
  /// At the key's own place, or at the nearest block around it that the file has.
  void error(const std::string& key, Words words);
  void warning(const std::string& key, Words words);
  /// Takes over findings that have everything but the file's name.
  void add(Findings findings);

  /// True when neither the key nor anything below it has an error: rules across keys keep quiet
  /// about what follows from a defect that is already told.
  [[nodiscard]] bool sound(std::string_view key) const;

  /// In the order of the file.
  [[nodiscard]] Findings take();

 private:
  void put(Severity severity, const std::string& key, Place place, Words words);
  [[nodiscard]] Place place_of(std::string key) const;

  std::string file_;
  Draft& draft_;
  Findings findings_;
  std::size_t dropped_ = 0;
};

}  // namespace sallyport::config
