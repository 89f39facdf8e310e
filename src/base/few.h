// A list that nearly always has at most N elements and then needs no heap: for what every request
// makes anew.
#pragma once

#include <boost/container/small_vector.hpp>

namespace sallyport {

template <typename T, std::size_t N>
using Few = boost::container::small_vector<T, N>;

}  // namespace sallyport
