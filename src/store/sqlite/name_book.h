// The names of people in SQLite. The file is made with mode 0600, in WAL mode, with
// `secure_delete`, so that an erased name is overwritten and not merely forgotten. Errors: those of
// store/sqlite/database.h.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "store/name_book.h"
#include "store/sqlite/database.h"

namespace sallyport::store {

class SqliteNameBook final : public NameBook {
 public:
  [[nodiscard]] static Result<std::unique_ptr<NameBook>> open(const std::filesystem::path& path);

  [[nodiscard]] Result<void> write(const SeenPeople& people) override;
  [[nodiscard]] Result<bool> erase(std::string_view key) override;
  [[nodiscard]] Result<std::vector<audit::KnownPerson>> find(std::string_view name_or_mail,
                                                             std::size_t most) override;
  [[nodiscard]] Result<std::vector<audit::KnownPerson>> search(std::string_view beginning,
                                                               std::string_view after,
                                                               std::size_t most) override;
  [[nodiscard]] Result<std::optional<audit::KnownPerson>> look_up(std::string_view key) override;
  [[nodiscard]] Result<unsigned> marks(std::string_view key, std::string_view issuer) override;

 private:
  SqliteNameBook(Database database, std::filesystem::path path)
      : path_(std::move(path)), database_(std::move(database)) {}

  const std::filesystem::path path_;
  Database database_;
};

class SqliteNameReader final : public NameReader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<NameReader>> open(const std::filesystem::path& path);

  [[nodiscard]] std::optional<std::string> find(std::string_view key) const override;

 private:
  explicit SqliteNameReader(Database database) : database_(std::move(database)) {}
  Database database_;
};

}  // namespace sallyport::store
