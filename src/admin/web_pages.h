// The few pages that the administrator's port shows to a browser: plain HTML without any script,
// which says so to the browser in every answer (Content-Security-Policy), may stand in no frame and
// is kept by no cache. Every text in it is escaped here. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "admin/caller.h"
#include "base/entropy.h"
#include "base/result.h"

namespace sallyport::admin {

struct WebPage {
  int status = 200;
  std::string html;
  std::string fields;  ///< whole header lines; `cache-control: no-store` is the sender's
};

/// What stands in text and in quoted attributes of HTML.
[[nodiscard]] std::string escape_html(std::string_view text);

class WebPages {
 public:
  /// `tls`: browsers are told to come by TLS alone from now on.
  WebPages(Entropy& entropy, bool tls) : entropy_(entropy), tls_(tls) {}

  /// Who you are, what you may, and why.
  [[nodiscard]] WebPage home(const Caller& caller, bool has_description) const;
  /// Goes on to `url`, which is ours, by itself.
  [[nodiscard]] WebPage signed_in(const Caller& caller, std::string_view url) const;
  /// Signed in, and with nothing that they may: which roles there are, and whom to ask.
  [[nodiscard]] WebPage no_role(const Caller& caller) const;
  [[nodiscard]] WebPage signed_out() const;
  /// Something came to nothing: the sentence, the code, the next step.
  [[nodiscard]] WebPage failed(int status, const Error& error) const;
  /// Browsers sign in by TLS alone.
  [[nodiscard]] WebPage needs_tls() const;
  /// 303 to another page, ours or the identity provider's.
  [[nodiscard]] WebPage go_to(const std::string& url) const;

 private:
  struct Parts {
    int status = 200;
    std::string_view title;
    std::string body;                                  ///< HTML
    std::string head = {};                             ///< HTML
    std::string_view referrer_policy = "no-referrer";  ///< see home()
  };
  [[nodiscard]] WebPage make(const Parts& parts) const;

  Entropy& entropy_;
  bool tls_;
};

}  // namespace sallyport::admin
