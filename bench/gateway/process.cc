#include "process.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

#include "wire.h"

namespace rig {

std::vector<int> parse_pids(const std::string& text) {
  std::vector<int> pids;
  std::istringstream list(text);
  for (std::string one; std::getline(list, one, ',');) pids.push_back(std::stoi(one));
  return pids;
}

std::int64_t cpu_us(const std::vector<int>& pids) {
  std::int64_t ticks = 0;
  for (int pid : pids) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) die("process " + std::to_string(pid) + " is gone");
    // The name in brackets may hold anything; the fields after it are fixed: state is the third.
    std::istringstream fields(line.substr(line.rfind(')') + 2));
    std::string field;
    for (int number = 3; number <= 15 && fields >> field; ++number) {
      if (number >= 14) ticks += std::stoll(field);
    }
  }
  return ticks * (1'000'000 / ::sysconf(_SC_CLK_TCK));
}

std::int64_t memory_kib(const std::vector<int>& pids) {
  std::int64_t sum = 0;
  for (int pid : pids) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("Pss:")) sum += std::stoll(line.substr(4));
    }
  }
  return sum;
}

}  // namespace rig
