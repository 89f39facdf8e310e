// The desktop's key ring: GNOME Keyring, KWallet or any other Secret Service. libsecret is loaded
// when it is needed and not before: it brings GLib and a thread, and a server may not have it at
// all. A sign-in is read without it (desktop_secret.h), and with it only where that does not work.
#include <dlfcn.h>
#include <fmt/format.h>
#include <libsecret/secret.h>

#include <cstdlib>
#include <filesystem>

#include "signin/desktop_secret.h"
#include "signin/vault.h"

namespace sallyport::signin {
namespace {

// The functions that are used, with the types that the header gives them.
struct Library {
  decltype(&secret_password_search_sync) search = nullptr;
  decltype(&secret_password_store_sync) store = nullptr;
  decltype(&secret_password_clear_sync) clear = nullptr;
  decltype(&secret_retrievable_retrieve_secret_sync) retrieve = nullptr;
  decltype(&secret_value_get) value_get = nullptr;
  decltype(&secret_value_unref) value_unref = nullptr;
  decltype(&g_error_free) error_free = nullptr;
  decltype(&g_object_unref) object_unref = nullptr;
  decltype(&g_list_free) list_free = nullptr;
  bool good = false;
};

template <typename F>
bool find(void* handle, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(handle, name));
  return function != nullptr;
}

Library load_library() {
  Library library;
  void* handle = ::dlopen("libsecret-1.so.0", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) return library;
  library.good = find(handle, "secret_password_search_sync", library.search) &&
                 find(handle, "secret_password_store_sync", library.store) &&
                 find(handle, "secret_password_clear_sync", library.clear) &&
                 find(handle, "secret_retrievable_retrieve_secret_sync", library.retrieve) &&
                 find(handle, "secret_value_get", library.value_get) &&
                 find(handle, "secret_value_unref", library.value_unref) &&
                 find(handle, "g_error_free", library.error_free) &&
                 find(handle, "g_object_unref", library.object_unref) &&
                 find(handle, "g_list_free", library.list_free);
  return library;
}

const Library& secret_library() {
  static const Library library = load_library();
  return library;
}

// Without a bus, GLib would try to start one.
bool has_session_bus() {
  if (const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS")) return *address != '\0';
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  std::error_code error;
  return runtime != nullptr && std::filesystem::exists(std::string(runtime) + "/bus", error);
}

constexpr char kSchemaName[] = "sallyport.sign-in";
constexpr char kAttribute[] = "id";

const SecretSchema* schema() {
  static const SecretSchema kSchema = [] {
    SecretSchema made{};
    made.name = kSchemaName;
    made.flags = SECRET_SCHEMA_NONE;
    made.attributes[0] = {kAttribute, SECRET_SCHEMA_ATTRIBUTE_STRING};
    return made;
  }();
  return &kSchema;
}

std::unexpected<Error> unavailable(GError* error) {
  std::string reason = error != nullptr ? error->message : "it gave no reason";
  if (error != nullptr) secret_library().error_free(error);
  return fail(kVaultUnavailable, fmt::format("the desktop's key ring does not work: {}", reason),
              "unlock it, or sign in with --vault kernel or --vault passphrase");
}

Result<void> check() {
  if (!has_session_bus()) {
    return fail(kVaultUnavailable, "there is no desktop session here, so no key ring of one",
                "work inside the desktop session, or sign in with --vault kernel or passphrase");
  }
  if (!secret_library().good) {
    return fail(kVaultUnavailable, "the library of the desktop's key ring is not installed",
                "install libsecret-1-0, or sign in with --vault kernel or --vault passphrase");
  }
  return {};
}

class DesktopVault final : public Vault {
 public:
  Result<Secret> load(const std::string& id) override {
    if (!has_session_bus()) return std::unexpected(std::move(check().error()));
    auto quickly =
        read_desktop_secret({{"xdg:schema", kSchemaName}, {kAttribute, id}}, kernel_entropy());
    if (quickly || quickly.error().code != kVaultUnavailable) return quickly;
    if (auto checked = check(); !checked) return std::unexpected(std::move(checked.error()));
    const Library& library = secret_library();
    GError* error = nullptr;
    // No unlock flag: a locked key ring is an error here, never a window in somebody's face.
    GList* found = library.search(schema(), SECRET_SEARCH_LOAD_SECRETS, nullptr, &error, kAttribute,
                                  id.c_str(), nullptr);
    if (error != nullptr) return unavailable(error);
    if (found == nullptr) {
      return fail(kVaultMissing, "the desktop's key ring holds nothing of this sign-in",
                  "run `sallyport sign-in`");
    }
    auto content = take(found);
    for (GList* at = found; at != nullptr; at = at->next) library.object_unref(at->data);
    library.list_free(found);
    return content;
  }

  Result<void> store(const std::string& id, const Secret& content) override {
    if (auto checked = check(); !checked) return checked;
    GError* error = nullptr;
    std::string copy(content.reveal());
    gboolean stored =
        secret_library().store(schema(), SECRET_COLLECTION_DEFAULT, "Sallyport sign-in",
                               copy.c_str(), nullptr, &error, kAttribute, id.c_str(), nullptr);
    wipe(copy);
    if (stored == FALSE || error != nullptr) return unavailable(error);
    return {};
  }

  Result<void> remove(const std::string& id) override {
    if (auto checked = check(); !checked) return checked;
    GError* error = nullptr;
    secret_library().clear(schema(), nullptr, &error, kAttribute, id.c_str(), nullptr);
    if (error != nullptr) return unavailable(error);
    return {};
  }

 private:
  static Result<Secret> take(GList* found) {
    const Library& library = secret_library();
    GError* error = nullptr;
    auto* item = reinterpret_cast<SecretRetrievable*>(found->data);
    SecretValue* value = library.retrieve(item, nullptr, &error);
    if (error != nullptr) library.error_free(error);
    if (value == nullptr) {
      return fail(kVaultLocked, "the desktop's key ring is locked",
                  "unlock it (signing in to the desktop does), then try again");
    }
    gsize size = 0;
    const gchar* text = library.value_get(value, &size);
    Secret content(std::string_view(text, size));
    library.value_unref(value);
    return content;
  }
};

}  // namespace

std::unique_ptr<Vault> make_desktop_vault() {
  return std::make_unique<DesktopVault>();
}

bool desktop_vault_works() {
  if (!check()) return false;
  // Written and read back: a service may be there and have no key ring that is open.
  DesktopVault vault;
  const std::string probe = "probe";
  if (!vault.store(probe, Secret(std::string_view("probe")))) return false;
  auto found = vault.load(probe);
  auto removed = vault.remove(probe);
  return found && found->reveal() == "probe" && removed;
}

}  // namespace sallyport::signin
