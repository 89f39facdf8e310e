// Checks a whole audit directory: that every chain is unbroken, that every later start names the
// chains it found as they are, and that every request has its end (or is running). Takes no lock
// and may run beside the gateway. Findings are data; the caller prints them.
//
// What is normal: zero fill at the end of a segment; an incomplete last line (`torn`) at the end of
// a chain; an opened line without its end in a live chain (`running`). All else is a finding.
// What no check from inside the directory can see: the last lines of the newest chains, cut off or
// changed, until a later start has named their heads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport::audit {

struct Finding {
  std::string_view code;  ///< stable: line.hash, chain.missing, request.unfinished, ...
  std::string chain;
  std::string file;        ///< name in the directory; empty if it is about no file
  std::uint64_t line = 0;  ///< in that file, from 1; 0 if it is about no line
  std::string message;     ///< one sentence
  std::string expected;    ///< hash, sequence or text
  std::string found;
};

struct ChainReport {
  std::string name;
  std::string instance;
  std::string worker;
  std::size_t segments = 0;
  std::uint64_t lines = 0;
  std::uint64_t requests = 0;
  std::uint64_t running = 0;      ///< open, in a live chain
  std::uint64_t interrupted = 0;  ///< of this chain's requests, closed by a later start
  std::uint64_t head_sequence = 0;
  std::string head_hash;
  std::string first_time;
  std::string last_time;
  bool live = false;
  bool torn = false;
};

struct VerifyReport {
  std::vector<ChainReport> chains;
  std::vector<Finding> findings;    ///< at most kMaxFindings
  std::uint64_t more_findings = 0;  ///< beyond these
  std::uint64_t lines = 0;

  static constexpr std::size_t kMaxFindings = 100;
  [[nodiscard]] bool intact() const { return findings.empty(); }
};

/// Told before each segment how many of how many were read; false ends it.
using VerifyWatch = std::function<bool(std::size_t read, std::size_t all)>;
inline constexpr std::string_view kVerifyEnded = "audit.verify_ended";

/// Errors: audit.directory, audit.segment (then nothing can be said), kVerifyEnded.
[[nodiscard]] Result<VerifyReport> verify(const std::filesystem::path& directory,
                                          const VerifyWatch& watch = {});

/// One JSON object on one line, with a line end.
[[nodiscard]] std::string report_json(const VerifyReport& report);

}  // namespace sallyport::audit
