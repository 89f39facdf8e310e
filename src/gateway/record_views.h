// The audit record's view of a running exchange: flat structs of views into it and its head. Lives
// for one append call, while the head is in place.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "gateway/exchange.h"

namespace sallyport::gateway {

/// What the record says of a person in every line, made once a token: Principal::record.
[[nodiscard]] std::string recorded_person(const identity::PrincipalDraft& who,
                                          const identity::Snapshot& snapshot);

class RecordViews {
 public:
  /// The state has a person, and its client's head is in place.
  explicit RecordViews(const Exchange& exchange);
  RecordViews(const RecordViews&) = delete;
  RecordViews& operator=(const RecordViews&) = delete;

  [[nodiscard]] audit::Person person() const;
  [[nodiscard]] audit::NetworkOrigin source() const;
  [[nodiscard]] audit::Program program() const;
  [[nodiscard]] audit::Request request() const;

 private:
  const Exchange& x_;
  std::vector<std::string_view> proxies_;
  std::vector<std::string_view> tools_;
  Few<std::string_view, 4> betas_;
  Few<std::string_view, 4> groups_;
  std::string_view session_, agent_, parent_agent_, prompt_;
};

}  // namespace sallyport::gateway
