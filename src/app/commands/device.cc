// sallyport device report: which configuration a device uses, from where, and what is wrong.
#include <fmt/format.h>

#include <memory>

#include "app/commands/profile_parts.h"
#include "delivery/local/device_reader.h"

namespace sallyport::app {

void add_device_command(CLI::App& root, Exit& exit) {
  struct Options {
    std::string folder, user, version;
    bool as_json = false;
  };
  auto options = std::make_shared<Options>();
  auto* device = root.add_subcommand("device", "What a device reads, and why");
  device->require_subcommand(1);
  auto* report = device->add_subcommand(
      "report", "Sources, owner, mode, effective values and findings; exit 1 on errors");
  report->add_option("--root", options->folder,
                     "A folder of files collected from a device; usually this machine");
  report->add_option("--user", options->user,
                     "Whose files, when the folder holds several people's");
  report->add_option("--app-version", options->version, "The installed build")
      ->check(version_fault);
  report->add_flag("--json", options->as_json, "As JSON");
  report->footer(
      "A collection holds the device's real paths (etc/claude-desktop/..., Library/Managed "
      "Preferences/...,\nUsers/NAME/..., home/NAME/...), or flat: *.reg, machine.plist, "
      "user.plist, "
      "managed-settings.json,\nClaude-3p/, bootstrap.json; and optionally device.json "
      "(docs/profiles.md).");
  report->callback([options, &exit] {
    delivery::DeviceOptions wanted;
    wanted.root = options->folder;
    wanted.user = options->user;
    wanted.app = profile::parse_version(options->version);
    auto read = delivery::read_device(wanted);
    if (!read) {
      exit = refuse(read.error(), options->as_json);
      return;
    }
    profile::Resolution resolution = profile::resolve(*read);
    print_out(options->as_json ? profile::pretty_json(profile::report_json(*read, resolution))
                               : profile::report_text(*read, resolution));
    exit = has_errors(profile::device_findings(*read, resolution)) ? Exit::kNo : Exit::kDone;
  });
}

}  // namespace sallyport::app
