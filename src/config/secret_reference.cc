#include "config/secret_reference.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/files.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

constexpr std::string_view kHow = "write \"${file:/path}\" or \"${env:NAME}\"";

std::unexpected<Complaint> complain(std::string_view code, std::string message,
                                    std::string next_step, std::string nearest = {}) {
  return std::unexpected(
      Complaint{code, std::move(message), std::move(next_step), std::move(nearest)});
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && !(name[0] >= '0' && name[0] <= '9') &&
         std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

// What goes into a header as it is: visible ASCII, no white space (RFC 9110 section 5.5).
Parsed accept(Secret secret, std::string source) {
  std::string_view text = secret.reveal();
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) {
    return complain("config.secret_empty", fmt::format("{} holds no secret", source),
                    "put the provider's key there");
  }
  if (text.size() > 4096 ||
      !std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; })) {
    return complain("config.secret_malformed",
                    fmt::format("{} holds what cannot be a key: spaces, several lines, other "
                                "characters than visible ASCII, or more than 4096 of them",
                                source),
                    "put the key there and nothing else");
  }
  Value value;
  value.secret = std::make_shared<const Secret>(text);
  value.source = std::move(source);
  return value;
}

Parsed read_variable(std::string_view name, const Environment& environment) {
  if (!is_variable_name(name)) {
    return complain("config.bad_reference", "a variable's name has letters, digits and _ alone",
                    "write \"${env:NAME}\"");
  }
  auto value = environment.variable(std::string(name));
  if (!value) {
    return complain("config.variable_missing", fmt::format("the variable {} is not set", name),
                    "set it in the environment of the gateway (and of `config check`)");
  }
  return accept(std::move(*value), fmt::format("variable {}", name));
}

SecretRead read_from_file(std::string_view name, const std::filesystem::path& folder,
                          const Environment& environment) {
  if (name.empty()) {
    return {
        complain("config.bad_reference", "the reference names no file", "write \"${file:/path}\""),
        {}};
  }
  auto path = (folder / std::filesystem::path(name)).lexically_normal().string();
  auto file = environment.file(path, kMaxSecretBytes);
  if (!file) {
    bool missing = file.error().code == kFileMissing;
    return {complain(missing ? "config.file_missing" : "config.file_unreadable",
                     std::move(file.error().message),
                     missing ? "put the secret there, or mend the path"
                             : std::move(file.error().next_step)),
            {}};
  }
  SecretRead read{accept(std::move(file->content), fmt::format("file {}", shown(path))), {}};
  if (read.value && (file->mode & 0007) != 0) {
    read.warnings.push_back({"config.secret_world_readable",
                             fmt::format("every user of this machine may open {}", shown(path)),
                             fmt::format("run `chmod o= {}`", shown(path)),
                             {}});
  }
  return read;
}

// Forms of other programs: people bring them along.
std::string_view meant_variable(std::string_view text) {
  for (std::string_view start : {"${", "$", "env:", "os.environ/", "ENV:"}) {
    if (!text.starts_with(start)) continue;
    text.remove_prefix(start.size());
    if (text.ends_with('}')) text.remove_suffix(1);
    return is_variable_name(text) ? text : std::string_view{};
  }
  return {};
}

}  // namespace

bool looks_like_reference(std::string_view text) {
  return text.find("${") != std::string_view::npos;
}

SecretRead read_secret(std::string_view text, const std::filesystem::path& folder,
                       const Environment& environment) {
  constexpr std::string_view kVariable = "${env:";
  constexpr std::string_view kFile = "${file:";
  if (text.ends_with('}') && text.find('}') == text.size() - 1) {
    if (text.starts_with(kVariable)) {
      return {read_variable(text.substr(kVariable.size(), text.size() - kVariable.size() - 1),
                            environment),
              {}};
    }
    if (text.starts_with(kFile)) {
      return read_from_file(text.substr(kFile.size(), text.size() - kFile.size() - 1), folder,
                            environment);
    }
  }
  if (auto name = meant_variable(text); !name.empty()) {
    return {complain("config.bad_reference", "this is not a reference to a variable",
                     std::string(kHow), fmt::format("${{env:{}}}", name)),
            {}};
  }
  if (looks_like_reference(text) || text.starts_with("file:") || text.starts_with('/')) {
    return {complain("config.bad_reference",
                     "a reference has the form ${file:/path} or ${env:NAME} and is the whole value",
                     std::string(kHow)),
            {}};
  }
  SecretRead read{accept(Secret(text), "the configuration file"), {}};
  if (read.value) {
    read.warnings.push_back({"config.secret_in_file",
                             "the secret itself stands in the configuration file",
                             "put it into a file of its own and write \"${file:/path}\"",
                             {}});
  }
  return read;
}

}  // namespace sallyport::config
