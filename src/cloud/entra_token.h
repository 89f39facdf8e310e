// Entra's token endpoint with the client-credentials grant: what a workload's token, a client
// secret and a client certificate have in common. Internal to cloud/.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "cloud/token_source.h"

namespace sallyport::cloud {

/// POSTs grant, scope, client id and these fields to settings.endpoint. `secret`: the value among
/// them that must not show in a message.
void ask_entra(const Ask& ask,
               std::initializer_list<std::pair<std::string_view, std::string_view>> fields,
               std::string_view secret, OnObtained done);

/// What a code of Entra's ("AADSTS7000215") means for a gateway's credential and what to do.
struct EntraMeaning {
  std::uint32_t code;
  bool passing;  ///< may be gone soon
  std::string_view meaning;
  std::string_view next_step;
};
/// Null: not in the table.
[[nodiscard]] const EntraMeaning* entra_meaning(std::uint32_t code);

inline constexpr char kJwtBearer[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

}  // namespace sallyport::cloud
