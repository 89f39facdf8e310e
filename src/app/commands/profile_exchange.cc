// profile export|import|convert|apply: between profiles, files and this machine.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "app/commands/profile_parts.h"
#include "base/files.h"
#include "base/terminal_text.h"
#include "delivery/local/apply.h"
#include "delivery/local/device_reader.h"
#include "delivery/local/signing.h"
#include "profile/export_plan.h"
#include "profile/zip.h"

namespace sallyport::app {
namespace fs = std::filesystem;
namespace json = profile::json;
using profile::ExportFile;
using profile::ExportPlan;
namespace {

// How values are written, for `export` and `convert`.
struct EncodingOptions {
  bool per_user = false, flat = false, nested = false, allow_secrets = false;
};

struct ExportOptions {
  std::string name, format, out, organization;
  delivery::SigningFiles signing;
  EncodingOptions encoding;
  bool removal = false, governed = false, as_json = false;
};

struct ImportOptions {
  std::string name, path, format;
  bool as_json = false;
};

struct ConvertOptions {
  std::string path, out, format;
  EncodingOptions encoding;
  bool as_json = false;
};

struct ApplyOptions {
  std::string name;
  bool as_json = false;
};

profile::EncodeOptions encode_options(const EncodingOptions& options) {
  profile::EncodeOptions made;
  made.per_user = options.per_user;
  if (options.flat) made.form = profile::EncodeOptions::Form::kFlat;
  if (options.nested) made.form = profile::EncodeOptions::Form::kNested;
  return made;
}

Result<void> write_folder(const fs::path& folder, const std::vector<ExportFile>& files) {
  for (const ExportFile& file : files) {
    fs::path path = folder / file.name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) {
      return fail(kFileUnwritable,
                  fmt::format("cannot make {}: {}", path.parent_path().string(), error.message()),
                  "check the folder's permissions");
    }
    if (auto wrote = write_file_atomically(path, file.bytes, 0644); !wrote) return wrote;
  }
  return {};
}

// Which files were written, for --json with --out; the same JSON as the commands next door.
void print_written(const std::vector<fs::path>& paths, bool as_json) {
  if (!as_json) return;
  json::object root;
  json::array files;
  for (const fs::path& path : paths) files.emplace_back(path.string());
  root["files"] = std::move(files);
  print_out(profile::pretty_json(root));
}

Exit deliver_to_stdout(std::string_view bytes, bool text, bool as_json) {
  if (!text && ::isatty(STDOUT_FILENO) == 1) {
    return refuse({"export.terminal", "this export is not text",
                   "name a file with --out FILE, or a folder FOLDER/"},
                  as_json);
  }
  print_out(bytes);
  return Exit::kDone;
}

// One file as it is, several as one ZIP or into a folder.
Exit deliver(const std::vector<ExportFile>& files, const std::string& out, bool as_json) {
  std::error_code error;
  bool folder = out.ends_with('/') || (!out.empty() && fs::is_directory(out, error));
  std::vector<fs::path> paths;
  if (folder) {
    if (auto wrote = write_folder(out, files); !wrote) return refuse(wrote.error(), as_json);
    paths.reserve(files.size());
    for (const ExportFile& file : files) paths.push_back(fs::path(out) / file.name);
    print_written(paths, as_json);
    return Exit::kDone;
  }
  std::string bytes = files.size() == 1 ? files.front().bytes : profile::zip(files);
  if (out.empty() || out == "-") {
    bool text =
        files.size() == 1 && !bytes.starts_with("\xff\xfe") && !bytes.starts_with("\x30\x82");
    return deliver_to_stdout(bytes, text, as_json);
  }
  if (auto wrote = write_file_atomically(out, bytes, 0644); !wrote) {
    return refuse(wrote.error(), as_json);
  }
  paths.emplace_back(out);
  print_written(paths, as_json);
  return Exit::kDone;
}

void print_secrets(const ExportPlan& plan) {
  for (const std::string& place : plan.secrets) {
    fmt::print(stderr, "sallyport: this export holds a secret: {}\n", place);
  }
}

// A refusal of the rules answers no to each of its reasons; the others are wrong input.
Exit refuse_export(const profile::ExportRefusal& refusal, bool as_json) {
  if (refusal.kind == profile::ExportRefusal::Kind::kFormat) {
    return refuse(refusal.reasons.front(), as_json);
  }
  for (const Error& reason : refusal.reasons) print_error(reason, as_json);
  return Exit::kNo;
}

Exit sign_and_deliver(ExportPlan plan, const ExportOptions& options) {
  if (!options.signing.certificate.empty()) {
    auto message = delivery::sign_profile(plan.files.front().bytes, options.signing);
    if (!message) return refuse(message.error(), options.as_json);
    plan.files.front().bytes = std::move(*message);
  }
  print_notes(plan.notes);
  return deliver(plan.files, options.out, options.as_json);
}

Exit run_export(const ExportOptions& options) {
  const profile::Format* format = profile::find_format(options.format);
  if (format == nullptr) {
    return refuse({"export.format", fmt::format("there is no format {}", options.format),
                   "choose one of " + profile::format_names()},
                  options.as_json);
  }
  if (format->has_values && options.name.empty()) {
    return refuse({"export.name", fmt::format("{} needs a profile", format->title), "name it"},
                  options.as_json);
  }
  profile::Profile loaded;
  profile::Findings notes;
  if (!options.name.empty()) {
    auto read = load_named(options.name, notes);
    if (!read) return refuse(read.error(), options.as_json);
    loaded = std::move(*read);
  }
  profile::ExportOptions wanted;
  wanted.encode = encode_options(options.encoding);
  wanted.encode.removal = options.removal;
  wanted.encode.organization = options.organization;
  wanted.allow_secrets = options.encoding.allow_secrets;
  wanted.governed = options.governed;
  wanted.sign = !options.signing.certificate.empty();
  ExportPlan plan = profile::export_plan(loaded, *format, wanted);
  using Kind = profile::ExportRefusal::Kind;
  if (plan.refusal && plan.refusal->kind == Kind::kSecret) {
    return refuse_export(*plan.refusal, options.as_json);
  }
  print_secrets(plan);
  print_notes(notes);
  print_notes(plan.findings);
  if (!plan.refusal) return sign_and_deliver(std::move(plan), options);
  if (plan.refusal->kind == Kind::kGoverned) print_notes(plan.notes);
  return refuse_export(*plan.refusal, options.as_json);
}

Exit run_import(const ImportOptions& options) {
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

Exit run_convert(const ConvertOptions& options) {
  const profile::Format* format = options.format.empty() ? profile::find_format_of_file(options.out)
                                                         : profile::find_format(options.format);
  if (format == nullptr) {
    return refuse(
        {"export.format", fmt::format("the format of {} is not known by its name", options.out),
         "say --to with one of " + profile::format_names()},
        options.as_json);
  }
  auto decoded = read_any(options.path, "");
  if (!decoded) return refuse(decoded.error(), options.as_json);
  print_notes(decoded->notes);
  profile::Profile loaded;
  loaded.name = profile::plain_name(fs::path(options.path).stem().string());
  loaded.id = profile::derived_uuid(loaded.name, "file");
  loaded.values = std::move(decoded->values);
  profile::ExportOptions wanted;
  wanted.encode = encode_options(options.encoding);
  wanted.allow_secrets = options.encoding.allow_secrets;
  ExportPlan plan = profile::export_plan(loaded, *format, wanted);
  print_secrets(plan);
  if (plan.refusal) return refuse_export(*plan.refusal, options.as_json);
  print_notes(plan.notes);
  return deliver(plan.files, options.out, options.as_json);
}

Exit run_apply(const ApplyOptions& options) {
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
    return applied.error().code == delivery::kApplyManaged ? Exit::kNo : exit;
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

void add_encoding_options(CLI::App& command, EncodingOptions& options) {
  command.add_flag("--user", options.per_user,
                   "For the user: HKEY_CURRENT_USER, PayloadScope User");
  command.add_flag("--flat", options.flat, "Flat names (bootstrap, library)");
  command.add_flag("--nested", options.nested, "Nested form (bootstrap, library)")
      ->excludes("--flat");
  command.add_flag("--allow-secrets", options.allow_secrets,
                   "Export although the profile holds a secret");
}

void add_signing_options(CLI::App& command, delivery::SigningFiles& files) {
  command.add_option("--sign-certificate", files.certificate, "PEM: sign the .mobileconfig");
  command.add_option("--sign-key", files.key, "PEM without passphrase")
      ->needs("--sign-certificate");
  command.add_option("--sign-chain", files.chain, "PEM: further certificates")
      ->needs("--sign-certificate");
  command.get_option("--sign-certificate")->needs("--sign-key");
}

void add_export(CLI::App& profile, Exit& exit) {
  auto [exported, options] =
      add_command(profile, "export", "Write a profile in a format of the device or its management",
                  exit, run_export);
  std::string formats = "\nFormats:\n";
  for (const profile::Format* format : profile::formats()) {
    formats += fmt::format("  {:<14} {}\n", format->name, format->title);
  }
  exported.footer(
      "Examples:\n"
      "  sallyport profile export pilot --format mobileconfig --governed --out pilot-macos/\n"
      "  sallyport profile export pilot --format reg > claude.reg\n"
      "  sallyport profile export --format admx --out claude-admx.zip\n" +
      formats);
  exported.add_option("NAME", options->name,
                      "A profile or an exported file (not for formats with all keys)");
  exported.add_option("--format", options->format, "See below")->required();
  exported.add_option("--out", options->out,
                      "A file, or a folder with a / at the end; usually stdout");
  exported.add_flag("--governed", options->governed,
                    "Check as governed and add Claude Code's half of the pair");
  exported.add_flag("--removal", options->removal, "reg: a file that takes the keys away");
  exported.add_option("--organization", options->organization,
                      "PayloadOrganization of a .mobileconfig");
  add_signing_options(exported, options->signing);
  add_encoding_options(exported, options->encoding);
}

void add_import(CLI::App& profile, Exit& exit) {
  auto [imported, options] =
      add_command(profile, "import", "Make a profile from an exported file", exit, run_import);
  imported.add_option("NAME", options->name, "The new profile")->required();
  imported.add_option("FILE", options->path, "An export: " + profile::readable_format_names())
      ->required();
  imported.add_option("--format", options->format, "If the content leaves a doubt");
  imported.footer(
      "Examples:\n  sallyport profile import staff claude.mobileconfig\n"
      "  sallyport profile import mine ~/.config/Claude-3p/configLibrary");
}

void add_convert(CLI::App& profile, Exit& exit) {
  auto [converted, options] =
      add_command(profile, "convert", "From one format into another", exit, run_convert);
  converted.add_option("IN", options->path, "An export: " + profile::readable_format_names())
      ->required();
  converted.footer("Example:\n  sallyport profile convert claude.mobileconfig claude.reg");
  converted.add_option("OUT", options->out, "A file, or - for stdout with --to")->required();
  converted.add_option("--to", options->format, "Usually by OUT's name");
  add_encoding_options(converted, options->encoding);
}

void add_apply(CLI::App& profile, Exit& exit) {
  auto [applied, options] = add_command(
      profile, "apply", "Write a profile into this machine's local library", exit, run_apply);
  applied.add_option("NAME", options->name, "A profile, or an exported file")->required();
}

}  // namespace

void add_profile_exchange_commands(CLI::App& profile, Exit& exit) {
  add_export(profile, exit);
  add_import(profile, exit);
  add_convert(profile, exit);
  add_apply(profile, exit);
}

}  // namespace sallyport::app
