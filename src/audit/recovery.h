// What a start does with the chains that earlier processes left: names their heads in the main
// chain's first lines and closes their open requests there as `interrupted`, then says `recovered`.
// A chain that an earlier start has dealt with completely is not touched again: the head of that
// start's own main chain, named here, vouches for it. Blocks; at start, under the directory's lock.
//
// How much is read: of a chain that was ended properly its last line; of another the segments since
// its oldest open request (each segment's first line names it). Those are verified on the way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "audit/chain.h"

namespace sallyport::audit {

struct Recovered {
  std::size_t chains = 0;       ///< whose heads were named
  std::size_t interrupted = 0;  ///< requests that were closed
  std::size_t torn = 0;         ///< chains that end in an incomplete line
  std::size_t damaged = 0;      ///< chains with a gap; recorded and logged, for `audit verify`
};

/// Makes the main chain: its start line, heads, interrupted lines, `recovered`; flushed and synced.
/// Also frees the zero fill of the segments found. Errors: audit.directory, audit.disk.
[[nodiscard]] Result<std::unique_ptr<Chain>> begin_main_chain(const ChainParts& parts,
                                                              Recovered& recovered);

}  // namespace sallyport::audit
