// The child's side of confined_run.h: what a process does that was started to parse one stranger's
// file. Before it reads a byte of it, it gives everything away that a parser does not need: new
// privileges, being traced, files, processes, memory and time beyond its bounds, and all system
// calls but a few (system_call_filter.h). It has no key and no environment, and ends with its parent.
//
//   constexpr ConfinedParser kParsers[] = {{.name = "profile", .parse = parse_profile}};
//   end_as_confined_child(kParsers, orders);  // in a process of its own, before any thread
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

/// Where AddressSanitizer or ThreadSanitizer is built in, the filter of system calls and the bound
/// on memory are left out: their shadow memory takes terabytes of addresses, their reports open
/// files. All else holds. (The test confined_test is built without them.)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kConfinementIsPartial = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kConfinementIsPartial = true;
#else
inline constexpr bool kConfinementIsPartial = false;
#endif
#else
inline constexpr bool kConfinementIsPartial = false;
#endif

struct ConfinedBounds {
  std::size_t input = 16U << 20;              ///< bytes of the file
  std::size_t output = 16U << 20;             ///< bytes of the answer
  std::size_t memory = 256U << 20;            ///< bytes beyond the program's own, the file included
  std::chrono::seconds cpu{5};                ///< of processor time, whole seconds
  std::chrono::milliseconds deadline{10000};  ///< of the clock on the wall
};

/// A row of the program's table of parsers.
struct ConfinedParser {
  std::string_view name;
  /// One JSON value, or why there is none. Error codes are [a-z_.] of at most 64.
  Result<std::string> (*parse)(std::string_view bytes);
  /// Loads what a library wants from the system while the process may still ask; null: nothing.
  void (*prepare)() = nullptr;
  ConfinedBounds bounds{};
};

/// What the parent tells its child on the command line.
struct ConfinedOrders {
  std::string kind;          ///< a parser's name
  std::uint64_t memory = 0;  ///< as ConfinedBounds
  std::uint64_t cpu = 0;     ///< seconds
  pid_t parent = 0;          ///< when it ends, the child does
};

/// How a confined child ends; else by a signal.
enum class ConfinedExit : int {
  kAnswer = 0,        ///< the answer is on stdout
  kRefused = 10,      ///< {"code", "message", "next_step"} is
  kOutOfMemory = 11,  ///< nothing is
  kNotConfined = 12,  ///< the kernel refused a part of the confinement: nothing was read
  kUnknownKind = 13,  ///< no parser has this name
};

/// Confines this process, reads stdin, parses, writes the answer to stdout and ends.
[[noreturn]] void end_as_confined_child(std::span<const ConfinedParser> parsers,
                                        const ConfinedOrders& orders);

}  // namespace sallyport
