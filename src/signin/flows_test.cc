// Both ways in, against a provider that is a function, and the machine's way.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/files.h"
#include "base/test_folder.h"
#include "http/test_server.h"
#include "signin/loopback_listener.h"
#include "signin/machine_flow.h"
#include "signin/metadata.h"
#include "signin/person_flows.h"
#include "signin/test_parts.h"

namespace sallyport::signin {
namespace {

using testing::HasSubstr;

constexpr std::string_view kIssuer = "https://i.example";

Target target() {
  return {.gateway = "",
          .name = "contoso",
          .issuer = std::string(kIssuer),
          .client = "desk",
          .scopes = {"api://gate/Use"}};
}

std::string discovery(std::string_view more = "") {
  return R"({"issuer":"https://i.example","jwks_uri":"https://i.example/keys",)"
         R"("authorization_endpoint":"https://i.example/auth",)"
         R"("token_endpoint":"https://i.example/token",)"
         R"("device_authorization_endpoint":"https://i.example/device")" +
         std::string(more) + "}";
}

std::string parameter(const std::string& url, const std::string& name) {
  auto at = url.find(name + "=");
  if (at == std::string::npos) return "";
  at += name.size() + 1;
  return url.substr(at, url.find('&', at) - at);
}

// One GET to the loopback address, as a browser sends it.
std::string visit(const std::string& redirect, const std::string& query) {
  auto port = static_cast<std::uint16_t>(std::stoi(redirect.substr(redirect.find("%3A", 10) + 3)));
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  std::string head = "GET /callback?" + query +
                     " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n";
  EXPECT_EQ(::send(fd.get(), head.data(), head.size(), 0), static_cast<ssize_t>(head.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(n));
  }
  return answer;
}

class CodeFlowTest : public testing::Test {
 protected:
  /// `queries`: what comes to the loopback address, one after the other; STATE is replaced.
  Result<Session> run(const std::vector<std::string>& queries, std::string claims,
                      std::string_view more = "", bool fresh = false) {
    std::thread person;
    std::string nonce;
    TestBrowser browser([&](const std::string& url) {
      opened = url;
      nonce = parameter(url, "nonce");
      person = std::thread([this, url, queries] {
        for (auto query : queries) {
          auto at = query.find("STATE");
          if (at != std::string::npos) query.replace(at, 5, parameter(url, "state"));
          pages.push_back(visit(parameter(url, "redirect_uri"), query));
        }
      });
    });
    TestWeb web([&](const http::FetchRequest& request) {
      if (request.method == "GET") return answer(200, discovery(more));
      token_request = request.body.reveal();
      auto at = claims.find("NONCE");
      if (at != std::string::npos) claims.replace(at, 5, nonce);
      return answer(
          200, R"({"access_token":"a","expires_in":60,"id_token":")" + token_of(claims) + "\"}");
    });
    FakeClock clock;
    auto session = sign_in_by_code({web, browser, clock, system_entropy()}, target(),
                                   {std::chrono::seconds(10), fresh, {}});
    if (person.joinable()) person.join();
    return session;
  }
  std::string opened, token_request;
  std::vector<std::string> pages;
};

constexpr char kGood[] =
    R"({"iss":"https://i.example","aud":"desk","nonce":"NONCE","exp":1795300000,"oid":"o-1",)"
    R"("name":"Ada"})";

TEST_F(CodeFlowTest, SendsAChallengeAndRedeemsWithItsVerifier) {
  auto session = run({"state=STATE&code=c-1"}, kGood);
  ASSERT_TRUE(session) << session.error().text();
  EXPECT_EQ(session->subject, "o-1");
  EXPECT_EQ(session->person, "Ada");
  EXPECT_EQ(parameter(opened, "code_challenge_method"), "S256");
  EXPECT_EQ(parameter(opened, "scope"),
            "openid%20profile%20offline_access%20api%3A%2F%2Fgate%2FUse");
  std::string verifier = parameter(token_request, "code_verifier");
  EXPECT_EQ(to_base64url(as_text(sha256(verifier))), parameter(opened, "code_challenge"));
  EXPECT_EQ(opened.find(verifier), std::string::npos);
  EXPECT_EQ(parameter(token_request, "redirect_uri"), parameter(opened, "redirect_uri"));
  EXPECT_THAT(pages.at(0), HasSubstr("You can close this window"));
}

TEST_F(CodeFlowTest, AFreshSignInAsksForEverythingAgain) {
  ASSERT_TRUE(run({"state=STATE&code=c"}, kGood, "", true));
  EXPECT_EQ(parameter(opened, "prompt"), "login");
  EXPECT_EQ(parameter(opened, "max_age"), "0");
}

TEST_F(CodeFlowTest, WhoDoesNotKnowTheStateIsTurnedAwayAndTheRightOneStillWorks) {
  auto session = run({"state=guessed&code=evil", "code=evil", "state=STATE&code=good"}, kGood);
  ASSERT_TRUE(session);
  EXPECT_THAT(token_request, HasSubstr("code=good"));
  EXPECT_THAT(pages.at(0), HasSubstr("400 Bad Request"));
  EXPECT_THAT(pages.at(1), HasSubstr("400 Bad Request"));
}

TEST_F(CodeFlowTest, AnAnswerOfAnotherProviderIsNotRedeemed) {
  auto other = run({"state=STATE&code=c&iss=https%3A%2F%2Fevil.example"}, kGood);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "sign_in.foreign_answer");
  EXPECT_EQ(token_request, "");
  auto missing = run({"state=STATE&code=c"}, kGood,
                     R"(,"authorization_response_iss_parameter_supported":true)");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, "sign_in.foreign_answer");
}

TEST_F(CodeFlowTest, AnIdTokenOfAnotherSignInIsRefused) {
  const std::pair<const char*, const char*> kBad[] = {
      {"nonce", R"({"iss":"https://i.example","aud":"desk","nonce":"other","exp":1795300000})"},
      {"no nonce", R"({"iss":"https://i.example","aud":"desk","exp":1795300000})"},
      {"issuer", R"({"iss":"https://x.example","aud":"desk","nonce":"NONCE","exp":1795300000})"},
      {"client", R"({"iss":"https://i.example","aud":"other","nonce":"NONCE","exp":1795300000})"},
      {"two audiences",
       R"({"iss":"https://i.example","aud":["desk","x"],"nonce":"NONCE","exp":1795300000})"},
      {"old", R"({"iss":"https://i.example","aud":"desk","nonce":"NONCE","exp":1795200000})"}};
  for (const auto& [what, claims] : kBad) {
    auto session = run({"state=STATE&code=c"}, claims);
    ASSERT_FALSE(session) << what;
    bool old = std::string_view(what) == "old";
    EXPECT_EQ(session.error().code, old ? "sign_in.expired_token" : "sign_in.foreign_token")
        << what;
  }
}

TEST_F(CodeFlowTest, ThePersonsNoIsToldInASentence) {
  auto session = run({"state=STATE&error=access_denied"}, kGood);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, "sign_in.declined");
  EXPECT_THAT(pages.at(0), HasSubstr("You are not signed in"));
}

TEST(LoopbackListener, GivesUpInTime) {
  auto listener = LoopbackListener::open(0);
  ASSERT_TRUE(listener);
  auto waited = listener->wait("s", std::chrono::seconds(0));
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, "sign_in.timeout");
}

class DeviceFlowTest : public testing::Test {
 protected:
  Result<Session> run(std::vector<std::pair<int, std::string>> polls,
                      std::string_view device = R"("expires_in":900,"interval":5)") {
    std::size_t at = 0;
    TestWeb web([&](const http::FetchRequest& request) {
      if (request.method == "GET") return answer(200, discovery());
      if (request.url.ends_with("/device")) {
        return answer(200, R"({"device_code":"d-secret","user_code":"WDJB-MJHT",)"
                           R"("verification_uri":"https://i.example/device",)" +
                               std::string(device) + "}");
      }
      auto [status, body] = at < polls.size() ? polls[at] : polls.back();
      ++at;
      return answer(status, body);
    });
    TestBrowser browser([&](const std::string& url) { page = url; });
    DeviceOptions options;
    options.tell = [&](const DeviceCode& code, bool) { shown = code.user_code; };
    options.sleep = [&](std::chrono::seconds time) {
      pauses.push_back(time.count());
      clock.advance(time);
    };
    return sign_in_by_device({web, browser, clock, entropy}, target(), options);
  }
  static std::pair<int, std::string> no(std::string_view error) {
    return {400, R"({"error":")" + std::string(error) + "\"}"};
  }
  FakeClock clock;
  FakeEntropy entropy;
  std::string page, shown;
  std::vector<long> pauses;
};

const std::pair<int, std::string> kTokens{200, R"({"access_token":"a","expires_in":60})"};

TEST_F(DeviceFlowTest, WaitsAsLongAsTheProviderSaysAndSlowsDownForGood) {
  auto session = run({no("authorization_pending"),
                      no("slow_down"),
                      no("authorization_pending"),
                      {503, ""},
                      kTokens});
  ASSERT_TRUE(session) << session.error().text();
  EXPECT_EQ(session->access_token.reveal(), "a");
  EXPECT_EQ(shown, "WDJB-MJHT");
  EXPECT_EQ(page, "https://i.example/device");
  EXPECT_EQ(pauses, (std::vector<long>{5, 5, 10, 10, 10}));
}

TEST_F(DeviceFlowTest, EndsWithTheCode) {
  auto session = run({no("authorization_pending")}, R"("expires_in":12,"interval":5)");
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, "sign_in.expired");
  EXPECT_EQ(pauses.size(), 3U);
}

TEST_F(DeviceFlowTest, EndsWithTheProvidersWordInBothDialects) {
  for (auto [error, code] : {std::pair{"access_denied", "sign_in.declined"},
                             {"authorization_declined", "sign_in.declined"},
                             {"expired_token", "sign_in.expired"},
                             {"bad_verification_code", "provider.refused"},
                             {"invalid_client", "provider.refused"}}) {
    auto session = run({no(error)});
    ASSERT_FALSE(session) << error;
    EXPECT_EQ(session.error().code, code) << error;
  }
}

// ---- machines ---------------------------------------------------------------------------------

std::string pem_of(EVP_PKEY* key) {
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  auto size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

struct RsaCertificate {
  RsaCertificate() : key(EVP_RSA_gen(2048)), certificate(X509_new()) {
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate);
    char* data = nullptr;
    auto size = BIO_get_mem_data(out, &data);
    pem.assign(data, static_cast<std::size_t>(size));
    BIO_free(out);
  }
  RsaCertificate(const RsaCertificate&) = delete;
  RsaCertificate& operator=(const RsaCertificate&) = delete;
  ~RsaCertificate() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  EVP_PKEY* key;
  X509* certificate;
  std::string pem;
};

class MachineFiles : public testing::Test {
 protected:
  MachineFiles() {
    machine_.certificate_file = write("app.pem", own_.pem);
    machine_.key_file = write("app.key", pem_of(own_.key));
  }

  std::string write(const std::string& name, std::string_view content) {
    EXPECT_TRUE(write_file_atomically(folder_ / name, content));
    return folder_ / name;
  }
  Result<Session> sign_in() {
    Target ci = target();
    ci.scopes = {"api://gate/.default"};
    return sign_in_machine(web_, clock_, entropy_, ci, machine_);
  }
  std::string_view refusal() {
    auto session = sign_in();
    EXPECT_FALSE(session);
    return session ? std::string_view() : session.error().code;
  }

  RsaCertificate own_;
  MachineIdentity machine_;
  TestFolder folder_;
  FakeClock clock_;
  FakeEntropy entropy_;
  TestWeb web_{[](const http::FetchRequest& request) {
    return request.method == "GET" ? answer(200, discovery())
                                   : answer(200, R"({"access_token":"machine","expires_in":3600})");
  }};
};

TEST_F(MachineFiles, ACertificatesKeySignsForTheTokenEndpointForTenMinutes) {
  auto session = sign_in();
  ASSERT_TRUE(session) << session.error().text();
  const std::string& body = web_.bodies.back();
  auto start = body.find("client_assertion=") + 17;
  auto text = body.substr(start, body.find('&', start) - start);
  auto first = text.find('.'), last = text.rfind('.');
  auto claims = *from_base64url(text.substr(first + 1, last - first - 1));
  EXPECT_THAT(claims, HasSubstr(R"("aud":")" + session->token_endpoint + R"(","iss":")" +
                                session->target.client + '"'));
  auto end = unix_seconds(clock_.wall()) + 600;
  EXPECT_THAT(claims, HasSubstr(R"("exp":)" + std::to_string(end) + '}'));
}

TEST_F(MachineFiles, AreReadStrictly) {
  auto key = pem_of(own_.key);
  std::filesystem::create_symlink(machine_.key_file, folder_ / "mounted.key");
  machine_.key_file = folder_ / "mounted.key";
  EXPECT_TRUE(sign_in()) << "Kubernetes mounts keys by links";
  ASSERT_EQ(::mkfifo((folder_ / "pipe.key").c_str(), 0600), 0);
  for (const auto& file : std::vector<std::string>{
           folder_ / "pipe.key", folder_.path(), folder_ / "none.key", write("empty.key", ""),
           write("binary.key", key + '\x01'), write("large.key", std::string(65 << 10, 'a'))}) {
    machine_.key_file = file;
    EXPECT_EQ(refusal(), "machine.file") << file;
  }
  RsaCertificate other;
  machine_.key_file = write("other.key", pem_of(other.key));
  EXPECT_EQ(refusal(), "assertion.key");
  machine_.certificate_file = write("nonsense.pem", "nonsense");
  EXPECT_EQ(refusal(), "assertion.certificate");
  machine_ = {.secret_file = write("secret", "two\nlines")};
  EXPECT_EQ(refusal(), "machine.file");
}

TEST(MachineFlow, AFederatedTokenIsReadAnewAtEachUse) {
  std::string path = testing::TempDir() + "federated-token-" + std::to_string(::getpid());
  ASSERT_TRUE(write_file_atomically(path, "first\n"));
  TestWeb web([](const http::FetchRequest& request) {
    return request.method == "GET" ? answer(200, discovery())
                                   : answer(200, R"({"access_token":"machine","expires_in":3600})");
  });
  FakeClock clock;
  FakeEntropy entropy;
  Target ci = target();
  ci.scopes = {"openid", "api://gate/.default", "offline_access"};
  auto session =
      sign_in_machine(web, clock, entropy, ci, {.secret_file = {}, .federated_token_file = path});
  ASSERT_TRUE(session) << session.error().text();
  EXPECT_THAT(web.bodies.back(), HasSubstr("client_assertion=first"));
  EXPECT_THAT(web.bodies.back(), HasSubstr("scope=api%3A%2F%2Fgate%2F.default&"));
  ASSERT_TRUE(write_file_atomically(path, "second"));
  EXPECT_TRUE(renew_machine(web, clock, entropy, *session).tokens);
  EXPECT_THAT(web.bodies.back(), HasSubstr("client_assertion=second"));
  ::unlink(path.c_str());
}

// ---- the gateway's word -------------------------------------------------------------------------

TEST(GatewayDocument, StandsBetweenHostAndPath) {
  EXPECT_EQ(metadata_url("https://g.example"),
            "https://g.example/.well-known/oauth-protected-resource");
  EXPECT_EQ(metadata_url("https://g.example:8443/claude/x"),
            "https://g.example:8443/.well-known/oauth-protected-resource/claude/x");
}

TEST(GatewayDocument, MustNameTheGatewayThatWasAsked) {
  std::string entry = R"({"name":"n","issuer":"https://i.example","client":"c","scopes":["s"],)"
                      R"("token":"id_token","redirect_port":8400})";
  auto with = [&](std::string_view resource) {
    return parse_gateway_document(
        R"({"resource":")" + std::string(resource) + R"(","sallyport_sign_in":[)" + entry + "]}",
        "https://g.example/claude");
  };
  auto good = with("https://G.example/claude/");
  ASSERT_TRUE(good) << good.error().text();
  EXPECT_EQ(good->at(0).redirect_port, 8400);
  EXPECT_TRUE(good->at(0).id_token);
  for (const char* other :
       {"https://evil.example/claude", "https://g.example", "http://g.example/claude"}) {
    auto refused = with(other);
    ASSERT_FALSE(refused) << other;
    EXPECT_EQ(refused.error().code, "gateway.other_name");
  }
}

TEST(GatewayDocument, RefusesEntriesThatLeadAstray) {
  for (const char* entry :
       {R"({"name":"n","issuer":"http://i.example","client":"c","scopes":["s"]})",
        R"({"name":"n","issuer":"http://127.0.0.1:9/x","client":"c","scopes":["s"]})",
        R"({"name":"n","issuer":"https://i.example/a?b=c","client":"c","scopes":["s"]})",
        R"({"name":"n","issuer":"https://i.example","client":"c","scopes":["a b"]})",
        R"({"name":"n\u0000","issuer":"https://i.example","client":"c","scopes":["s"]})",
        R"({"name":"n","issuer":"https://i.example","client":"c","scopes":["s"],"token":"both"})",
        R"({"issuer":"https://i.example","client":"c","scopes":["s"]})", "5"}) {
    EXPECT_FALSE(parse_gateway_document(
        R"({"resource":"https://g.example","sallyport_sign_in":[)" + std::string(entry) + "]}",
        "https://g.example"))
        << entry;
  }
  auto nothing = parse_gateway_document(R"({"resource":"https://g.example"})", "https://g.example");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, "gateway.no_sign_in");
}

TEST(Scopes, AreNotAskedOfAProviderThatHasThemNot) {
  Target asked = target();
  EXPECT_EQ(scopes_to_ask(asked, {"openid", "email"}), "openid api://gate/Use");
  asked.scopes = {"openid", "offline_access"};
  EXPECT_EQ(scopes_to_ask(asked, {}), "profile openid offline_access");
}

}  // namespace
}  // namespace sallyport::signin
