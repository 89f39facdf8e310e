#include "store/store.h"

#include <fmt/format.h>

#include "store/name_writer.h"
#include "store/sqlite/name_book.h"
#include "store/sqlite/revocation_log.h"

namespace sallyport::store {
namespace {

constexpr std::string_view kSqlite = "sqlite";

// `rest`: what stands behind the scheme and its colon.
struct Kind {
  std::string_view scheme;
  Result<Stores> (*open)(std::string_view rest, Metrics& metrics);
  Result<std::unique_ptr<NameReader>> (*open_names)(std::string_view rest);
};

Result<std::filesystem::path> sqlite_path(std::string_view rest) {
  if (rest.size() > 1 && rest.front() == '/' && rest.find('\0') == std::string_view::npos) {
    return std::filesystem::path(rest);
  }
  return fail(kStoreLocation, fmt::format("\"{}:{}\" does not name a file", kSqlite, rest),
              "write sqlite: and an absolute path, such as sqlite:/var/lib/sallyport/state.db");
}

Result<Stores> open_sqlite(std::string_view rest, Metrics& metrics) {
  auto path = sqlite_path(rest);
  if (!path) return std::unexpected(std::move(path.error()));
  auto names = SqliteNameBook::open(*path);
  if (!names) return std::unexpected(std::move(names.error()));
  auto revocations = SqliteRevocationLog::open(*path);
  if (!revocations) return std::unexpected(std::move(revocations.error()));
  return Stores{std::make_unique<NameWriter>(std::move(*names), metrics), std::move(*revocations)};
}

Result<std::unique_ptr<NameReader>> open_sqlite_names(std::string_view rest) {
  auto path = sqlite_path(rest);
  if (!path) return std::unexpected(std::move(path.error()));
  return SqliteNameReader::open(*path);
}

constexpr Kind kKinds[] = {
    {kSqlite, open_sqlite, open_sqlite_names},
};

struct Found {
  const Kind& kind;
  std::string_view rest;
};

// A location of another kind may hold a password: no more of it is repeated than its scheme.
Result<Found> find(std::string_view location) {
  auto colon = location.find(':');
  auto scheme = location.substr(0, colon == std::string_view::npos ? 0 : colon);
  std::string known;
  for (const auto& kind : kKinds) {
    if (scheme == kind.scheme) return Found{kind, location.substr(colon + 1)};
    known += (known.empty() ? "" : ", ") + std::string(kind.scheme);
  }
  return fail(kStoreLocation,
              scheme.empty() ? std::string("the location does not say what kind of store it is")
                             : fmt::format("this version has no store of the kind \"{}\"", scheme),
              fmt::format("there is: {}; write sqlite: and an absolute path, such as "
                          "sqlite:/var/lib/sallyport/state.db",
                          known));
}

}  // namespace

Result<Stores> open(std::string_view location, Metrics& metrics) {
  auto found = find(location);
  if (!found) return std::unexpected(std::move(found.error()));
  return found->kind.open(found->rest, metrics);
}

Result<std::unique_ptr<NameReader>> open_names(std::string_view location) {
  auto found = find(location);
  if (!found) return std::unexpected(std::move(found.error()));
  return found->kind.open_names(found->rest);
}

std::string location_of_file(const std::filesystem::path& path) {
  return fmt::format("{}:{}", kSqlite, path.string());
}

}  // namespace sallyport::store
