#include "signin/web.h"

#include <future>

namespace sallyport::signin {

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() * 3);  // no growth: what is encoded may be a secret
  for (char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

Form& Form::add(std::string_view name, std::string_view value) {
  std::string encoded = percent_encode(value);
  std::string whole;
  whole.reserve(text_.size() + name.size() + encoded.size() + 2);
  whole.append(text_.reveal());
  if (!whole.empty()) whole.push_back('&');
  whole.append(name).append("=").append(encoded);
  wipe(encoded);
  text_ = Secret(std::move(whole));
  return *this;
}

Result<http::FetchResponse> Web::get(const std::string& url) {
  http::FetchRequest request{.url = url};
  request.headers.emplace_back("accept", Secret(std::string_view("application/json")));
  return send(std::move(request));
}

Result<http::FetchResponse> Web::post(const std::string& url, Form form) {
  http::FetchRequest request{.method = "POST", .url = url};
  request.headers.emplace_back("accept", Secret(std::string_view("application/json")));
  request.headers.emplace_back("content-type",
                               Secret(std::string_view("application/x-www-form-urlencoded")));
  request.body = form.take();
  return send(std::move(request));
}

Result<http::FetchResponse> Web::send(http::FetchRequest request) {
  request.ca_file = ca_file_;
  if (!fetcher_) fetcher_ = std::make_unique<http::Fetcher>();
  auto promise = std::make_shared<std::promise<Result<http::FetchResponse>>>();
  auto answer = promise->get_future();
  fetcher_->fetch(std::move(request), [promise](Result<http::FetchResponse> got) {
    promise->set_value(std::move(got));
  });
  return answer.get();
}

}  // namespace sallyport::signin
