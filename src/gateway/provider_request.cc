#include "gateway/provider_request.h"

#include <string>

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

Pieces with_deployments(std::string_view body, const policy::RequestFacts& facts,
                        const upstream::Candidate& to) {
  Few<Splice, 2> splices;
  for (std::size_t i = 0; i < facts.models.size(); ++i) {
    std::string_view name = to.models[i].deployment_json;
    if (!name.empty()) splices.push_back({facts.models[i].offset, facts.models[i].length, name});
  }
  return splice(body, splices);
}

}  // namespace

ProviderRequest::ProviderRequest(const Exchange& x, const upstream::Candidate& to) {
  const auto& client = x.client.head();
  Pieces body = with_deployments(x.client.body(), x.asked.facts, to);
  head_.reserve(to.upstream->head_bytes(*to.credential) + bytes_of(client) + kOwnFields);
  to.upstream->begin_head(head_, x.asked.target, *to.credential);
  append_field(head_, "accept-encoding", "identity");
  append_field(head_, "content-length", std::to_string(body.length));
  append_field(head_, "x-request-id", x.id);
  append_request_fields(head_, client, x.caller.identity->extra_headers, x.caller.token);
  head_ += "\r\n";
  pieces_.push_back(head_);
  pieces_.insert(pieces_.end(), body.views.begin(), body.views.end());
}

ProviderRequest::~ProviderRequest() {
  wipe(head_);
}

}  // namespace sallyport::gateway
