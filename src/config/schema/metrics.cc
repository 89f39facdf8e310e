// `metrics`: the scraper's port.
#include "base/address.h"
#include "config/schema/rows.h"

namespace sallyport::config {
namespace {

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "metrics", .shape = Shape::kBlock,
     .summary = "The port for `/metrics` (Prometheus); the local socket answers it too.",
     .reload = kApplied},
    {.path = "metrics.listen", .type = Type::kAddress, .fallback_note = "no port",
     .summary = "Its address: a loopback literal, or any address with `metrics.token`.",
     .reload = Reload::restart([](const Configuration& c) {
       return c.metrics.listen ? format_address(c.metrics.listen->host, c.metrics.listen->port) : std::string("no port");
     }),
     .store = [](Draft& d, Value& v) {
       d.configuration.metrics.listen = admin::PortSettings{v.address.host, v.address.port};
     }},
    {.path = "metrics.token", .type = Type::kSecret, .fallback_note = "loopback alone, without one",
     .summary = "What the scraper shows as a bearer token; read again at a reload.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.metrics.token = v.secret; }},
};
// clang-format on

}  // namespace

std::span<const Row> metrics_rows() {
  return kRows;
}

}  // namespace sallyport::config
