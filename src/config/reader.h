// Walks the tree of a document along the schema's table: unknown keys, missing keys, types, ranges
// and defaults. Every key is treated alike; what depends on several keys is in rules.h. Lives
// inside one call of parse().
#pragma once

#include <filesystem>

#include "config/document.h"
#include "config/draft.h"
#include "config/environment.h"
#include "config/schema.h"

namespace sallyport::config {

class Reader {
 public:
  /// `folder`: what relative paths count from. All arguments outlive the reader.
  Reader(const std::filesystem::path& folder, const Environment& environment, Draft& draft,
         Report& report)
      : folder_(folder), environment_(environment), draft_(draft), report_(report) {}

  void read(const Node& root);

 private:
  /// One mapping: `parent` as the table writes it ("issuers[]"), `key` as the file has it
  /// ("issuers[0]"); both empty at the top.
  void mapping(const Node& node, std::string_view parent, const std::string& key);
  void defaults(std::string_view parent);
  void present(const Row& row, const Node& node, const std::string& key);
  void absent(const Row& row, const std::string& key, Place block);
  /// The default of a key that is not given.
  void fall_back(const Row& row, const std::string& key, Place block);
  void unknown(const Member& member, std::string_view parent, const std::string& key);

  void one(const Row& row, const Node& node, const std::string& key);
  void list(const Row& row, const Node& node, const std::string& key);
  void block(const Row& row, const Node& node, const std::string& key);
  void blocks(const Row& row, const Node& node, const std::string& key);
  void word_pairs(const Row& row, const Node& node, const std::string& key);
  /// Checks a text against the row's type and stores it.
  void value(const Row& row, std::string_view text, Place place, const std::string& key,
             std::string name = {});
  bool wrong_shape(const Row& row, const Node& node, const std::string& key);
  bool wrong_length(const Row& row, const Node& node, const std::string& key);

  const std::filesystem::path& folder_;
  const Environment& environment_;
  Draft& draft_;
  Report& report_;
};

}  // namespace sallyport::config
