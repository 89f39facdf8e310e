// The gateway's own bits of an exchange's signal, behind http's.
#pragma once

#include "http/bits.h"

namespace sallyport::gateway {

inline constexpr std::uint32_t kRecorded = http::kFirstOwn;  ///< the turn's records are written
inline constexpr std::uint32_t kRecordFailed = http::kFirstOwn << 1;  ///< they are not
inline constexpr std::uint32_t kSynced = http::kFirstOwn << 2;        ///< a sync of the chain ended
inline constexpr std::uint32_t kKeysFetched = http::kFirstOwn << 3;   ///< a key set fetch ended
inline constexpr std::uint32_t kPingDue = http::kFirstOwn << 4;
inline constexpr std::uint32_t kLimit = http::kFirstOwn << 5;  ///< first byte, silence
inline constexpr std::uint32_t kCut = http::kFirstOwn << 6;    ///< end this exchange now; kept
inline constexpr std::uint32_t kCredentialCame = http::kFirstOwn << 7;  ///< or did not

}  // namespace sallyport::gateway
