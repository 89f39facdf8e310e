// The running gateway, wired together: the one file that knows every folder. Made from a checked
// configuration, run by the `gateway` command, ended by a signal.
//
//   auto service = Service::start(std::move(configuration));
//   ... (*service)->reload("SIGHUP") ...
//   (*service)->stop();
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "config/configuration.h"

namespace sallyport::app {

class Service {
 public:
  /// Opens everything, in the order in which it fails most plainly, and begins to serve.
  [[nodiscard]] static Result<std::unique_ptr<Service>> start(config::Configuration configuration);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Reads the configuration again and swaps it in where it is right; else everything stays as it
  /// is. The log says which. `by`: who asks, for the record.
  void reload(std::string by);
  /// Drains and ends: running exchanges get up to 25 seconds.
  void stop();

  struct Parts;  ///< service_parts.h

 private:
  explicit Service(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace sallyport::app
