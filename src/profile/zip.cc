// PKWARE APPNOTE 6.3: local headers, central directory, end record; method 0 (stored).
#include "profile/zip.h"

#include <array>

namespace sallyport::profile {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? 0xedb88320U ^ (crc >> 1) : crc >> 1;
    table[i] = crc;
  }
  return table;
}

std::uint32_t crc32(std::string_view bytes) {
  static constexpr auto kTable = make_table();
  std::uint32_t crc = 0xffffffffU;
  for (char c : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

void put(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

constexpr std::uint32_t kNewYear1980 = 0x0021;  // DOS date of 1980-01-01

// What local header and directory entry share.
void put_common(std::string& out, const ExportFile& file) {
  auto size = static_cast<std::uint32_t>(file.bytes.size());
  put(out, 0x0800, 2);  // names are UTF-8
  put(out, 0, 2);       // stored
  put(out, 0, 2);
  put(out, kNewYear1980, 2);
  put(out, crc32(file.bytes), 4);
  put(out, size, 4);
  put(out, size, 4);
  put(out, static_cast<std::uint32_t>(file.name.size()), 2);
}

}  // namespace

std::string zip(const std::vector<ExportFile>& files) {
  std::string out, directory;
  for (const ExportFile& file : files) {
    auto offset = static_cast<std::uint32_t>(out.size());
    put(out, 0x04034b50, 4);
    put(out, 20, 2);
    put_common(out, file);
    put(out, 0, 2);
    out += file.name;
    out += file.bytes;
    put(directory, 0x02014b50, 4);
    put(directory, (3U << 8) | 20U, 2);  // made on Unix, so that the mode below counts
    put(directory, 20, 2);
    put_common(directory, file);
    put(directory, 0, 2);
    put(directory, 0, 2);
    put(directory, 0, 2);
    put(directory, 0, 2);
    put(directory, 0100644U << 16, 4);
    put(directory, offset, 4);
    directory += file.name;
  }
  auto start = static_cast<std::uint32_t>(out.size());
  out += directory;
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, static_cast<std::uint32_t>(files.size()), 2);
  put(out, static_cast<std::uint32_t>(files.size()), 2);
  put(out, static_cast<std::uint32_t>(directory.size()), 4);
  put(out, start, 4);
  put(out, 0, 2);
  return out;
}

}  // namespace sallyport::profile
