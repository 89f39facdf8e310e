#include "gateway/provider_error.h"

#include <charconv>

#include "base/encoding.h"
#include "base/json_reader.h"
#include "gateway/refusals.h"

namespace sallyport::gateway {
namespace {

constexpr std::size_t kMaxText = 512;

// Reads the text members `type`, `code` and `message` of the object that comes next.
struct ErrorMembers {
  std::string type, code, message;
};

bool read_error_object(JsonReader& json, ErrorMembers& members) {
  if (json.peek() != JsonKind::kObject || !json.begin_object()) return false;
  JsonText key;
  while (json.next_member(key)) {
    std::string* into = key.is("type")      ? &members.type
                        : key.is("code")    ? &members.code
                        : key.is("message") ? &members.message
                                            : nullptr;
    if (into != nullptr && json.peek() == JsonKind::kText) {
      JsonText value;
      if (json.text(value)) *into = value.decode().substr(0, kMaxText);
    } else {
      json.skip();
    }
  }
  return !json.failed();
}

struct ErrorBody {
  std::string type;
  bool has_error = false;
  ErrorMembers error;
};

std::optional<ErrorBody> read_error_body(std::string_view body) {
  if (!is_utf8(body)) return std::nullopt;
  JsonReader json(body);
  if (json.peek() != JsonKind::kObject || !json.begin_object()) return std::nullopt;
  ErrorBody read;
  JsonText key;
  while (json.next_member(key)) {
    JsonText value;
    if (key.is("type") && json.peek() == JsonKind::kText) {
      if (json.text(value)) read.type = value.decode();
    } else if (key.is("error") && json.peek() == JsonKind::kObject) {
      read.has_error = read_error_object(json, read.error);
    } else {
      json.skip();
    }
  }
  if (!json.finish()) return std::nullopt;
  return read;
}

}  // namespace

bool is_anthropic_error(std::string_view body) {
  auto read = read_error_body(body);
  return read && read->type == "error" && read->has_error && !read->error.type.empty();
}

std::optional<AzureError> parse_azure_error(std::string_view body) {
  auto read = read_error_body(body);
  if (!read || !read->has_error) return std::nullopt;
  return AzureError{read->error.code, read->error.message};
}

http::Refusal translate_error(int status, std::string_view body, std::string_view retry_after) {
  auto azure = parse_azure_error(body);
  http::Refusal refusal = refusal_of(Cause::kProviderError);
  if (status == 404 && azure && azure->code == "DeploymentNotFound") {
    return refusal_of(Cause::kProviderNoDeployment);
  }
  if (status >= 400) refusal.status = status;
  refusal.type = error_type(refusal.status);
  if (status == 429) {
    refusal.message =
        "The model provider's limit for this gateway is reached. Try again in a moment.";
  } else if (status == 413) {
    // Clients compact the conversation when they read this class token.
    refusal.message =
        "capability_rejected: prompt_too_long (the model provider takes no request "
        "of this size)";
  } else if (status == 400 || status == 404 || status == 422) {
    refusal.message = "The model provider rejected the request.";
  } else if (status == 529) {
    refusal.message = "The model provider is overloaded. Try again in a moment.";
  }
  refusal.retry = status == 429 || status >= 500;
  int seconds = 0;
  auto [end, error] =
      std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds);
  if (error == std::errc() && end == retry_after.data() + retry_after.size() && seconds > 0) {
    refusal.retry_after = seconds;
  }
  return refusal;
}

}  // namespace sallyport::gateway
