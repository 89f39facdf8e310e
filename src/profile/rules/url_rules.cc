// Rules about URLs, wherever they stand: https (plain http for the literal 127.0.0.1 alone), no
// credentials in them, nothing else (facts: desktop-config 7, "URLs" and "plain http").
#include "profile/profile.h"
#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

bool is_url_key(const Key& key) {
  if (key.type != Type::kString) return false;
  for (const std::string& host : key.egress_hosts) {
    if (host.starts_with("{host(value)}")) return true;
  }
  return key.name.ends_with("Url");
}

bool is_proxy(std::string_view key) {
  return key.starts_with("egressProxy");
}

void check_url(Check& check, const std::string& place, std::string_view text) {
  if (text.empty()) {
    check.error("url.invalid", place, "the URL is empty", "set it, or remove the key");
    return;
  }
  auto url = parse_any_url(text);
  if (!url) {
    check.error("url.invalid", place, "it is no URL", "write https://HOST/PATH");
    return;
  }
  if (url->has_user_info) {
    check.error("url.credentials", place,
                "the URL holds a user name or password; app 1.32352.0 and later refuse the whole "
                "configuration for it",
                "take what stands before the @ out and deliver the credential another way");
  }
  if (url->scheme == "https") return;
  if (is_proxy(place)) {
    if (url->scheme != "http") {
      check.error("url.scheme", place, fmt::format("the app knows no {} proxies", url->scheme),
                  "use an http or https proxy");
    }
    return;
  }
  bool own_machine = url->scheme == "http" && url->host == "127.0.0.1";
  if (own_machine) return;
  check.error("url.scheme", place, fmt::format("it uses {}", url->scheme),
              "use https; plain http is accepted for the literal 127.0.0.1 alone");
}

void check_fields(Check& check, const Key& key, const json::object& object,
                  const std::string& prefix, const std::string& place) {
  for (const auto& member : object) {
    std::string path = prefix + std::string(member.key());
    std::string inner = fmt::format("{}.{}", place, std::string_view(member.key()));
    if (member.value().is_object()) {
      check_fields(check, key, member.value().get_object(), path + ".", inner);
      continue;
    }
    if (!member.value().is_string()) continue;
    for (const ItemField& field : key.fields) {
      bool is_url = field.https_url || field.path.ends_with("Url");
      if (field.path == path && is_url) check_url(check, inner, member.value().get_string());
    }
  }
}

}  // namespace

void check_urls(Check& check) {
  for (const auto& [name, value] : ordered(check.values())) {
    const Key* key = Catalogue::builtin().find(name);
    if (key == nullptr) continue;
    if (is_url_key(*key) && value->is_string()) {
      check_url(check, key->name, value->get_string());
    } else if (value->is_object()) {
      check_fields(check, *key, value->get_object(), "", key->name);
    } else if (value->is_array()) {
      std::size_t index = 0;
      for (const json::value& item : value->get_array()) {
        std::string place = fmt::format("{}[{}]", key->name, index++);
        if (item.is_object()) check_fields(check, *key, item.get_object(), "", place);
      }
    }
  }
}

}  // namespace sallyport::profile
