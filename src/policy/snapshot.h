// What decisions are made by, of the configuration: an immutable value, a part of the snapshot that
// each worker holds. Now that is which models there are and where each is; policies follow.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sallyport::policy {

struct Model {
  std::string id;  ///< what clients ask for
  std::string deployment;
  std::size_t upstream = 0;  ///< place of its provider in the configuration
};

class Snapshot {
 public:
  /// While it is made: in the order of the configuration, each id once.
  void add(Model model);

  /// Null: no model of that id is offered.
  [[nodiscard]] const Model* find(std::string_view id) const;
  /// Its place in the configuration.
  [[nodiscard]] std::size_t place_of(const Model& model) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::vector<Model> models_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> by_id_;
};

}  // namespace sallyport::policy
