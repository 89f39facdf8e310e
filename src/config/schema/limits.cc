// `limits`: how long the gateway waits, and how much it holds.
#include "config/schema/rows.h"

namespace sallyport::config {
namespace {

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "limits", .shape = Shape::kBlock,
     .summary = "How long the gateway waits, and how much it holds.", .reload = kApplied},
    {.path = "limits.connect", .type = Type::kDuration, .fallback = "5s", .min = 10,
     .max = 5 * kMinute,
     .summary = "For a connection to a provider, TLS included.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.limits.connect = v.duration; }},
    {.path = "limits.first_byte_stream", .type = Type::kDuration, .fallback = "120s", .min = 10,
     .max = kHour,
     .summary = "From the end of a streaming request to the first byte of the provider's answer.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.limits.first_byte_stream = v.duration; }},
    {.path = "limits.first_byte", .type = Type::kDuration, .fallback = "600s", .min = 10,
     .max = kHour,
     .summary = "The same for a request that does not stream: the whole answer is made before it.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.limits.first_byte = v.duration; }},
    {.path = "limits.silence", .type = Type::kDuration, .fallback = "300s", .min = 10, .max = kHour,
     .summary = "Silence of a provider in the middle of an answer before it is given up.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.limits.silence = v.duration; }},
    {.path = "limits.ping", .type = Type::kDuration, .fallback = "10s", .min = 10, .max = kHour,
     .summary = "Silence of a provider's stream after which the client is sent a `ping` event.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.limits.ping = v.duration; }},
    {.path = "limits.head", .type = Type::kDuration, .fallback = "10s", .min = 10,
     .max = 10 * kMinute,
     .summary = "For a client to send the head of a request.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.limits.head = v.duration; }},
    {.path = "limits.body", .type = Type::kDuration, .fallback = "60s", .min = 10, .max = kHour,
     .summary = "For a client to send the body of a request.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.limits.body = v.duration; }},
    {.path = "limits.keep_alive", .type = Type::kDuration, .fallback = "75s", .min = 10,
     .max = kHour,
     .summary = "How long a connection of a client stays open between two requests.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.limits.keep_alive = v.duration; }},
    {.path = "limits.connections", .type = Type::kNumber, .fallback = "20000", .min = 1,
     .max = 1'000'000,
     .summary = "Connections of clients at once.", .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       d.configuration.limits.connections = static_cast<std::size_t>(v.number);
     }},
    {.path = "limits.connections_per_source", .type = Type::kNumber, .fallback = "2000", .min = 1,
     .max = 1'000'000,
     .summary = "The same from one address.", .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       d.configuration.limits.connections_per_source = static_cast<std::size_t>(v.number);
     }},
    {.path = "limits.verified_tokens", .type = Type::kNumber, .fallback = "20000",
     .max = 10'000'000,
     .summary = "Entries of each worker's cache of verified tokens; 0 switches it off.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       d.configuration.limits.verified_tokens = static_cast<std::size_t>(v.number);
     }},
};
// clang-format on

}  // namespace

std::span<const Row> limits_rows() {
  return kRows;
}

}  // namespace sallyport::config
