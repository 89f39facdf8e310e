// "--name value" pairs of the rig's programs; an unknown name ends the program with a sentence.
#pragma once

#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "wire.h"

namespace rig {

class Options {
 public:
  /// `known` holds every name with its default value.
  Options(int count, char** words, std::map<std::string, std::string> known)
      : values_(std::move(known)) {
    for (int i = 1; i + 1 < count; i += 2) {
      std::string name = words[i];
      auto found = name.starts_with("--") ? values_.find(name.substr(2)) : values_.end();
      if (found == values_.end()) die("unknown option " + name);
      found->second = words[i + 1];
    }
    if (count % 2 == 0) die(std::string("no value after ") + words[count - 1]);
  }

  [[nodiscard]] const std::string& text(const std::string& name) const { return values_.at(name); }
  [[nodiscard]] double number(const std::string& name) const {
    const std::string& value = values_.at(name);
    double result = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size()) {
      die("--" + name + " wants a number");
    }
    return result;
  }
  [[nodiscard]] std::size_t count(const std::string& name) const {
    return static_cast<std::size_t>(number(name));
  }

 private:
  std::map<std::string, std::string> values_;
};

[[nodiscard]] inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) die("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace rig
