// `listen`: where clients reach the gateway.
#include <fmt/format.h>

#include "base/address.h"
#include "config/schema/rows.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "listen", .shape = Shape::kBlock, .presence = Presence::kRequired,
     .summary = "Where clients reach the gateway.", .reload = kApplied},
    {.path = "listen.address", .type = Type::kAddress, .presence = Presence::kRequired,
     .summary = "The address and port to listen on.",
     .reload = Reload::restart([](const Configuration& c) {
       return format_address(c.listen.host, c.listen.port);
     }),
     .store = [](Draft& d, Value& v) {
       d.configuration.listen.host = v.address.host;
       d.configuration.listen.port = v.address.port;
     }},
    {.path = "listen.public_url", .type = Type::kServiceUrl,
     .fallback_note = "required unless `listen.address` is a loopback literal",
     .summary = "The URL that clients are given. Its path is a prefix of every path of the "
                "gateway.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.listen.public_url = v.text; }},
    {.path = "listen.tls", .shape = Shape::kBlock,
     .fallback_note = "plain HTTP, allowed on a loopback literal alone",
     .summary = "The gateway's certificate; read again at a reload.", .reload = kApplied},
    {.path = "listen.tls.certificate", .type = Type::kReadableFile, .presence = Presence::kRequired,
     .summary = "PEM file: the gateway's certificate first, then those that lead to its authority.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.listen.tls_certificate = v.text; }},
    {.path = "listen.tls.key", .type = Type::kReadableFile, .presence = Presence::kRequired,
     .summary = "PEM file with the certificate's private key, without a password.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.listen.tls_key = v.text; }},
    {.path = "listen.workers", .type = Type::kNumber, .fallback_note = "one a core",
     .min = 1, .max = 256,
     .summary = "Event loops, each on its own thread.",
     .reload = Reload::restart([](const Configuration& c) {
       return fmt::format("{}", c.listen.workers);
     }),
     .store = [](Draft& d, Value& v) {
       d.configuration.listen.workers = static_cast<unsigned>(v.number);
     }},
    {.path = "listen.trusted_proxies", .shape = Shape::kList, .type = Type::kNetwork,
     .fallback_note = "none", .max = 64,
     .summary = "Proxies whose `X-Forwarded-For` is believed for the source address in the record.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.listen.trusted_proxies.push_back(v.text); }},
};
// clang-format on

}  // namespace

std::span<const Row> listen_rows() {
  return kRows;
}

}  // namespace sallyport::config
