// Each source against a strict endpoint of its kind: what it is asked, byte for byte, and what it
// makes of every answer that the documentation names.
#include "cloud/token_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>

#include "base/test_folder.h"
#include "http/test_server.h"

namespace sallyport::cloud {
namespace {

using http::TestServer;
using testing::HasSubstr;

constexpr std::string_view kGood = R"({"access_token":"token-canary","expires_in":"3600"})";

class Sources : public testing::Test {
 protected:
  Sources() : server_([this](const TestServer::Request& request) { return answer(request); }) {
    settings_.endpoint = server_.url("/token");
    settings_.scope = "https://ai.azure.com/.default";
  }

  Obtained ask() {
    std::promise<Obtained> promise;
    obtain({fetcher_, clock_, entropy_, std::make_shared<SourceSettings>(settings_),
            std::chrono::milliseconds(2000)},
           [&](Obtained got) { promise.set_value(std::move(got)); });
    return promise.get_future().get();
  }
  CredentialFailure failure() {
    auto got = ask();
    EXPECT_FALSE(got);
    return got ? CredentialFailure{} : std::move(got.error());
  }
  void say(TestServer::Answer answer) {
    std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  std::string file(const std::string& name, std::string_view content) {
    std::ofstream(folder_ + "/" + name) << content;
    return folder_ + "/" + name;
  }
  void set_secret(std::string_view text) { settings_.secret = std::make_shared<Secret>(text); }

  std::mutex mutex_;
  std::vector<TestServer::Answer> answers_;  ///< the next first; then kGood
  std::vector<TestServer::Request> requests_;
  FakeClock clock_;
  FakeEntropy entropy_;
  SourceSettings settings_;
  const TestFolder own_folder_;
  const std::string folder_ = own_folder_.path();
  TestServer server_;
  http::Fetcher fetcher_;

 private:
  TestServer::Answer answer(const TestServer::Request& request) {
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (answers_.empty()) return TestServer::text(kGood);
    auto next = answers_.front();
    answers_.erase(answers_.begin());
    return next;
  }
};

TEST_F(Sources, ImdsIsAskedAsItsPageSays) {
  settings_.kind = SourceKind::kImds;
  auto token = ask();
  ASSERT_TRUE(token);
  EXPECT_EQ(token->text.reveal(), "token-canary");
  EXPECT_EQ(requests_[0].method, "GET");
  EXPECT_EQ(requests_[0].target,
            "/token?api-version=2018-02-01&resource=https%3A%2F%2Fai.azure.com");
  EXPECT_THAT(requests_[0].head, HasSubstr("\r\nMetadata: true\r\n"));
  settings_.client_id = "8f3c2d10";
  ASSERT_TRUE(ask());
  EXPECT_THAT(requests_[1].target, testing::EndsWith("&client_id=8f3c2d10"));
  settings_.client_id.clear();
  settings_.resource_id = "/subscriptions/a b";
  ASSERT_TRUE(ask());
  EXPECT_THAT(requests_[2].target, testing::EndsWith("&msi_res_id=%2Fsubscriptions%2Fa%20b"));
}

TEST_F(Sources, ImdsIsNeverAskedThroughAProxy) {
  settings_.kind = SourceKind::kImds;
  ::setenv("http_proxy", "http://127.0.0.1:9", 1);
  auto token = ask();
  ::unsetenv("http_proxy");
  EXPECT_TRUE(token);
}

TEST_F(Sources, EachAnswerOfAPlatformIsPassingOrLasting) {
  settings_.kind = SourceKind::kImds;
  struct Case {
    const char* status;
    std::string_view headers;
    std::string_view body;
    bool lasting;
    int retry_after;
    std::string_view says;
  };
  for (const auto& c : {
           Case{"400 Bad Request", "",
                R"({"error":"invalid_request","error_description":"Identity not found"})", true, 0,
                "no such managed identity"},
           Case{
               "400 Bad Request", "",
               R"({"error":"invalid_resource","error_description":"AADSTS500011: The resource x"})",
               true, 0, "does not know the resource"},
           Case{"403 Forbidden", "", "", true, 0, "refuses this process"},
           Case{"404 Not Found", "", "", false, 0, "just being renewed"},
           Case{"410 Gone", "", "", false, 0, "70 seconds"},
           Case{"429 Too Many Requests", "Retry-After: 17\r\n", "", false, 17, "too often"},
           Case{"429 Too Many Requests", "Retry-After: never\r\n", "", false, 5, "too often"},
           Case{"500 Internal Server Error", "", R"({"statusCode":500,"message":"unexpected"})",
                false, 5, "unexpected"},
           Case{"503 Service Unavailable", "Retry-After: 99999\r\n", "", false, 300, "failed"},
           Case{"200 OK", "", "<html>", false, 0, "not a token"},
           Case{"302 Found", "Location: http://evil.example/\r\n", "", true, 0, "redirect"},
       }) {
    say(TestServer::text(c.body, c.status, c.headers));
    auto failed = failure();
    EXPECT_EQ(failed.lasting, c.lasting) << c.status << c.body;
    EXPECT_EQ(failed.retry_after.count(), c.retry_after) << c.status;
    EXPECT_THAT(failed.error.message, HasSubstr(std::string(c.says))) << c.status;
    EXPECT_FALSE(failed.error.next_step.empty()) << c.status;
  }
  say(TestServer::text(std::string(kTokenAnswerBytes + 1, 'x')));
  EXPECT_EQ(failure().error.code, "fetch.too_large");
  say({.bytes = "", .hold = true});
  EXPECT_EQ(failure().error.code, "fetch.timeout");
}

TEST_F(Sources, AppServiceIsShownItsHeader) {
  settings_.kind = SourceKind::kAppService;
  settings_.object_id = "oid";
  set_secret("header-canary");
  ASSERT_TRUE(ask());
  EXPECT_EQ(requests_[0].target,
            "/token?api-version=2019-08-01&resource=https%3A%2F%2Fai.azure.com&object_id=oid");
  EXPECT_THAT(requests_[0].head, HasSubstr("\r\nX-IDENTITY-HEADER: header-canary\r\n"));
  say(TestServer::text(R"({"message":"header-canary is wrong"})", "401 Unauthorized"));
  EXPECT_THAT(failure().error.text(), testing::Not(HasSubstr("canary")));
}

class Arc : public Sources {
 protected:
  Arc() {
    settings_.kind = SourceKind::kArc;
    settings_.arc_token_folder = folder_;
  }
  void challenge(const std::string& field) {
    say(TestServer::text("", "401 Unauthorized", "WWW-Authenticate: " + field + "\r\n"));
  }
};

TEST_F(Arc, ProvesThatItMayReadTheAgentsFile) {
  challenge("Basic realm=" + file("challenge-1.key", "proof-canary\n"));
  ASSERT_TRUE(ask());
  ASSERT_EQ(requests_.size(), 2u);
  for (const auto& request : requests_) {
    EXPECT_EQ(request.target, "/token?api-version=2020-06-01&resource=https%3A%2F%2Fai.azure.com");
    EXPECT_THAT(request.head, HasSubstr("\r\nMetadata: true\r\n"));
  }
  EXPECT_THAT(requests_[0].head, testing::Not(HasSubstr("Authorization")));
  EXPECT_THAT(requests_[1].head, HasSubstr("\r\nAuthorization: Basic proof-canary\r\n"));
}

TEST_F(Arc, SendsNoOtherFileWhateverTheChallengeNames) {
  std::string inner = folder_ + "/inner";
  std::filesystem::create_directory(inner);
  std::ofstream(inner + "/deep.key") << "stolen-canary";
  file("plain.txt", "stolen-canary");
  file("large.key", std::string(4097, 'x'));
  file("lines.key", "stolen\ncanary");
  file("empty.key", "");
  std::filesystem::create_symlink("/etc/hostname", folder_ + "/link.key");
  ASSERT_EQ(::mkfifo((folder_ + "/pipe.key").c_str(), 0600), 0);
  std::filesystem::create_directory(folder_ + "/folder.key");
  for (const auto& field : std::vector<std::string>{
           "Basic realm=/etc/passwd", "Basic realm=/etc/shadow.key",
           "Basic realm=" + folder_ + "/plain.txt", "Basic realm=" + folder_ + "/inner/deep.key",
           "Basic realm=" + folder_ + "/../" + folder_.substr(folder_.rfind('/') + 1) +
               "/plain.key",
           "Basic realm=" + folder_ + "/..key", "Basic realm=" + folder_ + "/.key",
           "Basic realm=" + folder_ + "/large.key", "Basic realm=" + folder_ + "/lines.key",
           "Basic realm=" + folder_ + "/empty.key", "Basic realm=" + folder_ + "/link.key",
           "Basic realm=" + folder_ + "/pipe.key", "Basic realm=" + folder_ + "/folder.key",
           "Basic realm=" + folder_ + "/missing.key", "Basic realm=plain.key",
           "Basic realm=", "Bearer realm=" + folder_ + "/plain.key", "Basic", ""}) {
    challenge(field);
    auto before = requests_.size();
    auto failed = failure();
    EXPECT_TRUE(failed.error.code == "credential.challenge" ||
                failed.error.code == "credential.file")
        << field << failed.error.text();
    EXPECT_EQ(requests_.size(), before + 1) << "something was sent for " << field;
    EXPECT_THAT(failed.error.text(), testing::Not(HasSubstr("canary")));
  }
  // and where the folder itself is a link
  std::filesystem::create_directory_symlink(folder_, folder_ + "/alias");
  file("good.key", "proof");
  settings_.arc_token_folder = folder_ + "/alias";
  challenge("Basic realm=" + folder_ + "/alias/good.key");
  EXPECT_EQ(failure().error.code, "credential.file");
}

TEST_F(Arc, DoesNotTakeATokenWithoutTheChallenge) {
  EXPECT_EQ(failure().error.code, "credential.challenge");
}

TEST_F(Arc, IsChallengedOnceAlone) {
  std::string field = "Basic realm=" + file("a.key", "proof");
  challenge(field);
  challenge(field);
  EXPECT_EQ(failure().error.code, "credential.refused");
  EXPECT_EQ(requests_.size(), 2u);
}

TEST_F(Sources, AClientSecretIsEncoded) {
  settings_.kind = SourceKind::kClientSecret;
  settings_.client_id = "8f3c2d10";
  set_secret("a+b/c=d&e~f %");
  ASSERT_TRUE(ask());
  EXPECT_EQ(requests_[0].method, "POST");
  EXPECT_THAT(requests_[0].head,
              HasSubstr("\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
  EXPECT_EQ(requests_[0].body,
            "grant_type=client_credentials&client_id=8f3c2d10&scope=https%3A%2F%2Fai.azure.com%2F."
            "default&client_secret=a%2Bb%2Fc%3Dd%26e~f%20%25");
}

TEST_F(Sources, EntrasCodesAreExplained) {
  settings_.kind = SourceKind::kClientSecret;
  set_secret("the-secret-canary");
  for (auto [status, body, says, lasting] :
       {std::tuple("401 Unauthorized",
                   R"({"error":"invalid_client","error_codes":[7000215],"trace_id":"t-1"})",
                   "secret is wrong", true),
        std::tuple("401 Unauthorized", R"({"error":"invalid_client","error_codes":[7000222]})",
                   "secret has expired", true),
        std::tuple("400 Bad Request", R"({"error":"invalid_resource","error_codes":[500011]})",
                   "does not know the resource", true),
        std::tuple("400 Bad Request", R"({"error":"unauthorized_client","error_codes":[700016]})",
                   "does not know the application", true),
        std::tuple("400 Bad Request",
                   R"({"error":"x","error_description":"new thing: the-secret-canary"})",
                   "Entra answered 400", true),
        std::tuple("400 Bad Request", R"({"error":"temporarily_unavailable"})",
                   "temporarily_unavailable", false),
        std::tuple("429 Too Many Requests", R"({"error":"x","error_codes":[90055]})", "too often",
                   false),
        std::tuple("503 Service Unavailable", "", "503", false)}) {
    say(TestServer::text(body, status));
    auto failed = failure();
    EXPECT_THAT(failed.error.message, HasSubstr(says));
    EXPECT_THAT(failed.error.text(), testing::Not(HasSubstr("canary")));
    EXPECT_EQ(failed.lasting, lasting) << body;
  }
}

TEST_F(Sources, AWorkloadsFileIsReadAtEveryRequest) {
  settings_.kind = SourceKind::kWorkloadIdentity;
  settings_.client_id = "8f3c2d10";
  settings_.token_file = file("token", "first.jwt\n");
  ASSERT_TRUE(ask());
  file("token", "second.jwt");
  ASSERT_TRUE(ask());
  constexpr std::string_view kStart =
      "grant_type=client_credentials&client_id=8f3c2d10&scope=https%3A%2F%2Fai.azure.com%2F."
      "default&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-"
      "bearer&client_assertion=";
  EXPECT_EQ(requests_[0].body, std::string(kStart) + "first.jwt");
  EXPECT_EQ(requests_[1].body, std::string(kStart) + "second.jwt");
  std::filesystem::remove(settings_.token_file);
  auto failed = failure();
  EXPECT_EQ(failed.error.code, "credential.file");
  EXPECT_FALSE(failed.lasting) << "the cluster may be exchanging it";
}

}  // namespace
}  // namespace sallyport::cloud
