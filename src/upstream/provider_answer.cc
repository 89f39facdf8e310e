#include "upstream/provider_answer.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/json_reader.h"
#include "upstream/provider.h"

namespace sallyport::upstream {
namespace {

constexpr std::size_t kMostText = 512;       // of an error's member
constexpr std::size_t kMostShownText = 300;  // on a terminal

// What a status means at any provider.
constexpr AnswerRow kAnyProvider[] = {
    {400,
     With::kAny,
     "",
     {true, answer_code::kWorks, "the credential works; the small request itself was not accepted",
      "try a real one"}},
    {413,
     With::kAny,
     "",
     {true, answer_code::kWorks, "the credential works; the small request itself was not accepted",
      "try a real one"}},
    {429,
     With::kAny,
     "",
     {true, answer_code::kWorks, "the credential works; the quota is used up just now",
      "raise the deployment's quota if that happens often"}},
    {0,
     With::kAny,
     "",
     {false, answer_code::kFailing, "the provider has a fault of its own",
      "try again, and look at the provider's status page"}},
};

/// Reads texts, and notices a secret in one before it is cut: a part of it is one as well.
class TextReader {
 public:
  TextReader(JsonReader& json, std::string_view secret) : json_(json), secret_(secret) {}

  /// Empty, and skipped, where the next value is none.
  std::string next() {
    JsonText value;
    if (json_.peek() != JsonKind::kText) {
      json_.skip();
      return {};
    }
    if (!json_.text(value)) return {};
    std::string text = value.decode();
    found_ = found_ || (!secret_.empty() && text.contains(secret_));
    if (text.size() > kMostText) text.resize(kMostText);
    return text;
  }
  [[nodiscard]] bool found_secret() const { return found_; }

 private:
  JsonReader& json_;
  std::string_view secret_;
  bool found_ = false;
};

// Reads the object that comes next.
bool read_error_object(JsonReader& json, TextReader& texts, ErrorBody& into) {
  if (!json.begin_object()) return false;
  JsonText key;
  while (json.next_member(key)) {
    std::string* member = key.is("type")      ? &into.type
                          : key.is("code")    ? &into.code
                          : key.is("message") ? &into.message
                                              : nullptr;
    if (member != nullptr && json.peek() == JsonKind::kText) {
      *member = texts.next();
    } else {
      json.skip();
    }
  }
  return !json.failed();
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, kMostShownText));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out;
}

}  // namespace

ErrorBody read_error_body(std::string_view body, std::string_view secret) {
  if (!is_utf8(body)) return {};
  JsonReader json(body);
  if (json.peek() != JsonKind::kObject || !json.begin_object()) return {};
  TextReader texts(json, secret);
  ErrorBody read;
  bool says_error = false;
  JsonText key;
  while (json.next_member(key)) {
    if (key.is("type") && json.peek() == JsonKind::kText) {
      says_error = texts.next() == "error";
    } else if (key.is("error") && json.peek() == JsonKind::kObject) {
      read.has_error = read_error_object(json, texts, read);
    } else if (key.is("message") || key.is("Message")) {
      read.front_message = texts.next();
    } else {
      json.skip();
    }
  }
  if (!json.finish() || texts.found_secret()) return {};
  read.anthropic = says_error && read.has_error && !read.type.empty();
  return read;
}

ProviderSaid said_by(const ProviderError& error) {
  return {error.status, printable(error.code.empty() ? error.type : error.code),
          printable(error.message)};
}

AnswerMeaning meaning_of(const ProviderKind& kind, const ProviderSaid& said,
                         CredentialKind credential) {
  if (said.status >= 200 && said.status <= 299) {
    return {true, answer_code::kWorks, "the provider answered", ""};
  }
  std::string words = lower_case(said.code + " " + said.message);
  With with = credential == CredentialKind::kApiKey ? With::kKey : With::kToken;
  for (auto rows : {kind.traits().answers, std::span<const AnswerRow>(kAnyProvider)}) {
    for (const auto& row : rows) {
      bool fits = row.status == said.status || (row.status == 0 && said.status >= 500);
      if (fits && (row.with == With::kAny || row.with == with) &&
          words.find(row.words) != words.npos) {
        return row.meaning;
      }
    }
  }
  return {false, answer_code::kBadAnswer, "the answer makes no sense for a Messages API",
          "check what stands at resource or base_url"};
}

TokenFacts read_token_facts(std::string_view token) {
  TokenFacts facts;
  auto first = token.find('.');
  auto last = token.rfind('.');
  if (first == token.npos || last <= first) return facts;
  auto claims = from_base64url(token.substr(first + 1, last - first - 1));
  if (!claims || !is_utf8(*claims)) return facts;
  JsonReader json(*claims);
  if (json.peek() != JsonKind::kObject || !json.begin_object()) return facts;
  TextReader texts(json, {});
  TokenFacts read;
  std::string azp;
  JsonText key;
  while (json.next_member(key)) {
    std::string* into = key.is("aud")     ? &read.audience
                        : key.is("tid")   ? &read.tenant
                        : key.is("oid")   ? &read.object_id
                        : key.is("appid") ? &read.application
                        : key.is("azp")   ? &azp
                                          : nullptr;
    if (into != nullptr && json.peek() == JsonKind::kText) {
      *into = printable(texts.next());
    } else {
      json.skip();
    }
  }
  if (!json.finish()) return facts;
  if (read.application.empty()) read.application = std::move(azp);
  return read;
}

}  // namespace sallyport::upstream
