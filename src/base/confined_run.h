// Parses a stranger's file in a process of its own, without network, files or keys, within bounds of
// memory and time (docs: THREAT_MODEL.md, "A profile, an export or a device's files are hostile").
// The child is this same program, started anew, so that nothing that this process holds is in it;
// confined_child.h is its side. Blocks the calling thread until the child is gone, which is at the
// deadline at the latest; for threads that may wait, never for a worker.
//
//   auto answer = run_confined({{"sallyport", "parse-child"}}, parser, bytes);
//
// Errors: what the parser said of the file, with its own code (`decode.foreign`), or
//   parse.file_too_large, parse.answer_too_large,
//   parse.too_slow, parse.too_much_memory                           a bound was met
//   parse.forbidden_call                                            it asked the kernel for more
//   parse.crashed                                                   it fell, or answered nonsense
//   parse.not_started                                               this machine cannot run it
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/confined_child.h"
#include "base/result.h"

namespace sallyport {

inline constexpr std::string_view kParseFileTooLarge = "parse.file_too_large";
inline constexpr std::string_view kParseTooSlow = "parse.too_slow";
inline constexpr std::string_view kParseTooMuchMemory = "parse.too_much_memory";
inline constexpr std::string_view kParseAnswerTooLarge = "parse.answer_too_large";
inline constexpr std::string_view kParseForbiddenCall = "parse.forbidden_call";
inline constexpr std::string_view kParseCrashed = "parse.crashed";
inline constexpr std::string_view kParseNotStarted = "parse.not_started";

/// The program to start, and as what.
struct ConfinedProgram {
  std::vector<std::string> words;  ///< its name and command; kind, memory, cpu and parent follow
  std::string path = "/proc/self/exe";
};

/// The parser's answer, one JSON value. It comes from a process that a stranger's file may have
/// taken over: it is checked to be JSON and bounded, and no more.
[[nodiscard]] Result<std::string> run_confined(const ConfinedProgram& program,
                                               const ConfinedParser& parser,
                                               std::string_view input);

}  // namespace sallyport
