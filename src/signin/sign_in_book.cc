#include "signin/sign_in_book.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/encoding.h"
#include "base/files.h"
#include "base/json_writer.h"
#include "identity/strict_json.h"

namespace sallyport::signin {
namespace {

constexpr std::size_t kMaxBook = 256 << 10;
constexpr std::chrono::seconds kBookPatience{5};

std::unexpected<Error> damaged(const std::filesystem::path& path) {
  return fail("book.damaged", fmt::format("{} cannot be read", path.string()),
              "remove it and sign in again");
}

Result<std::filesystem::path> find_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::filesystem::path(state) / "sallyport";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') {
    return std::filesystem::path(home) / ".local" / "state" / "sallyport";
  }
  return fail("book.folder", "neither HOME nor XDG_STATE_HOME names a folder", "set HOME to yours");
}

// Others may have made it; it must be ours and closed to them.
Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail("book.folder",
                fmt::format("cannot make {}: {}", folder.string(), std::strerror(errno)),
                "check the permissions of the folder above");
  }
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != ::geteuid()) {
    return fail("book.folder", fmt::format("{} is not a folder of yours", folder.string()),
                "move it away, or set XDG_STATE_HOME");
  }
  if ((info.st_mode & 077) != 0) ::chmod(folder.c_str(), 0700);
  return {};
}

bool read_entry(identity::JsonView view, BookEntry& entry) {
  auto text = [&](std::string_view name, std::string& to) {
    auto member = view.member(name);
    if (!member || !member->is_text()) return false;
    to = member->text();
    return true;
  };
  std::string vault;
  if (!view.is_object() || !text("id", entry.id) || !text("gateway", entry.gateway) ||
      !text("issuer", entry.issuer) || !text("client", entry.client) || !text("vault", vault) ||
      !text("passphrase_file", entry.passphrase_file)) {
    return false;
  }
  auto kind = parse_vault_kind(vault);
  if (!kind) return false;
  entry.vault = *kind;
  // Entries for gateways do not have it. One is for a gateway or for a server, not for both.
  if (view.member("server")) {
    if (!text("server", entry.server) || entry.server.empty() || !entry.gateway.empty()) {
      return false;
    }
  }
  // The id becomes part of file names.
  return entry.id.size() == 16 &&
         entry.id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

std::string id_of(const Target& target) {
  std::string whole;
  if (!target.server.empty()) {
    whole.append("server\n").append(target.server);
  } else if (!target.gateway.empty()) {
    whole.append("gateway\n").append(target.gateway);
  } else {
    whole.append(target.issuer).append("\n").append(target.client);
  }
  return to_hex(sha256(whole)).substr(0, 16);
}

Result<SignInBook> SignInBook::open(bool create) {
  auto folder = find_folder();
  if (!folder) return std::unexpected(std::move(folder.error()));
  if (create) {
    if (auto made = make_folder(*folder); !made) return std::unexpected(std::move(made.error()));
  }
  SignInBook book(std::move(*folder));
  if (auto read = book.read(); !read) return std::unexpected(std::move(read.error()));
  return book;
}

Result<void> SignInBook::read() {
  entries_.clear();
  current_.clear();
  auto path = folder_ / "sign-ins.json";
  auto text = read_file(path, kMaxBook);
  if (!text && text.error().code == kFileMissing) return {};
  if (!text) return std::unexpected(std::move(text.error()));
  auto document = identity::StrictJson::parse(*text, identity::kDocumentJson);
  if (!document || !document->root().is_object()) return damaged(path);
  auto entries = document->root().member("sign_ins");
  auto current = document->root().member("current");
  if (!entries || !entries->is_array() || !current || !current->is_text()) return damaged(path);
  current_ = current->text();
  for (identity::JsonView view : *entries) {
    BookEntry entry;
    if (!read_entry(view, entry)) return damaged(path);
    entries_.push_back(std::move(entry));
  }
  return {};
}

Result<void> SignInBook::write() const {
  std::string text;
  JsonWriter json(text);
  json.begin().number("version", 1).text("current", current_).array("sign_ins");
  for (const auto& entry : entries_) {
    json.begin().text("id", entry.id).text("gateway", entry.gateway).text("issuer", entry.issuer);
    json.text("client", entry.client).text("vault", name_of(entry.vault));
    json.text("passphrase_file", entry.passphrase_file).text_if("server", entry.server).end();
  }
  json.end_array().end();
  text.push_back('\n');
  return write_file_atomically(folder_ / "sign-ins.json", text);
}

const BookEntry* SignInBook::find(const std::string& id) const {
  auto found = std::ranges::find(entries_, id, &BookEntry::id);
  return found == entries_.end() ? nullptr : &*found;
}

Result<BookEntry> SignInBook::choose(const std::string& gateway) const {
  const BookEntry* last = nullptr;
  const BookEntry* of_server = nullptr;
  for (const auto& entry : entries_) {
    if (!entry.server.empty()) {
      if (gateway.empty() || entry.server == gateway) of_server = &entry;
      continue;
    }
    if (gateway.empty() ? entry.id == current_ : entry.gateway == gateway) return entry;
    last = &entry;
  }
  if (gateway.empty() && last != nullptr) return *last;
  if (of_server != nullptr) {
    return fail("sign_in.of_server",
                fmt::format("the sign-in at {} is for its administrators' commands alone; no "
                            "gateway and no other program gets its token",
                            of_server->server),
                fmt::format("give --server {0} to a command that asks it, or sign in to a gateway "
                            "with `sallyport sign-in --gateway URL`",
                            of_server->server));
  }
  return fail(
      "sign_in.none",
      gateway.empty() ? "nobody is signed in here"
                      : fmt::format("nobody is signed in to {}", gateway),
      fmt::format("run `sallyport sign-in --gateway {}`", gateway.empty() ? "URL" : gateway));
}

Result<BookEntry> SignInBook::choose_server(const std::string& server) const {
  for (const auto& entry : entries_) {
    if (!server.empty() && entry.server == server) return entry;
  }
  return fail("sign_in.none", fmt::format("nobody is signed in to {}", server),
              fmt::format("run `sallyport sign-in --server {}`", server));
}

Result<void> SignInBook::check_server(const Target& target) const {
  for (const auto& entry : entries_) {
    if (entry.server == target.server) continue;
    if (entry.issuer != target.issuer || entry.client != target.client) continue;
    std::string where = entry.server.empty() ? entry.gateway : entry.server;
    if (where.empty()) where = entry.issuer;
    return fail("server.same_application",
                fmt::format("{} names the application with which you are signed in at {}: it would "
                            "get a token that is good there",
                            target.server, where),
                "do not go on unless both are yours; then sign out there first, or name --issuer, "
                "--client and --scope here yourself");
  }
  return {};
}

Result<void> SignInBook::put(const BookEntry& entry) {
  auto lock = take_lock(folder_ / "sign-ins.lock", kBookPatience);
  if (!lock) return std::unexpected(std::move(lock.error()));
  if (auto again = read(); !again) return again;
  std::erase_if(entries_, [&](const BookEntry& old) { return old.id == entry.id; });
  entries_.push_back(entry);
  if (entry.server.empty()) current_ = entry.id;
  return write();
}

Result<void> SignInBook::remove(const std::string& id) {
  auto lock = take_lock(folder_ / "sign-ins.lock", kBookPatience);
  if (!lock) return std::unexpected(std::move(lock.error()));
  if (auto again = read(); !again) return again;
  std::erase_if(entries_, [&](const BookEntry& old) { return old.id == id; });
  if (current_ == id) {
    current_.clear();
    for (const auto& entry : entries_) {
      if (entry.server.empty()) current_ = entry.id;
    }
  }
  return write();
}

Result<std::optional<UniqueFd>> take_lock(const std::filesystem::path& file,
                                          std::chrono::milliseconds patience) {
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) {
    return fail("book.folder",
                fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)),
                "check the folder's permissions and free space");
  }
  auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return std::optional(std::move(fd));
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail("book.folder",
                  fmt::format("cannot lock {}: {}", file.string(), std::strerror(errno)),
                  "use a folder of this machine (XDG_STATE_HOME)");
    }
    if (std::chrono::steady_clock::now() >= until) return std::optional<UniqueFd>();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace sallyport::signin
