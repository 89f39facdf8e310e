// Near misses: the right name that a wrong one most likely stands for. Pure, any thread.
#pragma once

#include <span>
#include <string_view>

namespace sallyport {

/// The nearest of `right`, or an empty view where none is near. Case, `_` and `-` do not count
/// (publicUrl, public-url -> public_url); else at most one slip (a letter too much, too few, wrong,
/// or two swapped) for every three letters.
[[nodiscard]] std::string_view nearest_name(std::string_view wrong,
                                            std::span<const std::string_view> right);

}  // namespace sallyport
