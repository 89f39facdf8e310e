// Values of configuration keys: what a person types, what a device's formats hold, and the typed
// JSON value that both become. The catalogue's type decides; a value of an unknown key is carried
// as it came. Pure functions, thread-safe.
//
// Portable text (facts: desktop-config 2): property lists and the registry hold every value as one
// text: true, 24, https://..., or compact JSON for lists and objects.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "profile/catalogue.h"

namespace sallyport::profile {

/// The text that stands for a value in a property list or the registry.
[[nodiscard]] std::string portable_text(const json::value& value);

/// From such a text, or from native structure (a plist <true/> or <array>, a registry DWORD as a
/// number), to the typed value. What does not fit the type is returned as it came, so that the
/// rules can name it: never dropped, never guessed.
[[nodiscard]] json::value typed_value(const Key* key, const json::value& raw);

/// What a person typed after `key=`: plain text, or JSON where the type wants a list or an object
/// (a plain word or a comma-separated list is accepted for lists of texts). Error: value.invalid.
[[nodiscard]] Result<json::value> parse_entered(const Key* key, std::string_view text);

/// Two values that the app would read as the same.
[[nodiscard]] bool same_value(const Key* key, const json::value& a, const json::value& b);

/// The value for people: secrets as "(set, not shown)", in structures the secret members alone;
/// an unknown key counts as secret when its name says so or resembles a secret key's.
[[nodiscard]] json::value redacted(std::string_view name, const json::value& value);
/// redacted() as one line of text that is safe for a terminal.
[[nodiscard]] std::string display_text(std::string_view name, const json::value& value);

/// A short name of what is wanted, for messages: "true or false", "a whole number from 1 to 72".
[[nodiscard]] std::string wanted_text(const Key& key);

}  // namespace sallyport::profile
