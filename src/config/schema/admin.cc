// `admin`: the administrator's side.
#include "base/address.h"
#include "config/instance.h"
#include "config/schema/rows.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "admin", .shape = Shape::kBlock, .summary = "The administrator's side.",
     .reload = kApplied},
    {.path = "admin.socket", .type = Type::kSocketPath, .fallback = kSocketDefault,
     .summary = "The local socket for `sallyport status` and other commands; root and the "
                "gateway's own user may speak to it.",
     .reload = Reload::restart([](const Configuration& c) { return c.admin.socket; }),
     .store = [](Draft& d, Value& v) { d.configuration.admin.socket = v.text; }},
    {.path = "admin.listen", .type = Type::kLoopbackAddress, .fallback_note = "no port",
     .summary = "The port for `/metrics` (Prometheus).",
     .reload = Reload::restart([](const Configuration& c) {
       return c.admin.listen ? format_address(c.admin.listen->host, c.admin.listen->port) : std::string("no port");
     }),
     .store = [](Draft& d, Value& v) { d.configuration.admin.listen = v.address; }},
    {.path = "admin.roles", .shape = Shape::kBlock, .presence = Presence::kLater,
     .summary = "Who may do what in the administrator's console.", .reload = kApplied},
};
// clang-format on

}  // namespace

std::span<const Row> admin_rows() {
  return kRows;
}

}  // namespace sallyport::config
