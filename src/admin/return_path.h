// Where a person goes on after signing in: a path of this server and nothing else, since whoever
// makes the link chooses it (open redirect, CWE-601). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace sallyport::admin {

/// `wanted`, where it is a path of ours that may be gone to: one `/` first, no `//` and no backslash
/// (browsers read `/\host` as another host), visible ASCII alone, not the sign-in itself, 1 KiB at
/// most. Else `/`.
[[nodiscard]] std::string return_path(std::string_view wanted);

/// The same of a query (`return=...`); `/` where it is left out, broken or there twice.
[[nodiscard]] std::string return_path_of_query(std::string_view query);

}  // namespace sallyport::admin
