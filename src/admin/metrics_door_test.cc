#include "admin/metrics_door.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <vector>

namespace sallyport::admin {
namespace {

sockaddr_storage peer(const char* text) {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
  sockaddr_storage storage{};
  std::memcpy(&storage, &v6, sizeof v6);
  return storage;
}

TEST(MetricsDoor, ASourceHasAShareOfItsPlaces) {
  FakeClock clock;
  DoorServer server("admin.listen", 0);
  MetricsDoor door(
      server, 9100, [] { return MetricsSettings{}; }, [] { return std::string(); }, clock);
  std::vector<std::unique_ptr<http::ServerHandler>> guests;
  for (std::size_t i = 0; i < MetricsDoor::kPlacesOfOne; ++i) {
    guests.push_back(door.welcome(-1, peer("2001:db8::1")));
    EXPECT_NE(guests.back(), nullptr);
  }
  EXPECT_EQ(door.welcome(-1, peer("2001:db8::2")), nullptr) << "the same host";
  EXPECT_NE(door.welcome(-1, peer("2001:db8:0:1::1")), nullptr);
  guests.pop_back();
  EXPECT_NE(door.welcome(-1, peer("2001:db8::2")), nullptr);
}

}  // namespace
}  // namespace sallyport::admin
