#include "signin/desktop_secret.h"

#include <utility>

#include "signin/secret_channel.h"
#include "signin/session_bus.h"
#include "signin/vault.h"

namespace sallyport::signin {
namespace {

constexpr const char* kService = "org.freedesktop.secrets";
constexpr const char* kServicePath = "/org/freedesktop/secrets";
constexpr const char* kServiceInterface = "org.freedesktop.Secret.Service";

std::unexpected<Error> detour(std::string why) {
  return fail(kVaultUnavailable, "the desktop's key ring cannot be read: " + std::move(why));
}

BusCall open_session(SessionBus& bus, const SecretChannel& channel) {
  BusCall call = bus.call({kService, kServicePath, kServiceInterface, "OpenSession"});
  call.text('s', std::string(SecretChannel::kAlgorithm));
  call.open('v', "ay");
  call.bytes(channel.public_key());
  call.close();
  return call;
}

BusCall search_items(SessionBus& bus, const SecretAttributes& attributes) {
  BusCall call = bus.call({kService, kServicePath, kServiceInterface, "SearchItems"});
  call.open('a', "{ss}");
  for (const auto& [name, value] : attributes) {
    call.open('e', "ss");
    call.text('s', name);
    call.text('s', value);
    call.close();
  }
  call.close();
  return call;
}

// The first of an array of paths; empty if there is none.
std::string first_path(BusAnswer& answer) {
  answer.enter('a', "o");
  std::string first(answer.text('o'));
  while (!answer.text('o').empty()) continue;
  answer.leave();
  return first;
}

// The path of the session, in which the secret comes with the key that was agreed upon.
Result<std::string> agree(BusAnswer& opened, SecretChannel& channel) {
  opened.enter('v', "ay");
  bool agreed = channel.agree(opened.bytes());
  opened.leave();
  std::string session(opened.text('o'));
  if (!agreed || !opened.good()) return detour("it agrees on no key");
  return session;
}

// The path of the first item that is open.
Result<std::string> choose(BusAnswer& found) {
  std::string item = first_path(found), locked = first_path(found);
  if (!found.good()) return detour("a list that is none");
  if (item.empty() && !locked.empty()) {
    return fail(kVaultLocked, "the desktop's key ring is locked",
                "unlock it (signing in to the desktop does), then try again");
  }
  if (item.empty()) {
    return fail(kVaultMissing, "the desktop's key ring holds nothing of this sign-in",
                "run `sallyport sign-in`");
  }
  return item;
}

Result<Secret> decrypt(BusAnswer& got, const SecretChannel& channel) {
  got.enter('r', "oayays");
  got.text('o');  // the session
  auto vector = got.bytes();
  auto value = got.bytes();
  if (!got.good()) return detour("a secret that is none");
  auto plain = channel.decrypt(vector, value);
  if (!plain) return detour("a secret that cannot be decrypted");
  return std::move(*plain);
}

}  // namespace

Result<Secret> read_desktop_secret(const SecretAttributes& attributes, Entropy& entropy,
                                   std::chrono::milliseconds patience) {
  BusAnswer opened, found, got;  // outlive the bus
  auto bus = SessionBus::connect(patience);
  if (!bus) return std::unexpected(std::move(bus.error()));
  SecretChannel channel(entropy);
  auto sent = bus->send(open_session(*bus, channel), opened);
  if (sent) sent = bus->send(search_items(*bus, attributes), found);
  // The other side reckons for five milliseconds; ours has something to do meanwhile.
  if (sent) sent = bus->flush();
  if (!sent) return std::unexpected(std::move(sent.error()));
  SecretChannel::start_cryptography();

  auto come = bus->wait_for(opened, "vo");
  if (!come) return std::unexpected(std::move(come.error()));
  auto session = agree(opened, channel);
  if (!session) return std::unexpected(std::move(session.error()));

  come = bus->wait_for(found, "aoao");
  if (!come) return std::unexpected(std::move(come.error()));
  auto item = choose(found);
  if (!item) return std::unexpected(std::move(item.error()));

  BusCall get = bus->call({kService, item->c_str(), "org.freedesktop.Secret.Item", "GetSecret"});
  get.text('o', *session);
  sent = bus->send(std::move(get), got);
  if (sent) sent = bus->wait_for(got, "(oayays)");
  if (!sent) return std::unexpected(std::move(sent.error()));
  return decrypt(got, channel);
}

}  // namespace sallyport::signin
