#include "config/value_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/address.h"
#include "base/ascii.h"
#include "base/check.h"
#include "base/encoding.h"
#include "base/nearest.h"
#include "base/url.h"
#include "config/schema.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

std::unexpected<Complaint> complain(std::string_view code, std::string message,
                                    std::string next_step, std::string nearest = {}) {
  return std::unexpected(
      Complaint{code, std::move(message), std::move(next_step), std::move(nearest)});
}

std::unexpected<Complaint> not_a(std::string_view what, std::string_view text,
                                 std::string next_step) {
  return complain("config.bad_value", fmt::format("`{}` is not {}", shown(text), what),
                  std::move(next_step));
}

Value as_text(std::string_view text) {
  Value value;
  value.text = text;
  return value;
}

std::vector<std::string_view> split(std::string_view choices) {
  std::vector<std::string_view> parts;
  while (!choices.empty()) {
    auto end = std::min(choices.find('|'), choices.size());
    parts.push_back(choices.substr(0, end));
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return parts;
}

Parsed parse_word(std::string_view text, const Row&) {
  if (!is_plain_word(text, 512)) {
    return not_a("one word", text, "write visible ASCII without spaces, quotes and backslashes");
  }
  return as_text(text);
}

Parsed parse_text(std::string_view text, const Row&) {
  bool printable = is_utf8(text) && std::ranges::all_of(text, [](char c) {
                     auto byte = static_cast<unsigned char>(c);
                     return byte >= 0x20 && byte != 0x7f;
                   });
  if (text.empty() || text.size() > 256 || !printable) {
    return not_a("a line of text", text, "write 1 to 256 bytes in one line");
  }
  return as_text(text);
}

Parsed parse_name(std::string_view text, const Row&) {
  if (!is_name(text)) {
    return not_a("a name", text, "use letters, digits, `.`, `_` and `-`, at most 64");
  }
  return as_text(text);
}

Parsed parse_choice(std::string_view text, const Row& row) {
  auto choices = split(row.choices);
  if (std::ranges::find(choices, text) != choices.end()) return as_text(text);
  auto listed = fmt::format("write one of: {}", fmt::join(choices, ", "));
  auto later = split(row.choices_later);
  if (std::ranges::find(later, text) != later.end()) {
    return complain("config.not_in_this_version", fmt::format("`{}` is not in this version", text),
                    listed);
  }
  if (text.starts_with("HS") || text == "none") {
    // RFC 8725 section 3.1 and 2.1: the two classic holes in token verification.
    if (std::ranges::find(choices, "RS256") != choices.end()) {
      return complain("config.unsafe_algorithm",
                      fmt::format("`{}` does not prove who made a token", shown(text)), listed);
    }
  }
  return complain("config.bad_value", fmt::format("`{}` is not one of the choices", shown(text)),
                  listed, std::string(nearest_name(text, choices)));
}

Parsed parse_in_range(std::string_view text, const Row& row) {
  auto number = parse_number(text);
  if (!number) return not_a("a whole number", text, "write digits alone, such as 20000");
  if (*number < row.min || *number > row.max) {
    return complain("config.out_of_range", fmt::format("{} is out of range", *number),
                    fmt::format("choose from {} to {}", row.min, row.max));
  }
  Value value;
  value.number = *number;
  return value;
}

// `100` and a range of 10ms to 10s: 100ms was meant.
std::string with_unit(std::string_view number, const Row& row) {
  for (std::string_view unit : {"s", "ms", "m", "h"}) {
    auto text = fmt::format("{}{}", number, unit);
    auto duration = parse_duration(text);
    if (duration && duration->count() >= row.min && duration->count() <= row.max) return text;
  }
  return {};
}

Parsed parse_duration_in_range(std::string_view text, const Row& row) {
  auto duration = parse_duration(text);
  if (!duration) {
    if (parse_number(text)) {
      return complain("config.bad_value", fmt::format("`{}` has no unit", shown(text)),
                      "write the unit: ms, s, m or h", with_unit(text, row));
    }
    return not_a("a duration", text, "write a whole number and ms, s, m or h, such as 90s");
  }
  if (duration->count() < row.min || duration->count() > row.max) {
    return complain(
        "config.out_of_range", fmt::format("{} is out of range", shown(text)),
        fmt::format("choose from {} to {}", format_duration(std::chrono::milliseconds{row.min}),
                    format_duration(std::chrono::milliseconds{row.max})));
  }
  Value value;
  value.duration = *duration;
  return value;
}

Parsed parse_sync(std::string_view text, const Row& row) {
  if (text == "each") return Value{};
  if (!parse_duration(text) && !parse_number(text)) {
    return complain("config.bad_value", fmt::format("`{}` is not a way to sync", shown(text)),
                    "write `each`, or an interval such as 100ms");
  }
  return parse_duration_in_range(text, row);
}

Parsed parse_listen_address(std::string_view text, const Row&) {
  auto address = parse_address(text);
  if (address) {
    Value value;
    value.address = *address;
    return value;
  }
  constexpr std::string_view kShape =
      "write an IP address and a port, such as 127.0.0.1:8443 or [::1]:8443";
  if (text.starts_with("http://") || text.starts_with("https://")) {
    return complain("config.bad_value", fmt::format("`{}` is a URL, not an address", shown(text)),
                    std::string(kShape));
  }
  std::string nearest;
  std::string_view port = text.substr(std::min(text.rfind(':'), text.size() - 1) + 1);
  if (auto number = parse_number(port); number && *number <= 65535) {
    if (text.starts_with("localhost:")) nearest = fmt::format("127.0.0.1:{}", port);
    if (text.starts_with(":") || text.starts_with("*:")) nearest = fmt::format("0.0.0.0:{}", port);
  }
  return complain("config.bad_value", fmt::format("`{}` is not an address", shown(text)),
                  std::string(kShape), nearest);
}

Parsed parse_network(std::string_view text, const Row&) {
  auto network = canonical_network(text);
  if (!network) {
    return not_a("an IP address or network", text, "write 10.0.0.7, 10.0.0.0/8 or fd00::/8");
  }
  auto slash = text.find('/');
  if (slash != std::string_view::npos &&
      canonical_network(text.substr(0, slash)) != network->substr(0, network->find('/'))) {
    return complain("config.bad_value",
                    fmt::format("`{}` has bits set beyond its prefix", shown(text)),
                    "write the network's first address", *network);
  }
  return as_text(*network);
}

// Rules that hold for every URL of a service that we call or are called by.
std::optional<Complaint> check_service(std::string_view text, const std::optional<Url>& url) {
  if (!url && text.find('@') != std::string_view::npos) {
    return Complaint{"config.bad_value", "the value is not a URL",
                     "write https://HOST without a user name or password"};
  }
  if (!url) {
    std::string nearest;
    if (parse_url(fmt::format("https://{}", text))) nearest = fmt::format("https://{}", text);
    return Complaint{"config.bad_value", fmt::format("`{}` is not a URL", shown(text)),
                     "write https://HOST, with the port and path where they are needed", nearest};
  }
  if (url->has_user_info) {
    // Not shown: what stands before the @ is a credential.
    return Complaint{"config.url_credential", "the URL holds a user name or password",
                     "take what stands before the @ away"};
  }
  if (url->has_query || url->has_fragment) {
    return Complaint{"config.bad_value", "the URL has a query or a fragment",
                     "end the URL before the ? or #"};
  }
  return std::nullopt;
}

Parsed parse_service_url(std::string_view text, const Row&) {
  auto url = parse_url(text);
  if (auto complaint = check_service(text, url)) return std::unexpected(std::move(*complaint));
  if (!url->is_https() && !is_loopback_literal(url->host)) {
    return complain("config.plain_http",
                    fmt::format("`{}` would be spoken to without encryption", shown(text)),
                    "write https; http is for a loopback literal such as http://127.0.0.1:8080",
                    fmt::format("https{}", text.substr(4)));
  }
  return as_text(text);
}

Parsed parse_proxy_url(std::string_view text, const Row&) {
  auto url = parse_url(text);
  if (auto complaint = check_service(text, url)) return std::unexpected(std::move(*complaint));
  if (url->is_https() || !url->has_port || (!url->path.empty() && url->path != "/")) {
    return not_a("a proxy", text, "write http://HOST:PORT; the requests themselves stay encrypted");
  }
  if (url->path == "/") text.remove_suffix(1);
  return as_text(text);
}

Parsed parse_path(std::string_view text, const Row&) {
  if (text.empty() || text.size() > 4000) {
    return not_a("a path", text,
                 "write the path of a file, best from the root: /etc/sallyport/...");
  }
  if (text.starts_with('~')) {
    return complain("config.bad_value", fmt::format("`{}` starts with ~", shown(text)),
                    "write the path out: only a shell knows ~");
  }
  return as_text(text);
}

Parsed parse_store(std::string_view text, const Row& row) {
  if (text.starts_with("postgres://") || text.starts_with("postgresql://")) {
    // Not shown: such a URL holds a password as a rule.
    return complain("config.not_in_this_version", "PostgreSQL is not in this version",
                    "write sqlite:/PATH, such as sqlite:/var/lib/sallyport/default/state.db");
  }
  if (!text.starts_with(kSqliteScheme) || text.starts_with("sqlite://") ||
      text.size() == kSqliteScheme.size()) {
    return not_a("a store", text,
                 "write sqlite:/PATH, such as sqlite:/var/lib/sallyport/default/state.db");
  }
  return parse_path(text.substr(kSqliteScheme.size()), row);
}

Parsed parse_header_name(std::string_view text, const Row&) {
  if (!is_header_name(text)) {
    return not_a("a header name", text, "write a name such as x-forwarded-access-token");
  }
  return as_text(lower_case(text));
}

Parsed parse_resource(std::string_view text, const Row&) {
  constexpr std::string_view kHint =
      "write the resource's name alone, such as contoso-ai; a whole URL goes into base_url";
  std::string_view host = text;
  auto url = parse_url(text);
  if (url) host = url->host;
  if (url || text.find('.') != std::string_view::npos) {
    return complain("config.resource_is_url", fmt::format("`{}` is more than a name", shown(text)),
                    std::string(kHint), lower_case(host.substr(0, host.find('.'))));
  }
  // A label of a host name (RFC 1035 section 2.3.1, RFC 1123 section 2.1).
  bool label = text.size() >= 2 && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
               std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-'; });
  if (!label) return not_a("the name of a Foundry resource", text, std::string(kHint));
  return as_text(lower_case(text));
}

// It becomes a label of a host name.
Parsed parse_region(std::string_view text, const Row&) {
  bool label = text.size() >= 2 && text.size() <= 32 && text.find('-') != text.npos &&
               text.front() != '-' && text.back() != '-' && std::ranges::all_of(text, [](char c) {
                 return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
               });
  if (!label) return not_a("a region of AWS", text, "write it like eu-central-1");
  return as_text(text);
}

Parsed parse_model_name(std::string_view text, const Row&) {
  if (!is_plain_word(text, 256)) {
    return not_a("a model or deployment name", text,
                 "write visible ASCII without spaces, quotes and backslashes, at most 256");
  }
  return as_text(text);
}

constexpr TypeRow kTypes[] = {
    {Type::kWord, "word", "Visible ASCII without spaces, quotes and backslashes.", parse_word},
    {Type::kText, "text", "One line.", parse_text},
    {Type::kName, "name", "Letters, digits, `.`, `_` and `-`, at most 64: `contoso`.", parse_name},
    {Type::kChoice, "choice", "One of the words that the key lists.", parse_choice},
    {Type::kNumber, "number", "A whole number in plain digits: `20000`.", parse_in_range},
    {Type::kDuration, "duration", "A whole number and a unit, `ms`, `s`, `m` or `h`: `90s`.",
     parse_duration_in_range},
    {Type::kSync, "sync", "`each`, or a duration.", parse_sync},
    {Type::kAddress, "address",
     "An IP address and a port, 0 for any free one: `0.0.0.0:8443`, `[::1]:8443`.",
     parse_listen_address},
    {Type::kNetwork, "network", "An IP address or a network: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.",
     parse_network},
    {Type::kServiceUrl, "URL",
     "`https://HOST[:PORT][/PATH]`; `http` only where the host is a loopback literal such as "
     "`127.0.0.1` or `[::1]`.",
     parse_service_url},
    {Type::kProxyUrl, "proxy", "`http://HOST:PORT` of a proxy that knows CONNECT.",
     parse_proxy_url},
    {Type::kPath, "path", "A path; a relative one counts from the configuration file's folder.",
     parse_path},
    {Type::kReadableFile, "file", "The path of a file that is there and readable.", parse_path},
    {Type::kSocketPath, "socket path", "The path of a UNIX socket, at most 107 bytes.", parse_path},
    {Type::kStore, "store", "`sqlite:PATH`.", parse_store},
    {Type::kSecret, "secret",
     "`${file:PATH}` or `${env:NAME}`, read at the start and at every reload; the secret itself is "
     "accepted with a warning.",
     nullptr},
    {Type::kHeaderName, "header name", "A token of HTTP, any case.", parse_header_name},
    {Type::kResource, "resource", "The name of a Foundry resource, not its URL: `contoso-ai`.",
     parse_resource},
    {Type::kRegion, "region", "A region of AWS: `eu-central-1`.", parse_region},
    {Type::kModelName, "model name",
     "Visible ASCII without spaces, quotes and backslashes: `claude-sonnet-5`.", parse_model_name},
};

}  // namespace

std::span<const TypeRow> value_types() {
  return kTypes;
}

const TypeRow& type_row(Type type) {
  auto found = std::ranges::find(kTypes, type, &TypeRow::type);
  SALLYPORT_CHECK(found != std::end(kTypes));
  return *found;
}

}  // namespace sallyport::config
