// links: audit
// Reading the audit record back: what a segment's bytes are split into must not depend on the
// pieces in which they come, no bytes may confuse the check of a chain, and a chain that it calls
// unbroken must not stay so when a byte of it is changed.
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "audit/chain_check.h"
#include "audit/line_splitter.h"
#include "base/encoding.h"

using sallyport::audit::ChainCheck;
using sallyport::audit::LineSplitter;

namespace {

constexpr std::string_view kInstance = "01938000-0000-7000-8000-000000000001";

struct Split {
  std::vector<std::string> lines;
  LineSplitter::End end;
  std::uint64_t lines_end;
  std::uint64_t content_end;
  bool operator==(const Split&) const = default;
};

Split split(std::string_view bytes, std::size_t piece) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    splitter.feed(bytes.substr(0, piece), [&](std::string_view line) {
      lines.emplace_back(line);
      return true;
    });
  }
  return {std::move(lines), splitter.end(), splitter.lines_end(), splitter.content_end()};
}

bool unbroken(const std::vector<std::string>& lines) {
  ChainCheck check(kInstance, "0", true);
  bool good = true;
  for (const auto& line : lines) good = !check.next(line) && good;
  return good;
}

void require(bool condition) {
  if (!condition) std::abort();
}

// Makes a chain of the texts: each becomes the members of a line with the right frame.
std::vector<std::string> chained(const std::vector<std::string>& texts) {
  std::vector<std::string> lines;
  std::string previous(64, '0');
  for (const auto& text : texts) {
    auto line = fmt::format(
        R"({{"seq":{},"prev":"{}","time":"2026-11-21T00:00:00.000000Z","node":"n","instance":"{}","worker":"0",{}}})",
        lines.size() + 1, previous, kInstance, text);
    previous = sallyport::to_hex(sallyport::sha256(line));
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  std::size_t piece = data[0] + 1U;
  std::size_t where = data[1] * 256U + data[2];
  std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);
  auto whole = split(bytes, bytes.size() + 1);
  auto pieces = split(bytes, piece);
  require(whole.lines == pieces.lines && whole.end == pieces.end);
  require(whole.lines_end <= whole.content_end && whole.content_end <= bytes.size());
  (void)unbroken(whole.lines);

  auto chain = chained(whole.lines);
  if (chain.size() < 2 || !unbroken(chain)) return 0;
  auto& line = chain[where % (chain.size() - 1)];  // nothing vouches for the last one
  auto& byte = line[where % line.size()];
  byte = static_cast<char>(byte ^ (1 << (where % 8)));
  require(!unbroken(chain));
  return 0;
}
