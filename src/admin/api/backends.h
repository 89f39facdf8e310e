// What the handlers of the API speak to; filled in app/. Called on the desks' threads, so that
// everything here may be called by any thread and may wait for the disk.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "admin/configuration.h"
#include "admin/desk.h"
#include "admin/jobs.h"
#include "admin/revocations.h"
#include "admin/status.h"
#include "audit/name_table.h"
#include "audit/record.h"

namespace sallyport::admin {

struct Backends {
  std::function<Status()> status;
  RevocationDesk& revocations;
  audit::NameTable& people;
  JobTable& jobs;
  std::function<std::string()> record_directory;
  /// An event line of the record; false: it is not there, and nothing may be acknowledged.
  std::function<bool(std::string_view name, std::span<const audit::Detail> details)> record_event;
  /// Has the work done at the desk for questions that read much of the record, which each door has
  /// for itself; false: it is full.
  std::function<bool(const Caller& caller, Desk::Work work)> at_archive;
  std::function<ConfigurationView()> configuration;
  /// Reads the file again, as SIGHUP does.
  std::function<std::expected<ConfigurationReload, Problem>(const Caller& caller,
                                                            const ReloadWish& wish)>
      reload;
};

}  // namespace sallyport::admin
