// The managed sources of each platform, read into a Device; for device_reader.cc alone.
#pragma once

#include <boost/json/object.hpp>

#include "delivery/local/device_reader.h"
#include "profile/codec/codec.h"

namespace sallyport::delivery {

/// A root below which the real paths lie, and what device.json says.
struct Place {
  std::filesystem::path root;
  profile::json::object facts;
  [[nodiscard]] bool live() const { return root == "/"; }
  /// The path without the collection's own folder; the same within a sentence.
  [[nodiscard]] std::string shown(const std::string& path) const;
  [[nodiscard]] std::string shown_in(std::string text) const;
  /// read_file(); in a collection a link that leads out of it is refused (device.link_leaves),
  /// since a collection may come from somebody else.
  [[nodiscard]] Result<std::string> read(const std::filesystem::path& file,
                                         std::size_t limit) const;
};

void read_mac_sources(const Place& place, profile::Device& device);
void read_windows_sources(const Place& place, profile::Device& device);
void read_linux_source(const Place& place, profile::Device& device);

}  // namespace sallyport::delivery
