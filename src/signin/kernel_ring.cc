#include "signin/kernel_ring.h"

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace sallyport::signin::kernel_ring {
namespace {

constexpr char kType[] = "user";
// Possessor and owner may do everything, nobody else anything: a process of another session of the
// same person finds the key, too.
constexpr unsigned kPermissions = 0x3f3f0000;

long find(const std::string& name) {
  return ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, kType, name.c_str(), 0);
}

}  // namespace

std::optional<Secret> read(const std::string& name) {
  long key = find(name);
  if (key < 0) return std::nullopt;
  std::string content(4096, '\0');
  long size = ::syscall(SYS_keyctl, KEYCTL_READ, key, content.data(), content.size());
  if (size < 0 || static_cast<std::size_t>(size) > content.size()) return std::nullopt;
  Secret found(std::string_view(content).substr(0, static_cast<std::size_t>(size)));
  wipe(content);
  return found;
}

bool write(const std::string& name, const Secret& content, std::chrono::seconds life) {
  long key = ::syscall(SYS_add_key, kType, name.c_str(), content.reveal().data(), content.size(),
                       KEY_SPEC_USER_KEYRING);
  if (key < 0) return false;
  if (::syscall(SYS_keyctl, KEYCTL_SETPERM, key, kPermissions) != 0) return false;
  return life.count() == 0 || ::syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, life.count()) == 0;
}

void remove(const std::string& name) {
  long key = find(name);
  if (key >= 0) ::syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
}

bool works() {
  std::string name = "sallyport:probe:" + std::to_string(::getpid());
  bool good = write(name, Secret(std::string_view("probe")), std::chrono::seconds(60));
  if (good) {
    auto found = read(name);
    good = found && found->reveal() == "probe";
  }
  remove(name);
  return good;
}

}  // namespace sallyport::signin::kernel_ring
