// The metrics of credentials: one set an upstream's name, made when the name is first seen. Names
// come from the administrator alone; more than kMostNames over a process's life share one set.
#pragma once

#include <map>
#include <string>

#include "base/metrics.h"

namespace sallyport::upstream {

struct CredentialInstruments {
  CredentialInstruments(Metrics& metrics, const std::string& upstream)
      : ready(metrics.gauge("sallyport_upstream_credential_ready",
                            "1 while there is a credential for the provider.",
                            {{"upstream", upstream}})),
        obtained(metrics.gauge("sallyport_upstream_credential_obtained_timestamp_seconds",
                               "When the credential in use was obtained; 0: there is none.",
                               {{"upstream", upstream}})),
        expires(metrics.gauge("sallyport_upstream_credential_expires_timestamp_seconds",
                              "When the credential in use ends; 0: never, or there is none.",
                              {{"upstream", upstream}})),
        fetched(metrics.counter("sallyport_upstream_credential_fetches_total",
                                "Requests to the sources of credentials.",
                                {{"upstream", upstream}, {"result", "ok"}})),
        failed(metrics.counter("sallyport_upstream_credential_fetches_total",
                               "Requests to the sources of credentials.",
                               {{"upstream", upstream}, {"result", "failed"}})),
        refused(metrics.counter("sallyport_upstream_credential_refused_total",
                                "Requests whose credential the provider refused (401, 403).",
                                {{"upstream", upstream}})) {}

  void clear() {
    for (Gauge* gauge : {&ready, &obtained, &expires}) gauge->set(0);
  }

  Gauge &ready, &obtained, &expires;
  Counter &fetched, &failed, &refused;
};

/// Guarded by its owner.
class CredentialInstrumentTable {
 public:
  static constexpr std::size_t kMostNames = 256;
  explicit CredentialInstrumentTable(Metrics& metrics) : metrics_(metrics) {}

  CredentialInstruments& of(const std::string& upstream) {
    auto found = sets_.find(upstream);
    if (found != sets_.end()) return found->second;
    std::string name = sets_.size() < kMostNames ? upstream : "others";
    found = sets_.find(name);
    if (found != sets_.end()) return found->second;
    return sets_.try_emplace(name, metrics_, name).first->second;
  }

 private:
  Metrics& metrics_;
  std::map<std::string, CredentialInstruments> sets_;
};

}  // namespace sallyport::upstream
