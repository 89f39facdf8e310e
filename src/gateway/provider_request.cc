#include "gateway/provider_request.h"

#include <string>

#include "base/check.h"
#include "base/secret.h"
#include "gateway/heads.h"

namespace sallyport::gateway {
namespace {

constexpr std::size_t kOwnFields = 256;  // at most, of those that we add

// What of the client's head may go into ours has no more bytes than this.
std::size_t bytes_of(const http::RequestHead& head) {
  std::size_t bytes = head.target.size();
  for (const auto& field : head.fields) bytes += field.name.size() + field.value.size() + 4;
  return bytes;
}

upstream::Call call_of(const Exchange& x, const upstream::Candidate& to) {
  return {operation_of(x.asked.endpoint), x.asked.target, to.deployment, x.asked.facts.body.stream};
}

// The deployments' names into the body, and whatever else the provider needs.
void edit(const Exchange& x, const upstream::Candidate& to, const upstream::Call& call,
          upstream::RequestEdits& edits) {
  Few<upstream::ModelName, 2> names;
  const auto& uses = x.asked.facts.body.models;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    names.push_back({uses[i].offset, uses[i].length, to.models[i].deployment_json});
  }
  to.upstream->kind().edit(call, {x.client.head().fields, x.client.body(), names}, edits);
}

}  // namespace

upstream::Operation operation_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kMessages:
      return upstream::Operation::kMessages;
    case Endpoint::kCountTokens:
      return upstream::Operation::kCountTokens;
    case Endpoint::kModels:
      break;
  }
  check_failed("an endpoint that no provider sees", __FILE__, __LINE__);
}

ProviderRequest::ProviderRequest(const Exchange& x, const upstream::Candidate& to) {
  const auto& client = x.client.head();
  const auto& kind = to.upstream->kind();
  const auto call = call_of(x, to);
  edit(x, to, call, edits_);
  Pieces body = splice(x.client.body(), edits_.body);
  head_.reserve(to.upstream->head_bytes(*to.credential) + bytes_of(client) +
                edits_.added_fields.size() + kOwnFields);
  to.upstream->begin_head(head_, call, *to.credential);
  append_field(head_, "accept-encoding", "identity");
  append_field(head_, "content-length", std::to_string(body.length));
  append_field(head_, "x-request-id", x.id);
  append_request_fields(head_, client, x.caller.identity->extra_headers, x.caller.token,
                        kind.traits().fallback, edits_.dropped_fields);
  head_ += edits_.added_fields;
  to.upstream->sign(head_, body.views, *to.credential, x.worker.shared.clock);
  head_ += "\r\n";
  pieces_.push_back(head_);
  pieces_.insert(pieces_.end(), body.views.begin(), body.views.end());
}

ProviderRequest::~ProviderRequest() {
  wipe(head_);
}

}  // namespace sallyport::gateway
