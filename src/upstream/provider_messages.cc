#include "upstream/provider_messages.h"

namespace sallyport::upstream {
namespace {

AnswerFault fault_of(Operation operation, int status) {
  if (status == 401 || status == 403) return AnswerFault::kCredential;
  if (status == 404 && operation == Operation::kCountTokens) return AnswerFault::kNoCountTokens;
  if (status == 400 || status == 404 || status == 422) return AnswerFault::kRejected;
  if (status == 413) return AnswerFault::kTooLarge;
  if (status == 429) return AnswerFault::kRateLimit;
  if (status == 529) return AnswerFault::kOverloaded;
  return status >= 400 ? AnswerFault::kError : AnswerFault::kNoAnswer;
}

}  // namespace

void MessagesProvider::append_path(std::string& out, const Call& call) const {
  out += call.target;
}

void MessagesProvider::append_credential(std::string& out, const Credential& credential) const {
  out += credential.line();
}

void MessagesProvider::edit(const Call&, const ClientRequest& request, RequestEdits& edits) const {
  for (const auto& model : request.models) {
    if (model.replacement.empty()) continue;
    edits.body.push_back({model.offset, model.length, model.replacement});
  }
}

void MessagesProvider::sign(std::string&, std::span<const std::string_view>, const Credential&,
                            const Signing&) const {}  // its credential is a field of its own

StreamFormat MessagesProvider::stream_of(int status, std::string_view content_type) const {
  bool events = status == 200 && http::name_starts_with(content_type, "text/event-stream");
  return events ? StreamFormat::kEvents : StreamFormat::kNone;
}

ProviderError MessagesProvider::read_error(Operation operation, int status, std::string_view body,
                                           std::string_view secret) const {
  ErrorBody said = read_error_body(body, secret);
  ProviderError error;
  error.fault = fault_of(operation, status);
  error.status = status;
  error.type = std::move(said.type);
  error.code = std::move(said.code);
  error.message = std::move(said.message);
  bool ours_to_mend =
      error.fault == AnswerFault::kCredential || error.fault == AnswerFault::kNoCountTokens;
  // Clients act upon Anthropic's own words, and upon no others.
  error.passes = status >= 400 && !ours_to_mend && said.anthropic;
  if (!said.anthropic) read_front(said, error);
  return error;
}

}  // namespace sallyport::upstream
