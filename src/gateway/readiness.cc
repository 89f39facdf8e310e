#include "gateway/readiness.h"

#include "gateway/refusals.h"

namespace sallyport::gateway {

Readiness readiness(const ReadinessFacts& facts) {
  if (!facts.keys) return {false, identity::code(identity::Reason::kKeysUnavailable)};
  if (!facts.record) return {false, code(Cause::kRecordUnavailable)};
  if (!facts.credential) return {false, code(Cause::kNoCredential)};
  if (facts.draining) return {false, code(Cause::kDraining)};
  return {true, {}};
}

}  // namespace sallyport::gateway
