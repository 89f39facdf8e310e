// One request to an identity provider or gateway at a time, waited for: a command has nothing else
// to do. Over http::Fetcher: TLS verified, redirects refused, answers bounded, 10 s at most unless
// the request says otherwise.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/fetch.h"

namespace sallyport::signin {

/// A body in application/x-www-form-urlencoded, which is a secret as a whole.
class Form {
 public:
  Form& add(std::string_view name, std::string_view value);
  [[nodiscard]] std::string_view text() const { return text_.reveal(); }
  [[nodiscard]] Secret take() { return std::move(text_); }

 private:
  Secret text_;
};

/// RFC 3986 percent encoding of everything that is not unreserved.
[[nodiscard]] std::string percent_encode(std::string_view text);

class Web {
 public:
  /// `ca_file`: PEM, instead of the system's trust store; may be empty.
  explicit Web(std::string ca_file) : ca_file_(std::move(ca_file)) {}
  virtual ~Web() = default;

  [[nodiscard]] Result<http::FetchResponse> get(const std::string& url);
  [[nodiscard]] Result<http::FetchResponse> post(const std::string& url, Form form);
  /// Any other request; its `ca_file` is ours.
  [[nodiscard]] Result<http::FetchResponse> exchange(http::FetchRequest request) {
    return send(std::move(request));
  }

 protected:
  /// A test answers here.
  [[nodiscard]] virtual Result<http::FetchResponse> send(http::FetchRequest request);

 private:
  std::string ca_file_;
  std::unique_ptr<http::Fetcher> fetcher_;  ///< from the first request on
};

}  // namespace sallyport::signin
