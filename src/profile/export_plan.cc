#include "profile/export_plan.h"

#include <fmt/format.h>

namespace sallyport::profile {
namespace {

using Kind = ExportRefusal::Kind;

// The rules run once. Secrets count as errors in them, whatever was allowed: the governed rule set
// admits none.
Findings checked(const Profile& profile, const Format& format, bool governed) {
  CheckOptions check_options;
  check_options.platform = format.platform;
  check_options.delivery = format.delivery;
  check_options.governed = governed;
  return check(profile.values, check_options);
}

// What says something about this way to the device, and nothing about the profile as such.
bool is_of_the_way(const Finding& finding, const Format& format) {
  bool served = format.delivery == Delivery::kBootstrap;
  return finding.code.starts_with(rule_area("platform.")) ||
         (served &&
          (finding.code == rule("bootstrap.loopback") || finding.code == rule("bootstrap.origin")));
}

// Promise 7: no secret leaves in an export unless it was asked for by name, and then it is said.
std::optional<ExportRefusal> refuse_secrets(const Findings& findings, bool allowed,
                                            std::vector<std::string>& leaving) {
  ExportRefusal refusal{Kind::kSecret, {}};
  for (const Finding& finding : findings) {
    if (finding.code != rule("secret.in_profile")) continue;
    if (allowed) {
      leaving.push_back(finding.key);
    } else {
      refusal.reasons.push_back(
          {"export.secret", fmt::format("{} holds a secret, so nothing was exported", finding.key),
           "use interactive sign-in or a helper, or say --allow-secrets"});
    }
  }
  if (refusal.reasons.empty()) return std::nullopt;
  return refusal;
}

// The governed rule set is about the profile: what one way to the device adds does not count.
std::optional<ExportRefusal> refuse_ungoverned(const Findings& findings) {
  ExportRefusal refusal{Kind::kGoverned, {}};
  for (const Finding& finding : findings) {
    bool of_the_way = finding.code.starts_with(rule_area("platform.")) ||
                      finding.code.starts_with(rule_area("bootstrap."));
    if (finding.severity != Severity::kError || of_the_way) continue;
    refusal.reasons.push_back(
        {finding.code, fmt::format("{}: {}", finding.key, finding.why), finding.next_step});
  }
  if (refusal.reasons.empty()) return std::nullopt;
  return refusal;
}

Error not_signable() {
  std::string names;
  for (const Format* format : formats()) {
    if (format->signable) {
      names += fmt::format("{}a {}", names.empty() ? "" : " or ", format->file_ending);
    }
  }
  return {"sign.format", fmt::format("only {} can be signed", names),
          "leave the signing options out"};
}

Result<void> add_files(ExportPlan& plan, const Profile& profile, const Format& format,
                       const EncodeOptions& options, std::string_view folder) {
  auto encoded = encode(format, profile, options);
  if (!encoded) return std::unexpected(std::move(encoded.error()));
  for (ExportFile& file : encoded->files) {
    plan.files.push_back({fmt::format("{}{}", folder, file.name), std::move(file.bytes)});
  }
  for (Finding& note : encoded->notes) plan.notes.push_back(std::move(note));
  return {};
}

std::optional<ExportRefusal> fill(ExportPlan& plan, const Profile& profile, const Format& format,
                                  const ExportOptions& options) {
  bool pair = options.governed && !format.for_claude_code;
  Findings findings;
  if (format.has_values || pair) findings = checked(profile, format, pair);
  if (format.has_values) {
    auto refused = refuse_secrets(findings, options.allow_secrets, plan.secrets);
    if (refused) return refused;
  }
  for (const Finding& finding : findings) {
    bool told = format.has_values && !options.encode.removal && is_of_the_way(finding, format);
    if (told) plan.findings.push_back(finding);
  }
  if (auto added = add_files(plan, profile, format, options.encode, ""); !added) {
    return ExportRefusal{Kind::kFormat, {std::move(added.error())}};
  }
  if (options.sign && !format.signable) return ExportRefusal{Kind::kFormat, {not_signable()}};
  if (!pair) return std::nullopt;
  if (auto refused = refuse_ungoverned(findings)) return refused;
  if (auto added = add_files(plan, profile, format::kClaudeCode, {}, "claude-code/"); !added) {
    return ExportRefusal{Kind::kFormat, {std::move(added.error())}};
  }
  return std::nullopt;
}

}  // namespace

ExportPlan export_plan(const Profile& profile, const Format& format, const ExportOptions& options) {
  ExportPlan plan;
  plan.refusal = fill(plan, profile, format, options);
  if (plan.refusal) plan.files.clear();
  return plan;
}

}  // namespace sallyport::profile
