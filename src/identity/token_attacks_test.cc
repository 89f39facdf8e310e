// The attack table's rows about form, keys and signature, by their ids, against the pure verifier;
// the rows about claims are in claim_attacks_test.cc, H1 to H4 in credential_test.cc, K6 in
// key_set_test.cc, K2, K8 and K9 in key_service_test.cc. The statuses are the table's; our codes:
//
//   the table's             ours
//   malformed, bad_encoding, malformed_header, malformed_payload   token.malformed
//   malformed_auth          token.malformed_credential, token.ambiguous_credentials
//   alg_mismatch            token.alg_not_allowed, token.alg_mismatch or token.bad_signature
//   (K4, K5)                token.key_in_header
//   encrypted_not_allowed   token.encrypted
//   key_retired             token.unknown_key
//   jwks_rejected           event keys.rejected
//   jwks_unavailable        keys.unavailable
//   exp_invalid             token.time_invalid, token.too_old
//   bad_issuer              token.issuer_unknown, token.issuer_mismatch
//   bad_audience            token.audience_mismatch
//   wrong_token_kind        token.wrong_kind
//   groups_unavailable      token.groups_overage
//   binding_failed          token.bound
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/claims.h"
#include "identity/test_judge.h"

namespace sallyport::identity {
namespace {

// A token whose first two parts are given and whose signature is anything.
std::string assembled(std::string_view header, std::string_view payload,
                      std::string_view signature) {
  return to_base64url(header) + "." + to_base64url(payload) + "." + std::string(signature);
}

std::string hmac_token(std::string_view algorithm, std::string_view secret) {
  std::string header = R"({"alg":")" + std::string(algorithm) + R"(","kid":"k1","typ":"JWT"})";
  std::string input = to_base64url(header) + "." + to_base64url(entra_claims().json());
  std::span<const std::uint8_t> key(reinterpret_cast<const std::uint8_t*>(secret.data()),
                                    secret.size());
  return input + "." + to_base64url(as_text(hmac_sha256(key, input)));
}

std::vector<std::string> parts_of(const std::string& token) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t dot = token.find('.');; dot = token.find('.', from)) {
    parts.push_back(token.substr(from, dot == std::string::npos ? dot : dot - from));
    if (dot == std::string::npos) return parts;
    from = dot + 1;
  }
}

std::string with_signature(const std::string& token, std::string_view raw) {
  auto parts = parts_of(token);
  return parts[0] + "." + parts[1] + "." + to_base64url(raw);
}

TEST(TokenAttacks, AcceptsTheTokenThatAllOthersAreMadeFrom) {
  auto snapshot = snapshot_of({entra_settings()});
  auto who = verify(*snapshot, signed_token(entra_claims()), test_time());
  ASSERT_TRUE(who) << code(who.error().reason) << " " << who.error().claim;
  EXPECT_EQ(who->key, "contoso/" + std::string(kTestTenant) + "/" + std::string(kTestPerson));
  EXPECT_EQ(who->client, kTestClient);
  EXPECT_EQ(who->token_id, "p0Vq3nYd1kG7sB5tE2xDAA");
  EXPECT_EQ(who->session_id, "00c1f6d2-7f57-4c35-9b63-4f5b6d0a1e22");
  EXPECT_EQ(who->name, "Rina Okafor");
  EXPECT_EQ(who->key_id, "k1");
  EXPECT_EQ(who->expires_at, kTestNow + 3600);
  EXPECT_EQ(who->skew, 60);
  EXPECT_THAT(who->scopes, testing::ElementsAre("Gateway.Access"));
  EXPECT_THAT(who->roles, testing::ElementsAre("Claude.User"));
  EXPECT_FALSE(who->app_only);
  EXPECT_FALSE(who->guest);
}

TEST(TokenAttacks, A1RefusesAlgorithmNoneInEverySpelling) {
  std::string kept = parts_of(signed_token(entra_claims()))[2];
  for (std::string_view none : {"none", "None", "NONE", "nOnE"}) {
    std::string header = R"({"alg":")" + std::string(none) + R"(","kid":"k1"})";
    EXPECT_EQ(judge(assembled(header, entra_claims().json(), kept)), Reason::kAlgNotAllowed);
    EXPECT_EQ(judge(assembled(header, entra_claims().json(), "")), Reason::kMalformed);
    std::string no_dot = assembled(header, entra_claims().json(), "");
    no_dot.pop_back();
    EXPECT_EQ(judge(no_dot), Reason::kMalformed);
  }
}

TEST(TokenAttacks, A2A3A5RefusesHmacWhateverTheSecret) {
  const TestKey& key = TestKey::rsa();
  std::string n = key.number(OSSL_PKEY_PARAM_RSA_N);
  std::string pem = "-----BEGIN PUBLIC KEY-----\n" + n + "\n-----END PUBLIC KEY-----\n";
  for (const std::string& secret :
       {std::string(), std::string("x"), std::string("secret"), n, *from_base64url(n),
        key.jwk("k1"), pem, pem.substr(0, pem.size() - 1), TestKey::p256().jwk("k1")}) {
    for (std::string_view algorithm : {"HS256", "HS384", "HS512"}) {
      EXPECT_EQ(judge(hmac_token(algorithm, secret)), Reason::kAlgNotAllowed);
    }
  }
}

TEST(TokenAttacks, HmacCannotBeAllowedByConfigurationEither) {
  IssuerSettings settings = entra_settings();
  settings.algorithms = {"HS256", "none", "RS256"};
  EXPECT_EQ(judge(hmac_token("HS256", "secret"), settings), Reason::kAlgNotAllowed);
}

TEST(TokenAttacks, A4RefusesARelabelledAlgorithm) {
  IssuerSettings all = entra_settings();
  all.algorithms = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256"};
  for (std::string_view label : {"RS384", "RS512", "PS256", "PS384", "PS512"}) {
    auto header = entra_header().with("alg", in_quotes(label));
    EXPECT_EQ(judge(signed_token(entra_claims(), header), all), Reason::kBadSignature) << label;
    EXPECT_EQ(judge(signed_token(entra_claims(), header)), Reason::kAlgNotAllowed) << label;
  }
  auto es = entra_header().with("alg", "\"ES256\"");
  EXPECT_EQ(judge(signed_token(entra_claims(), es), all), Reason::kAlgMismatch);
}

TEST(TokenAttacks, A4RefusesAnAlgorithmThatTheKeyIsNotFor) {
  IssuerSettings settings = entra_settings();
  settings.algorithms = {"PS384", "PS512"};
  const TestKey& key = TestKey::rsa();
  auto keys = test_keys({key.jwk("k1", R"(,"alg":"PS512")")});
  auto snapshot = make_snapshot(1, {IssuerState(settings, keys)});
  auto token = [&](std::string_view alg) {
    auto header = entra_header().with("alg", in_quotes(alg));
    return key.token(header.json(), entra_claims().json(), alg);
  };
  EXPECT_TRUE(verify(*snapshot, token("PS512"), test_time()));
  auto refused = verify(*snapshot, token("PS384"), test_time());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kAlgMismatch);
}

TEST(TokenAttacks, A6RefusesAMissingOrMistypedAlgorithm) {
  EXPECT_EQ(judge_header(entra_header().without("alg")), Reason::kMalformed);
  for (std::string_view alg : {"256", "[\"RS256\"]", "null", "true", "{}"}) {
    EXPECT_EQ(judge_header(entra_header().with("alg", alg)), Reason::kMalformed) << alg;
  }
  EXPECT_EQ(judge_header(entra_header().with("alg", "\"rs256\"")), Reason::kAlgNotAllowed);
  EXPECT_EQ(judge_header(entra_header().with("alg", "\"\"")), Reason::kAlgNotAllowed);
}

TEST(TokenAttacks, S1RefusesTheWrongNumberOfParts) {
  std::string good = signed_token(entra_claims());
  auto parts = parts_of(good);
  EXPECT_EQ(judge(parts[0] + "." + parts[1] + "."), Reason::kMalformed);
  EXPECT_EQ(judge(parts[0] + "." + parts[1]), Reason::kMalformed);
  EXPECT_EQ(judge(good + ".AAAA"), Reason::kMalformed);
  EXPECT_EQ(judge(good + ".AAAA.AAAA"), Reason::kEncrypted);
  EXPECT_EQ(judge(parts[0]), Reason::kMalformed);
  EXPECT_EQ(judge(""), Reason::kMalformed);
  EXPECT_EQ(judge(".."), Reason::kMalformed);
  EXPECT_EQ(judge("." + parts[1] + "." + parts[2]), Reason::kMalformed);
  EXPECT_EQ(judge(parts[0] + ".." + parts[2]), Reason::kMalformed);
}

TEST(TokenAttacks, S2RefusesEveryWrongSignature) {
  std::string good = signed_token(entra_claims());
  std::string raw = *from_base64url(parts_of(good)[2]);
  std::string n = *from_base64url(TestKey::rsa().number(OSSL_PKEY_PARAM_RSA_N));
  std::string n_less_one = n;
  n_less_one.back() = static_cast<char>(n_less_one.back() - 1);
  std::string flipped = raw;
  flipped[7] = static_cast<char>(flipped[7] ^ 1);
  std::string one(raw.size(), '\0');
  one.back() = 1;
  for (const std::string& bad :
       {std::string(1, '\0'), std::string(raw.size(), '\0'), one, n, n_less_one, flipped,
        raw.substr(1), raw.substr(0, raw.size() - 1), raw + '\0', '\0' + raw, raw + raw}) {
    EXPECT_EQ(judge(with_signature(good, bad)), Reason::kBadSignature);
  }
  EXPECT_EQ(judge(good), Reason::kNone);
}

// OpenSSL reads a shorter PSS signature as the number that it is; RFC 8017 section 8.1.2 refuses
// it.
TEST(TokenAttacks, S2RefusesASignatureWhoseLeadingZeroWasTakenOff) {
  IssuerSettings settings = entra_settings();
  settings.algorithms = {"PS256"};
  auto snapshot = snapshot_of({settings});
  auto header = entra_header().with("alg", "\"PS256\"").json();
  for (int attempt = 0; attempt < 5000; ++attempt) {
    auto token = TestKey::rsa().token(header, entra_claims().json(), "PS256");
    std::string raw = *from_base64url(parts_of(token)[2]);
    if (raw[0] != '\0') continue;  // one in 256 begins so; the salt changes it every time
    ASSERT_TRUE(verify(*snapshot, token, test_time()));
    EXPECT_FALSE(verify(*snapshot, with_signature(token, raw.substr(1)), test_time()));
    return;
  }
  FAIL() << "no signature began with a zero";
}

TEST(TokenAttacks, S2RefusesAChangedPayloadOrHeader) {
  auto parts = parts_of(signed_token(entra_claims()));
  std::string payload = to_base64url(entra_claims().with("oid", in_quotes(kTestApi)).json());
  EXPECT_EQ(judge(parts[0] + "." + payload + "." + parts[2]), Reason::kBadSignature);
  std::string header = to_base64url(entra_header().with("typ", "\"jwt\"").json());
  EXPECT_EQ(judge(header + "." + parts[1] + "." + parts[2]), Reason::kBadSignature);
}

TEST(TokenAttacks, S3RefusesPsychicAndOutOfRangeEcdsaSignatures) {
  IssuerSettings settings = entra_settings();
  settings.algorithms = {"ES256"};
  const TestKey& key = TestKey::p256();
  auto snapshot = make_snapshot(1, {IssuerState(settings, test_keys({key.jwk("k1")}))});
  auto header = entra_header().with("alg", "\"ES256\"").json();
  std::string good = key.token(header, entra_claims().json(), "ES256");
  ASSERT_TRUE(verify(*snapshot, good, test_time()));

  std::string raw = *from_base64url(parts_of(good)[2]);
  std::string n = *from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  std::string n1 = n;
  n1.back() = static_cast<char>(n1.back() - 1);
  std::string zero(32, '\0');
  std::string r = raw.substr(0, 32);
  std::string s = raw.substr(32);
  for (const std::string& bad : {zero + zero, zero + s, r + zero, n + s, r + n, n + n, n1 + s,
                                 r + n1, raw + '\0', '\0' + raw, raw.substr(1), s + r}) {
    auto refused = verify(*snapshot, with_signature(good, bad), test_time());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason::kBadSignature);
  }
}

TEST(TokenAttacks, S5RefusesBase64ThatIsNotCanonical) {
  std::string good = signed_token(entra_claims());
  auto parts = parts_of(good);
  auto join = [](const std::vector<std::string>& all) {
    return all[0] + "." + all[1] + "." + all[2];
  };
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::string_view wrong : {"=", "==", "+", "/", " ", "\n", "\t", "?", "%3D"}) {
      auto spoiled = parts;
      spoiled[i] += wrong;
      EXPECT_EQ(judge(join(spoiled)), Reason::kMalformed) << i << wrong;
      spoiled = parts;
      spoiled[i].insert(4, wrong);
      EXPECT_EQ(judge(join(spoiled)), Reason::kMalformed) << i << wrong;
    }
  }
  // 256 bytes leave two bits of the last character unused: they must be zero.
  auto spoiled = parts;
  ASSERT_EQ(spoiled[2].size() % 4, 2u);
  spoiled[2].back() = static_cast<char>(spoiled[2].back() + 1);
  EXPECT_EQ(judge(join(spoiled)), Reason::kMalformed);
}

TEST(TokenAttacks, S6RefusesTheJsonSerialisation) {
  auto parts = parts_of(signed_token(entra_claims()));
  EXPECT_EQ(judge(R"({"protected":")" + parts[0] + R"(","payload":")" + parts[1] +
                  R"(","signature":")" + parts[2] + "\"}"),
            Reason::kMalformed);
}

TEST(TokenAttacks, K1K3RefusesKeyIdsThatNameNoKey) {
  for (std::string_view kid :
       {"\"other\"", "\"K1\"", "\"k1 \"", "\"\"", "\"../../../../dev/null\"", "\"/dev/null\"",
        "\"k1' OR '1'='1\"", "\"k1|/bin/sh\"", "\"\xF0\x9F\x94\x91\"", "\"k\""}) {
    EXPECT_EQ(judge_header(entra_header().with("kid", kid)), Reason::kUnknownKey) << kid;
  }
  EXPECT_EQ(judge_header(entra_header().with("kid", "\"k1\\u0000\"")), Reason::kMalformed);
  EXPECT_EQ(judge_header(entra_header().with("kid", in_quotes(std::string(8000, 'k')))),
            Reason::kUnknownKey);
  EXPECT_EQ(judge_header(entra_header().with("kid", in_quotes(std::string(65536, 'k')))),
            Reason::kTooLarge);
  for (std::string_view kid : {"1", "null", "[\"k1\"]"}) {
    EXPECT_EQ(judge_header(entra_header().with("kid", kid)), Reason::kMalformed) << kid;
  }
}

TEST(TokenAttacks, RefusesATokenWithoutKeyIdThoughThereIsOneKey) {
  EXPECT_EQ(judge_header(entra_header().without("kid")), Reason::kKeyIdMissing);
}

TEST(TokenAttacks, K4K5RefusesKeysAndKeyAddressesInTheHeader) {
  const TestKey& attacker = TestKey::other_rsa();
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"jku", "\"https://127.0.0.1:1/keys\""},
                                                        {"x5u", "\"https://127.0.0.1:1/cert\""},
                                                        {"jwk", attacker.jwk("k1")},
                                                        {"x5c", "[\"MIIB\"]"}}) {
    auto header = entra_header().with(name, value);
    EXPECT_EQ(judge(attacker.token(header.json(), entra_claims().json(), "RS256")),
              Reason::kKeyInHeader);
    EXPECT_EQ(judge_header(header), Reason::kKeyInHeader);
  }
}

TEST(TokenAttacks, K7RefusesATokenSignedByAnotherIssuersKey) {
  IssuerSettings ours = entra_settings();
  IssuerSettings theirs = entra_settings();
  theirs.name = "fabrikam";
  theirs.issuer = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
  auto snapshot = make_snapshot(
      1, {IssuerState(ours, test_keys({TestKey::rsa().jwk("k1")})),
          IssuerState(theirs, test_keys({TestKey::other_rsa().jwk("k2")}, theirs.issuer))});
  auto forged = TestKey::other_rsa().token(entra_header().with("kid", "\"k2\"").json(),
                                           entra_claims().json(), "RS256");
  auto refused = verify(*snapshot, forged, test_time());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kUnknownKey);
  EXPECT_EQ(refused.error().issuer, "contoso");
}

TEST(TokenAttacks, C1RefusesCriticalExtensionsAndUnencodedPayloads) {
  for (std::string_view crit :
       {"[\"exp\"]", "[]", "[\"b64\"]", "[\"alg\"]", "\"x\"", "[\"x\",\"x\"]"}) {
    EXPECT_EQ(judge_header(entra_header().with("crit", crit)), Reason::kCritUnsupported) << crit;
  }
  EXPECT_EQ(judge_header(entra_header().with("b64", "false")), Reason::kCritUnsupported);
  EXPECT_EQ(judge_header(entra_header().with("b64", "true")), Reason::kCritUnsupported);
}

TEST(TokenAttacks, C2RefusesTokensOfAnotherType) {
  for (std::string_view typ : {"secevent+jwt", "dpop+jwt", "logout+jwt", "JOSE", "JWE", "",
                               "application/secevent+jwt", "at+jwtx"}) {
    EXPECT_EQ(judge_header(entra_header().with("typ", in_quotes(typ))), Reason::kWrongType) << typ;
  }
  EXPECT_EQ(judge_header(entra_header().with("typ", "1")), Reason::kWrongType);
  EXPECT_EQ(judge_header(entra_header().with("cty", "\"JWT\"")), Reason::kWrongType);
  for (std::string_view typ : {"jwt", "JWT", "application/jwt"}) {
    EXPECT_EQ(judge_header(entra_header().with("typ", in_quotes(typ))), Reason::kNone) << typ;
  }
}

TEST(TokenAttacks, C2TakesNothingButJwtOfEntraWhichAlwaysWritesIt) {
  IssuerSettings other = entra_settings();
  other.issuer = "https://other.example";
  Members claims = entra_claims().with("iss", in_quotes(other.issuer));
  for (std::string_view typ : {"at+jwt", "AT+JWT", "application/at+jwt"}) {
    auto header = entra_header().with("typ", in_quotes(typ));
    EXPECT_EQ(judge_header(header), Reason::kWrongType) << typ;
    EXPECT_EQ(judge(signed_token(claims, header), other), Reason::kNone) << typ;
  }
  auto without = entra_header().without("typ");
  EXPECT_EQ(judge_header(without), Reason::kWrongType);
  EXPECT_EQ(judge(signed_token(claims, without), other), Reason::kNone);
}

TEST(TokenAttacks, C3RefusesCompressedAndEncryptedTokens) {
  EXPECT_EQ(judge_header(entra_header().with("zip", "\"DEF\"")), Reason::kEncrypted);
  EXPECT_EQ(judge_header(entra_header().with("enc", "\"A128GCM\"")), Reason::kEncrypted);
}

TEST(TokenAttacks, P1RefusesDuplicateMembersAtEveryDepth) {
  auto with_raw = [](std::string_view more) {
    std::string payload = entra_claims().json();
    payload.insert(1, std::string(more) + ",");
    return TestKey::rsa().token(entra_header().json(), payload, "RS256");
  };
  EXPECT_EQ(judge(with_raw("\"aud\":\"x\"")), Reason::kDuplicateMember);
  EXPECT_EQ(judge(with_raw("\"oid\":\"x\"")), Reason::kDuplicateMember);
  EXPECT_EQ(judge(with_raw("\"\\u0061ud\":\"x\"")), Reason::kDuplicateMember);
  EXPECT_EQ(judge(with_raw("\"x\":{\"a\":1,\"a\":1}")), Reason::kDuplicateMember);
  EXPECT_EQ(judge(with_raw("\"x\":[{\"a\":1,\"a\":1}]")), Reason::kDuplicateMember);
  EXPECT_EQ(judge(TestKey::rsa().token(R"({"alg":"RS256","kid":"k1","alg":"RS256"})",
                                       entra_claims().json(), "RS256")),
            Reason::kDuplicateMember);
}

TEST(TokenAttacks, P2RefusesPayloadsThatAreNotAPlainObject) {
  auto payload = [](std::string_view text) {
    return judge(TestKey::rsa().token(entra_header().json(), text, "RS256"));
  };
  for (std::string_view text : {"[]", "1", "null", "\"x\"", "{", "{}}", "{\"a\":}", "{\"a\":01}",
                                "{'a':1}", "{\"a\":NaN}", "{\"a\":1,}", "// c\n{}"}) {
    EXPECT_EQ(payload(text), Reason::kMalformed) << text;
  }
  EXPECT_EQ(payload("{\"a\":\"\xff\"}"), Reason::kMalformed);
  EXPECT_EQ(payload("{\"a\":\"\\ud800\"}"), Reason::kMalformed);
  EXPECT_EQ(payload("{\"a\":\"\\u0000\"}"), Reason::kMalformed);
  EXPECT_EQ(payload(std::string("{\"a\":\"\0\"}", 9)), Reason::kMalformed);
  std::string deep = "{\"a\":" + std::string(5000, '[') + std::string(5000, ']') + "}";
  EXPECT_EQ(payload(deep), Reason::kMalformed);
  EXPECT_EQ(payload("{\"a\":\"" + std::string(1 << 20, 'x') + "\"}"), Reason::kTooLarge);
  EXPECT_EQ(payload("{}"), Reason::kIssuerUnknown);
}

TEST(TokenAttacks, P11RefusesAGraphTokenWhoseSignatureCoversAHashedNonce) {
  // Graph signs a header in which the nonce is hashed; what travels does not verify.
  auto parts = parts_of(signed_token(entra_claims(), entra_header().with("nonce", "\"hashed\"")));
  std::string header = to_base64url(entra_header().with("nonce", "\"plain\"").json());
  EXPECT_EQ(judge(header + "." + parts[1] + "." + parts[2]), Reason::kBadSignature);
}

TEST(TokenAttacks, AnswersKeysUnavailableWhileThereIsNoUsableKeySet) {
  auto without = make_snapshot(1, {IssuerState(entra_settings())});
  auto refused = verify(*without, signed_token(entra_claims()), test_time());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kKeysUnavailable);

  auto keys = test_keys({TestKey::rsa().jwk("k1")});
  auto aged = make_snapshot(1, {IssuerState(entra_settings(), keys, test_time(100))});
  EXPECT_TRUE(verify(*aged, signed_token(entra_claims()), test_time(99)));
  refused = verify(*aged, signed_token(entra_claims()), test_time(100));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kKeysUnavailable);
}

TEST(TokenAttacks, ARefusalNamesThePersonOnlyAfterTheSignature) {
  auto snapshot = snapshot_of({entra_settings()});
  auto guest = verify(*snapshot, signed_token(entra_claims().with("acct", "1")), test_time());
  ASSERT_FALSE(guest);
  ASSERT_NE(guest.error().person, nullptr);
  EXPECT_EQ(guest.error().person->object_id, kTestPerson);
  EXPECT_TRUE(guest.error().signature_verified);
  EXPECT_EQ(guest.error().claim, "acct");
  EXPECT_EQ(guest.error().got, "1");

  auto forged = verify(*snapshot,
                       TestKey::other_rsa().token(entra_header().json(),
                                                  entra_claims().with("acct", "1").json(), "RS256"),
                       test_time());
  ASSERT_FALSE(forged);
  EXPECT_EQ(forged.error().reason, Reason::kBadSignature);
  EXPECT_EQ(forged.error().person, nullptr);
  EXPECT_FALSE(forged.error().signature_verified);
  EXPECT_EQ(forged.error().key_id, "k1");
}

TEST(TokenAttacks, RefusalTextsAreBoundedAndHoldNoControlCharacters) {
  auto snapshot = snapshot_of({entra_settings()});
  auto long_iss = entra_claims().with("iss", in_quotes("https://x/" + std::string(490, 'y')));
  auto refused = verify(*snapshot, signed_token(long_iss), test_time());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kIssuerUnknown);
  EXPECT_LE(refused.error().got.size(), 200u);
  refused = verify(*snapshot,
                   signed_token(entra_claims(), entra_header().with("kid", "\"a\\n\\u001b[31mb\"")),
                   test_time());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().got, "a??[31mb");
  EXPECT_EQ(bounded("a\xc2\x9b"
                    "31m\xc3\xa9"),
            "a?31m\xc3\xa9");  // U+009B is one, too
}

}  // namespace
}  // namespace sallyport::identity
