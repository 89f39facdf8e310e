// What a connection's coroutine can be woken by: the bits of its one Signal. Bits from kFirstOwn on
// belong to the folder that runs the exchange (gateway, admin).
#pragma once

#include <cstdint>

namespace sallyport::http {

inline constexpr std::uint32_t kPeerReadable = 1;  ///< the client's side
inline constexpr std::uint32_t kPeerWritable = 2;
inline constexpr std::uint32_t kPeerGone = 4;          ///< the client closed or was lost
inline constexpr std::uint32_t kProviderReadable = 8;  ///< the provider's side
inline constexpr std::uint32_t kProviderWritable = 16;
inline constexpr std::uint32_t kTimeUp = 32;
inline constexpr std::uint32_t kResolved = 64;
inline constexpr std::uint32_t kFirstOwn = 128;

}  // namespace sallyport::http
