// What an export of a profile consists of: its files, what is to be said about them, or why there
// are none. The command `profile export` and every server that hands out configuration ask here.
// Pure: reads no file and writes none; signing and packing come after.
//
//   ExportPlan plan = export_plan(profile, format::kBootstrap, {});
//   if (plan.refusal) ...                             // nothing may leave
//   for (const ExportFile& file : plan.files) ...
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profile/codec/codec.h"

namespace sallyport::profile {

struct ExportOptions {
  EncodeOptions encode;
  bool allow_secrets = false;  ///< asked for by name: secrets may leave, and are listed
  bool governed = false;       ///< hold it to the governed rule set, and add Claude Code's half
  bool sign = false;           ///< the first file is to be signed
};

struct ExportRefusal {
  enum class Kind {
    kSecret,    ///< export.secret, one reason a secret
    kFormat,    ///< sign.format, or an error of encode(); one reason
    kGoverned,  ///< errors of the governed rule set, one reason each
  };
  Kind kind;
  std::vector<Error> reasons;  ///< at least one
};

struct ExportPlan {
  /// The format's own files, then Claude Code's half under claude-code/. Empty when refused.
  std::vector<ExportFile> files;
  Findings findings;  ///< of the rules, about this way to the device alone; check() says the rest
  Findings notes;     ///< of the encoders: what could not be carried, or only on a guess
  std::vector<std::string> secrets;      ///< places of secrets that leave, since it was asked for
  std::optional<ExportRefusal> refusal;  ///< the first of its kinds that applies
};

[[nodiscard]] ExportPlan export_plan(const Profile& profile, const Format& format,
                                     const ExportOptions& options);

}  // namespace sallyport::profile
