// profile export|import|convert|apply: between profiles, files and this machine.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "app/commands/profile_parts.h"
#include "base/files.h"
#include "base/terminal_text.h"
#include "delivery/local/apply.h"
#include "delivery/local/device_reader.h"
#include "delivery/local/signing.h"
#include "profile/zip.h"

namespace sallyport::app {
namespace fs = std::filesystem;
namespace json = profile::json;
using profile::ExportFile;
namespace {

struct Options {
  std::string name, path, format, out, organization, version;
  delivery::SigningFiles signing;
  bool as_json = false, per_user = false, removal = false, flat = false, nested = false,
       allow_secrets = false, governed = false;
};
using Shared = std::shared_ptr<Options>;

std::string format_names() {
  std::string names;
  for (const auto& info : profile::formats())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", info.name);
  return names;
}

profile::EncodeOptions encode_options(const Options& options) {
  profile::EncodeOptions made;
  made.per_user = options.per_user;
  made.removal = options.removal;
  made.organization = options.organization;
  if (options.flat) made.form = profile::EncodeOptions::Form::kFlat;
  if (options.nested) made.form = profile::EncodeOptions::Form::kNested;
  return made;
}

// Promise 7: no secret leaves in an export unless it was asked for by name, and then it is said.
bool secrets_allowed(const profile::Profile& loaded, const Options& options) {
  profile::CheckOptions check;
  check.allow_secrets = options.allow_secrets;
  bool allowed = true;
  for (const auto& finding : profile::check(loaded.values, check)) {
    if (finding.code != "secret.in_profile") continue;
    if (options.allow_secrets) {
      fmt::print(stderr, "sallyport: this export holds a secret: {}\n", finding.key);
      continue;
    }
    allowed = false;
    print_error(
        {"export.secret", fmt::format("{} holds a secret, so nothing was exported", finding.key),
         "use interactive sign-in or a helper, or say --allow-secrets"},
        options.as_json);
  }
  return allowed;
}

Result<void> write_folder(const fs::path& folder, const std::vector<ExportFile>& files) {
  for (const ExportFile& file : files) {
    fs::path path = folder / file.name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) {
      return fail("file.unwritable",
                  fmt::format("cannot make {}: {}", path.parent_path().string(), error.message()),
                  "check the folder's permissions");
    }
    if (auto wrote = write_file_atomically(path, file.bytes, 0644); !wrote) return wrote;
  }
  return {};
}

// With --json and --out: which files were written.
Exit wrote_files(const Options& options, const std::vector<fs::path>& paths) {
  if (!options.as_json) return Exit::kDone;
  json::object root;
  json::array files;
  for (const fs::path& path : paths) files.emplace_back(path.string());
  root["files"] = std::move(files);
  print_out(profile::pretty_json(root));
  return Exit::kDone;
}

// One file as it is, several as one ZIP or into a folder.
Exit deliver(const std::vector<ExportFile>& files, const Options& options) {
  std::error_code error;
  bool folder =
      options.out.ends_with('/') || (!options.out.empty() && fs::is_directory(options.out, error));
  if (folder) {
    if (auto wrote = write_folder(options.out, files); !wrote)
      return refuse(wrote.error(), options.as_json);
    std::vector<fs::path> paths;
    for (const ExportFile& file : files) paths.push_back(fs::path(options.out) / file.name);
    return wrote_files(options, paths);
  }
  std::string bytes = files.size() == 1 ? files.front().bytes : profile::zip(files);
  if (!options.out.empty() && options.out != "-") {
    auto wrote = write_file_atomically(options.out, bytes, 0644);
    return wrote ? wrote_files(options, {options.out}) : refuse(wrote.error(), options.as_json);
  }
  bool binary = files.size() > 1 || bytes.starts_with("\xff\xfe") || bytes.starts_with("\x30\x82");
  if (binary && ::isatty(STDOUT_FILENO) == 1) {
    return refuse({"export.terminal", "this export is not text",
                   "name a file with --out FILE, or a folder FOLDER/"},
                  options.as_json);
  }
  print_out(bytes);
  return Exit::kDone;
}

Result<profile::Encoded> encode_signed(const profile::FormatInfo& info,
                                       const profile::Profile& loaded, const Options& options) {
  auto encoded = profile::encode(info.format, loaded, encode_options(options));
  if (!encoded || options.signing.certificate.empty()) return encoded;
  if (info.format != profile::Format::kMobileconfig) {
    return fail("sign.format", "only a .mobileconfig can be signed",
                "leave the signing options out");
  }
  auto message = delivery::sign_profile(encoded->files.front().bytes, options.signing);
  if (!message) return std::unexpected(std::move(message.error()));
  encoded->files.front().bytes = std::move(*message);
  return encoded;
}

// The pair: what the desktop gets, and Claude Code's managed settings.
Exit add_governed_half(const profile::Profile& loaded, const Options& options,
                       std::vector<ExportFile>& files) {
  profile::CheckOptions check;
  check.governed = true;
  profile::Findings findings = profile::check(loaded.values, check);
  if (has_errors(findings)) {
    for (const auto& finding : findings) {
      if (finding.severity == profile::Severity::kError) {
        print_error(
            {finding.code, fmt::format("{}: {}", finding.key, finding.why), finding.next_step},
            options.as_json);
      }
    }
    return Exit::kNo;
  }
  auto half = profile::encode(profile::Format::kClaudeCode, loaded, {});
  if (!half) return refuse(half.error(), options.as_json);
  print_notes(half->notes);
  for (ExportFile& file : half->files) {
    files.push_back({fmt::format("claude-code/{}", file.name), std::move(file.bytes)});
  }
  return Exit::kDone;
}

std::optional<profile::Platform> platform_of(profile::Format format) {
  using profile::Format;
  switch (format) {
    case Format::kMobileconfig:
    case Format::kJamfPlist:
    case Format::kIntuneMac:
      return profile::Platform::kMacos;
    case Format::kRegistry:
    case Format::kOmaUri:
    case Format::kPowerShell:
      return profile::Platform::kWindows;
    case Format::kLinuxJson:
      return profile::Platform::kLinux;
    default:
      return std::nullopt;
  }
}

// What the rules say about this way to the device alone; `profile check` says the rest.
profile::Findings findings_of_format(const profile::Profile& loaded, profile::Format format) {
  profile::CheckOptions check;
  check.platform = platform_of(format);
  bool served = format == profile::Format::kBootstrap;
  if (served) check.delivery = profile::Delivery::kBootstrap;
  profile::Findings left;
  for (profile::Finding& finding : profile::check(loaded.values, check)) {
    bool ours =
        finding.code.starts_with("platform.") ||
        (served && (finding.code == "bootstrap.loopback" || finding.code == "bootstrap.origin"));
    if (ours) left.push_back(std::move(finding));
  }
  return left;
}

Exit run_export(const Options& options) {
  const profile::FormatInfo* info = profile::find_format(options.format);
  if (info == nullptr) {
    return refuse({"export.format", fmt::format("there is no format {}", options.format),
                   "choose one of " + format_names()},
                  options.as_json);
  }
  profile::Profile loaded;
  if (info->has_values && options.name.empty()) {
    return refuse({"export.name", fmt::format("{} needs a profile", info->title), "name it"},
                  options.as_json);
  }
  profile::Findings notes;
  if (!options.name.empty()) {
    auto read = load_named(options.name, notes);
    if (!read) return refuse(read.error(), options.as_json);
    loaded = std::move(*read);
  }
  if (info->has_values && !secrets_allowed(loaded, options)) return Exit::kNo;
  print_notes(notes);
  if (info->has_values && !options.removal) print_notes(findings_of_format(loaded, info->format));
  auto encoded = encode_signed(*info, loaded, options);
  if (!encoded) return refuse(encoded.error(), options.as_json);
  print_notes(encoded->notes);
  std::vector<ExportFile> files = std::move(encoded->files);
  if (options.governed && info->format != profile::Format::kClaudeCode) {
    if (Exit half = add_governed_half(loaded, options, files); half != Exit::kDone) return half;
  }
  return deliver(files, options);
}

Exit run_import(const Options& options) {
  if (is_profile_file(options.path)) {
    return refuse({"import.profile", fmt::format("{} already is a profile", options.path),
                   fmt::format("copy it into the folder that `sallyport profile reveal` names, as "
                               "{}.json",
                               options.name)},
                  options.as_json);
  }
  auto decoded = read_any(options.path, options.format);
  if (!decoded) return refuse(decoded.error(), options.as_json);
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  profile::Profile made;
  made.name = options.name;
  made.id = delivery::new_identity(system_entropy());
  made.values = std::move(decoded->values);
  if (!options.as_json) print_notes(decoded->notes);
  if (auto stored = folder->create(made); !stored) return refuse(stored.error(), options.as_json);
  if (options.as_json) {
    json::object root;
    root["profile"] = options.name;
    root["file"] = folder->file_of(made.name).string();
    root["keys"] = made.values.size();
    root["notes"] = findings_json(decoded->notes);
    print_out(profile::pretty_json(root));
    return Exit::kDone;
  }
  print_out(fmt::format("{}: {} keys from {}\n", options.name, made.values.size(),
                        for_terminal(options.path)));
  return Exit::kDone;
}

std::string format_of_name(const std::string& name) {
  if (name.ends_with(".mobileconfig")) return "mobileconfig";
  if (name.ends_with(".reg")) return "reg";
  if (name.ends_with(".plist")) return "jamf";
  if (name.ends_with("managed-settings.json")) return "linux";
  return name.ends_with("bootstrap.json") ? "bootstrap" : "";
}

Exit run_convert(const Options& options) {
  Options target = options;
  if (target.format.empty()) target.format = format_of_name(options.out);
  const profile::FormatInfo* info = profile::find_format(target.format);
  if (info == nullptr) {
    return refuse(
        {"export.format", fmt::format("the format of {} is not known by its name", options.out),
         "say --to with one of " + format_names()},
        options.as_json);
  }
  auto decoded = read_any(options.path, "");
  if (!decoded) return refuse(decoded.error(), options.as_json);
  print_notes(decoded->notes);
  profile::Profile loaded;
  loaded.name = profile::plain_name(fs::path(options.path).stem().string());
  loaded.id = profile::derived_uuid(loaded.name, "file");
  loaded.values = std::move(decoded->values);
  if (!secrets_allowed(loaded, options)) return Exit::kNo;
  auto encoded = profile::encode(info->format, loaded, encode_options(options));
  if (!encoded) return refuse(encoded.error(), options.as_json);
  print_notes(encoded->notes);
  return deliver(encoded->files, target);
}

Exit run_apply(const Options& options) {
  profile::Findings notes;
  auto loaded = load_named(options.name, notes);
  if (!loaded) return refuse(loaded.error(), options.as_json);
  auto device = delivery::read_device({});
  if (!device) return refuse(device.error(), options.as_json);
  auto data = delivery::local_data_folder();
  if (!data) return refuse(data.error(), options.as_json);
  profile::CheckOptions check;
  check.delivery = profile::Delivery::kLocal;
  check.platform = device->platform;
  for (const profile::Finding& finding : profile::check(loaded->values, check)) {
    if (finding.severity == profile::Severity::kError) notes.push_back(finding);
  }
  print_notes(notes);
  auto applied = delivery::apply_profile(*loaded, *device, *data, system_clock());
  if (!applied) {
    Exit exit = refuse(applied.error(), options.as_json);
    return applied.error().code == "apply.managed" ? Exit::kNo : exit;
  }
  if (options.as_json) {
    json::object root;
    root["entry"] = applied->entry.string();
    root["backup"] = applied->backup.string();
    print_out(profile::pretty_json(root));
    return Exit::kDone;
  }
  print_out(fmt::format("Applied {} as {}\n", options.name, applied->entry.string()));
  if (!applied->backup.empty())
    print_out(fmt::format("What was there is in {}\n", applied->backup.string()));
  print_out("Quit Claude fully and start it again: it reads the configuration at launch.\n");
  return Exit::kDone;
}

CLI::App* command(CLI::App& profile, std::string name, std::string help, const Shared& options,
                  Exit& exit, Exit (*run)(const Options&)) {
  auto* made = profile.add_subcommand(std::move(name), std::move(help));
  made->add_flag("--json", options->as_json, "Answers and errors as JSON");
  made->callback([options, run, &exit] { exit = run(*options); });
  return made;
}

void add_encoding_options(CLI::App& command, const Shared& options) {
  command.add_flag("--user", options->per_user,
                   "For the user: HKEY_CURRENT_USER, PayloadScope User");
  command.add_flag("--flat", options->flat, "Flat names (bootstrap, library)");
  command.add_flag("--nested", options->nested, "Nested form (bootstrap, library)")
      ->excludes("--flat");
  command.add_flag("--allow-secrets", options->allow_secrets,
                   "Export although the profile holds a secret");
}

}  // namespace

void add_profile_exchange_commands(CLI::App& profile, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* exported =
      command(profile, "export", "Write a profile in a format of the device or its management",
              options, exit, run_export);
  std::string formats = "\nFormats:\n";
  for (const auto& info : profile::formats())
    formats += fmt::format("  {:<14} {}\n", info.name, info.title);
  exported->footer(
      "Examples:\n"
      "  sallyport profile export pilot --format mobileconfig --governed --out pilot-macos/\n"
      "  sallyport profile export pilot --format reg > claude.reg\n"
      "  sallyport profile export --format admx --out claude-admx.zip\n" +
      formats);
  exported->add_option("NAME", options->name,
                       "A profile or an exported file (not for formats with all keys)");
  exported->add_option("--format", options->format, "See below")->required();
  exported->add_option("--out", options->out,
                       "A file, or a folder with a / at the end; usually stdout");
  exported->add_flag("--governed", options->governed,
                     "Check as governed and add Claude Code's half of the pair");
  exported->add_flag("--removal", options->removal, "reg: a file that takes the keys away");
  exported->add_option("--organization", options->organization,
                       "PayloadOrganization of a .mobileconfig");
  exported->add_option("--sign-certificate", options->signing.certificate,
                       "PEM: sign the .mobileconfig");
  exported->add_option("--sign-key", options->signing.key, "PEM without passphrase")
      ->needs("--sign-certificate");
  exported->add_option("--sign-chain", options->signing.chain, "PEM: further certificates")
      ->needs("--sign-certificate");
  exported->get_option("--sign-certificate")->needs("--sign-key");
  add_encoding_options(*exported, options);

  auto* imported =
      command(profile, "import", "Make a profile from an exported file", options, exit, run_import);
  imported->add_option("NAME", options->name, "The new profile")->required();
  imported->add_option("FILE", options->path, "A .mobileconfig, .reg, plist or JSON export")
      ->required();
  imported->add_option("--format", options->format, "If the content leaves a doubt");
  imported->footer(
      "Examples:\n  sallyport profile import staff claude.mobileconfig\n"
      "  sallyport profile import mine ~/.config/Claude-3p/configLibrary");

  auto* converted =
      command(profile, "convert", "From one format into another", options, exit, run_convert);
  converted->add_option("IN", options->path, "A .mobileconfig, .reg, plist or JSON export")
      ->required();
  converted->footer("Example:\n  sallyport profile convert claude.mobileconfig claude.reg");
  converted->add_option("OUT", options->out, "A file, or - for stdout with --to")->required();
  converted->add_option("--to", options->format, "Usually by OUT's name");
  add_encoding_options(*converted, options);

  auto* applied = command(profile, "apply", "Write a profile into this machine's local library",
                          options, exit, run_apply);
  applied->add_option("NAME", options->name, "A profile, or an exported file")->required();
}

}  // namespace sallyport::app
