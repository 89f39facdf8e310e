// The kinds of strangers' files that are parsed in a process of their own (base/confined_run.h): one
// row a kind, in one table. Adding one is a function from bytes to JSON and its row in
// parse_kinds.cc.
//
//   auto read = parse_confined("profile", bytes);   // blocks: a job's thread, never a worker
//
// What a kind answers stands beside its row.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/confined_child.h"

namespace sallyport::app {

/// The hidden command that the child is started as: `sallyport parse-child KIND ...`.
inline constexpr std::string_view kParseChild = "parse-child";

[[nodiscard]] std::span<const ConfinedParser> parse_kinds();

/// One JSON value, as the kind says. Errors: run_confined's. The kind is one of the table.
[[nodiscard]] Result<std::string> parse_confined(std::string_view kind, std::string_view bytes);

}  // namespace sallyport::app
