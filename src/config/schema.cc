#include "config/schema.h"

#include <vector>

#include "config/schema/rows.h"

namespace sallyport::config {
namespace {

// In the order of the reference page.
constexpr std::span<const Row> (*kBlocks[])() = {
    listen_rows, limits_rows, issuers_rows, upstreams_rows, models_rows,
    later_rows,  audit_rows,  store_rows,   admin_rows,     metrics_rows,
};

std::vector<Row> join() {
  std::vector<Row> all;
  for (auto rows : kBlocks) {
    for (const Row& row : rows()) all.push_back(row);
  }
  return all;
}

}  // namespace

std::string_view Row::name() const {
  auto dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string_view Row::parent() const {
  auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

std::span<const Row> schema() {
  static const std::vector<Row> all = join();
  return all;
}

}  // namespace sallyport::config
