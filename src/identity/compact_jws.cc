#include "identity/compact_jws.h"

#include <algorithm>

#include "base/encoding.h"
#include "identity/algorithm.h"
#include "identity/token_verifier.h"

namespace sallyport::identity {
namespace {

std::unexpected<FormFault> malformed(std::string_view where, std::string_view what) {
  return std::unexpected(FormFault{Reason::kMalformed, where, what});
}

std::optional<std::string_view> header_text(const JsonView& header, std::string_view name) {
  auto member = header.member(name);
  if (!member || !member->is_text()) return std::nullopt;
  return member->text();
}

}  // namespace

std::expected<CompactJws, FormFault> CompactJws::parse(std::string_view token) {
  if (token.size() > kTokenBytes) {
    return std::unexpected(FormFault{Reason::kTooLarge, "token", "larger than 16 KiB"});
  }
  auto first = token.find('.');
  auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  auto third = second == std::string_view::npos ? second : token.find('.', second + 1);
  if (third != std::string_view::npos && std::ranges::count(token, '.') == 4) {
    return std::unexpected(FormFault{Reason::kEncrypted, "token", "five parts: an encrypted JWT"});
  }
  if (second == std::string_view::npos || third != std::string_view::npos) {
    return malformed("token", "not three parts");
  }
  if (second + 1 == token.size()) return malformed("signature", "empty");

  auto header = from_base64url(token.substr(0, first));
  if (!header) return malformed("header", "not canonical base64url");
  auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  if (!payload) return malformed("payload", "not canonical base64url");
  auto signature = from_base64url(token.substr(second + 1));
  if (!signature) return malformed("signature", "not canonical base64url");

  CompactJws jws;
  jws.header_text_ = std::make_unique<const std::string>(*std::move(header));
  jws.payload_ = std::make_unique<const std::string>(*std::move(payload));
  jws.signature_ = std::make_unique<const std::string>(*std::move(signature));
  jws.signing_input_ = token.substr(0, second);
  auto parsed = StrictJson::parse(*jws.header_text_, kTokenJson);
  if (!parsed) {
    Reason reason =
        parsed.error() == JsonFault::kDuplicate ? Reason::kDuplicateMember : Reason::kMalformed;
    return std::unexpected(FormFault{reason, "header", describe(parsed.error())});
  }
  jws.header_ = *std::move(parsed);
  if (!jws.header().is_object()) return malformed("header", "not a JSON object");
  return jws;
}

std::optional<FormFault> check_header(const CompactJws& jws) {
  JsonView header = jws.header();
  auto has = [&](std::string_view name) { return header.member(name).has_value(); };
  if (has("enc")) return FormFault{Reason::kEncrypted, "enc", "the token is encrypted"};
  if (has("zip")) return FormFault{Reason::kEncrypted, "zip", "the token is compressed"};
  // RFC 7515 section 4.1.11: what we do not understand and is critical, we must refuse; we
  // understand none. RFC 7797's b64 must be critical, so it is refused alone, too.
  if (has("crit")) return FormFault{Reason::kCritUnsupported, "crit", "present"};
  if (has("b64")) return FormFault{Reason::kCritUnsupported, "b64", "present"};
  // RFC 8725 section 3.10: nothing in the token may say which key to trust (CVE-2018-0114).
  for (std::string_view name : {"jwk", "jku", "x5c", "x5u"}) {
    if (has(name)) return FormFault{Reason::kKeyInHeader, name, "present"};
  }
  if (has("cty")) return FormFault{Reason::kWrongType, "cty", "a token inside the token"};

  auto algorithm = header_text(header, "alg");
  if (!algorithm) return FormFault{Reason::kMalformed, "alg", "missing or not a text"};
  if (!parse_algorithm(*algorithm)) {
    return FormFault{Reason::kAlgNotAllowed, "alg", "not a signature algorithm that we know"};
  }
  if (!has("kid")) return FormFault{Reason::kKeyIdMissing, "kid", "missing"};
  if (!header_text(header, "kid")) return FormFault{Reason::kMalformed, "kid", "not a text"};
  return std::nullopt;
}

}  // namespace sallyport::identity
