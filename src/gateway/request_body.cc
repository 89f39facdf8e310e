#include "gateway/request_body.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "gateway/admission.h"
#include "gateway/body_scanner.h"

namespace sallyport::gateway {
namespace {

using Read = http::ServerStream::BodyRead;

bool is_encoded(const http::RequestHead& head) {
  return std::ranges::any_of(head.fields, [](const http::Field& field) {
    return http::name_is(field.name, "content-encoding") && !http::name_is(field.value, "identity");
  });
}

http::Refusal refusal_of_unread(Read read, const http::ServerStream& client) {
  switch (read) {
    case Read::kTooLarge:
      return refusal_of(Cause::kBodyTooLarge);
    case Read::kNoRoom:
      return refusal_of(Cause::kBusy);
    case Read::kSlow:
      return refusal_of(Cause::kBodySlow);
    case Read::kFault:
      return refusal_of(client.fault());
    case Read::kDone:
    case Read::kClientGone:
      break;
  }
  check_failed("a body that needs no refusal", __FILE__, __LINE__);
}

}  // namespace

Task<Step> read_body(Exchange& x) {
  if (is_encoded(x.client.head())) co_return x.refuse(refusal_of(Cause::kContentEncoding));
  Read read = co_await x.client.read_body(kMaxBody, x.budget);
  Step step = still_admitted(x);
  if (step != Step::kOn) co_return step;
  if (read == Read::kClientGone) co_return Step::kGone;
  if (read != Read::kDone) co_return x.refuse(refusal_of_unread(read, x.client));
  std::string_view body = x.client.body();
  x.asked.body_bytes = static_cast<std::int64_t>(body.size());
  auto facts = scan_body(body);
  if (!facts) {
    auto refused = gateway::refused(refusal_of(facts.error().reason));
    refused->claim = "body";
    refused->got = fmt::format("at byte {}", facts.error().offset);
    co_return x.refuse(std::move(refused));
  }
  x.asked.facts.body = std::move(*facts);
  co_return Step::kOn;
}

}  // namespace sallyport::gateway
