// The report of a device, as text and JSON: which source wins, what is in effect and from where,
// what was ignored and why, and what to do. Secrets never appear.
#include <fmt/format.h>

#include "base/terminal_text.h"
#include "profile/resolve.h"

namespace sallyport::profile {
namespace {

std::string_view mode_text(Mode mode) {
  return mode == Mode::kThirdParty ? "third-party inference" : "standard (claude.ai sign-in)";
}

std::string shorten(std::string text) {
  constexpr std::size_t kWidest = 160;
  if (text.size() <= kWidest) return text;
  std::size_t end = kWidest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

void append_sources(std::string& out, const Device& device, const Resolution& resolution) {
  out += "\nSources, strongest first\n";
  for (std::size_t i = 0; i < device.sources.size(); ++i) {
    const SettingsSource& source = device.sources[i];
    std::string state = "absent";
    if (source.unreadable) {
      state = "unreadable: " + for_terminal(source.why);
    } else if (source.present) {
      state =
          fmt::format("{} {}", source.values.size(), source.values.size() == 1 ? "key" : "keys");
    }
    out += fmt::format("  {} {:<28} {}  {}\n", resolution.owner == i ? "*" : " ",
                       source_text(source.kind), for_terminal(source.place), state);
  }
}

}  // namespace

std::string report_text(const Device& device, const Resolution& resolution) {
  std::string out = fmt::format("Device: {}{}\n", platform_text(device.platform),
                                device.user.empty() ? "" : ", user " + for_terminal(device.user));
  out += fmt::format("Starts in: {} - {}\n", mode_text(resolution.mode),
                     for_terminal(resolution.why_mode));
  out += fmt::format("Owner: {}\n", resolution.owner
                                        ? for_terminal(device.sources[*resolution.owner].place)
                                        : "none");
  out += fmt::format("Configuration window: {} - {}\n",
                     resolution.window_read_only ? "read-only" : "editable",
                     for_terminal(resolution.why_window));
  append_sources(out, device, resolution);
  out += "\nIn effect\n";
  for (const EffectiveValue& value : resolution.effective) {
    out += fmt::format("  {} = {}\n      from {}\n", for_terminal(value.key),
                       shorten(display_text(value.key, value.value)),
                       for_terminal(device.sources[value.source].place));
  }
  if (resolution.effective.empty()) out += "  nothing\n";
  if (!resolution.ignored.empty()) {
    out += "\nIgnored\n";
    for (const IgnoredValue& value : resolution.ignored) {
      out += fmt::format("  {} from {}: {}\n", for_terminal(value.key),
                         for_terminal(device.sources[value.source].place), for_terminal(value.why));
    }
  }
  Findings findings = device_findings(device, resolution);
  out += findings.empty() ? "\nNo findings\n" : "\nFindings\n";
  for (const Finding& finding : findings) {
    out += fmt::format("  {} {}{}: {}\n      {}\n", severity_text(finding.severity), finding.code,
                       finding.key.empty() ? std::string() : " " + for_terminal(finding.key),
                       for_terminal(finding.why), for_terminal(finding.next_step));
  }
  return out;
}

json::object report_json(const Device& device, const Resolution& resolution) {
  json::object root;
  root["platform"] = platform_text(device.platform);
  if (!device.user.empty()) root["user"] = device.user;
  root["mode"] = resolution.mode == Mode::kThirdParty ? "3p" : "1p";
  root["whyMode"] = resolution.why_mode;
  root["windowReadOnly"] = resolution.window_read_only;
  root["whyWindow"] = resolution.why_window;
  root["owner"] =
      resolution.owner ? json::value(device.sources[*resolution.owner].place) : json::value();
  json::array sources, effective, ignored, findings;
  for (const SettingsSource& source : device.sources) {
    json::object entry;
    entry["kind"] = source_text(source.kind);
    entry["place"] = source.place;
    entry["state"] = source.unreadable ? "unreadable" : source.present ? "present" : "absent";
    if (!source.why.empty()) entry["why"] = source.why;
    entry["keys"] = source.values.size();
    sources.push_back(std::move(entry));
  }
  for (const EffectiveValue& value : resolution.effective) {
    json::object entry;
    entry["key"] = value.key;
    entry["value"] = redacted(value.key, value.value);
    entry["from"] = device.sources[value.source].place;
    effective.push_back(std::move(entry));
  }
  for (const IgnoredValue& value : resolution.ignored) {
    json::object entry;
    entry["key"] = value.key;
    entry["from"] = device.sources[value.source].place;
    entry["why"] = value.why;
    ignored.push_back(std::move(entry));
  }
  for (const Finding& finding : device_findings(device, resolution)) {
    json::object entry;
    entry["code"] = finding.code;
    entry["severity"] = severity_text(finding.severity);
    if (!finding.key.empty()) entry["key"] = finding.key;
    entry["why"] = finding.why;
    entry["nextStep"] = finding.next_step;
    findings.push_back(std::move(entry));
  }
  root["sources"] = std::move(sources);
  root["effective"] = std::move(effective);
  root["ignored"] = std::move(ignored);
  root["findings"] = std::move(findings);
  return root;
}

}  // namespace sallyport::profile
