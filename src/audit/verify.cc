#include "audit/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "audit/chain_check.h"
#include "audit/reader.h"

namespace sallyport::audit {
namespace {

constexpr int kTries = 3;

struct Place {
  std::string chain;
  std::string file;
  std::uint64_t line = 0;
};

// A head that a later start names, or the end that it gave to a request.
struct Naming {
  Place place;
  std::string chain;  ///< that is named
  std::uint64_t sequence = 0;
  std::string hash;
};
struct Ending {
  Place place;
  std::string chain;  ///< that has the opened line
  std::string id;
};

struct ChainFacts {
  bool live = false;
  std::unordered_map<std::string, std::uint64_t> open;
  std::size_t report = 0;  ///< index
};

std::string_view message_of(std::string_view code) {
  static constexpr std::pair<std::string_view, std::string_view> kMessages[] = {
      {kLineMalformed, "this line is not a record"},
      {"line.foreign", "this line belongs to another chain"},
      {"line.hash",
       "the hash of the line before does not stand in this line: one of the two was "
       "changed, or lines between them are missing"},
      {"line.sequence", "the sequence number does not follow the line before"},
      {"line.no_start", "the chain does not begin with its start"},
      {"line.incomplete", "an incomplete line in the middle of a chain"},
      {"line.too_long", "a line longer than any record"},
      {"segment.gap", "bytes behind the end of the lines"},
      {"segment.missing", "a segment before this one is missing"},
      {"segment.unreadable", "the file cannot be read"},
      {"request.opened_twice", "the same request was opened before"},
      {"request.not_open", "the end of a request that is not open"},
      {"request.unfinished",
       "a request has no end, and no later start has closed it (the next does)"},
      {"chain.missing", "a later start names this chain, and it is not there"},
      {"chain.head", "the chain does not end as a later start found it"},
      {"chain.unnamed", "a later start does not name this chain"},
      {"chain.no_main", "the main chain of this process is not there"},
  };
  for (const auto& [known, message] : kMessages) {
    if (known == code) return message;
  }
  return code;
}

class Verifier {
 public:
  explicit Verifier(const VerifyWatch& watch) : watch_(watch) {}

  /// Nothing: the watch ended it.
  std::optional<VerifyReport> run(const std::vector<ChainFiles>& chains) {
    for (const auto& chain : chains) segments_ += chain.segments.size();
    for (const auto& chain : chains) {
      if (!read_chain(chain)) return std::nullopt;
    }
    check_namings();
    check_endings();
    if (starting_.empty()) {
      check_unfinished();
      check_unnamed();
    }
    return std::move(report_);
  }

 private:
  void find(std::string_view code, const Place& place, std::string expected = {},
            std::string found = {}) {
    if (report_.findings.size() == VerifyReport::kMaxFindings) {
      ++report_.more_findings;
      return;
    }
    report_.findings.push_back({code, place.chain, place.file, place.line,
                                std::string(message_of(code)), std::move(expected),
                                std::move(found)});
  }

  /// False: the watch ended it.
  [[nodiscard]] bool read_chain(const ChainFiles& files);
  bool read_file(const ChainFiles& files, std::size_t index, ChainCheck& check,
                 ChainReport& report);
  void judge_end(const LineSplitter& read, const Place& place, bool last, ChainReport& report);
  void take(const Line& line, const Place& place, ChainReport& report);
  void check_namings();
  void check_endings();
  void check_unfinished();
  void check_unnamed();

  const VerifyWatch& watch_;
  std::size_t segments_ = 0;
  std::size_t read_ = 0;
  VerifyReport report_;
  std::map<std::string, ChainFacts> chains_;
  std::vector<Naming> namings_;
  std::vector<Ending> endings_;
  std::set<std::string> starting_;  ///< live main chains that still close what they found
  std::map<std::string, std::set<std::string>> named_by_;  ///< chain -> main chains that name it
};

bool Verifier::read_chain(const ChainFiles& files) {
  ChainReport report;
  report.name = files.name();
  report.instance = files.instance;
  report.worker = files.worker;
  report.segments = files.segments.size();
  report.live = files.live;
  ChainCheck check(files.instance, files.worker, true);
  bool more = true;
  for (std::size_t i = 0; i < files.segments.size() && more; ++i) {
    if (watch_ && !watch_(read_, segments_)) return false;
    more = read_file(files, i, check, report);
    ++read_;
  }
  // A start that crashed before its first line left files without any.
  if (report.lines == 0 && !report.torn) return true;
  report.head_sequence = check.sequence();
  report.head_hash = check.hash();
  if (files.live) report.running = check.open().size();
  report_.lines += report.lines;
  chains_[report.name] = {files.live, check.open(), report_.chains.size()};
  report_.chains.push_back(std::move(report));
  return true;
}

// True: there is more behind it.
bool Verifier::read_file(const ChainFiles& files, std::size_t index, ChainCheck& check,
                         ChainReport& report) {
  const auto& file = files.segments[index];
  Place place{report.name, file.path.filename().string(), 0};
  auto read = read_segment(files, index, [&](std::string_view text) {
    ++place.line;
    ++report.lines;
    if (auto broken = check.next(text)) {
      find(broken->code, place, std::move(broken->expected), std::move(broken->found));
      if (broken->code == kLineMalformed) return true;
    }
    take(check.line(), place, report);
    return true;
  });
  place.line = 0;
  if (!read) {
    find("segment.unreadable", place, {}, read.error().message);
    return true;
  }
  if (file.name.number != index + 1) {
    find("segment.missing", place, std::to_string(index + 1), std::to_string(file.name.number));
  }
  judge_end(read->lines, place, read->last, report);
  return !read->last;
}

void Verifier::judge_end(const LineSplitter& read, const Place& place, bool last,
                         ChainReport& report) {
  Place behind{place.chain, place.file, read.lines() + 1};
  switch (read.end()) {
    case LineSplitter::End::kWhole:
      return;
    case LineSplitter::End::kTorn:
      if (!last) return find("line.incomplete", behind);
      report.torn = !report.live;  // in a live chain it is being written
      return;
    case LineSplitter::End::kGap:
      return find("segment.gap", behind);
    case LineSplitter::End::kTooLong:
      return find("line.too_long", behind);
  }
}

void Verifier::take(const Line& line, const Place& place, ChainReport& report) {
  if (report.first_time.empty()) report.first_time = line.time;
  report.last_time = line.time;
  if (line.type == LineType::kOpened) ++report.requests;
  for (const auto& head : line.heads) {
    namings_.push_back({place, std::string(head.chain), head.sequence, std::string(head.hash)});
    named_by_[std::string(head.chain)].insert(place.chain);
  }
  if (place.chain.ends_with("-main") && report.live) {
    if (line.is_event("start")) starting_.insert(place.chain);
    if (line.is_event("recovered")) starting_.erase(place.chain);
  }
  if (line.interrupted()) endings_.push_back({place, std::string(line.of), std::string(line.id)});
}

void Verifier::check_namings() {
  for (const auto& naming : namings_) {
    auto chain = chains_.find(naming.chain);
    if (chain == chains_.end()) {
      find("chain.missing", naming.place, naming.chain, "no file");
      continue;
    }
    const auto& report = report_.chains[chain->second.report];
    auto last = report.head_hash;
    if (report.head_sequence != naming.sequence) {
      find("chain.head", naming.place, fmt::format("{} ends at {}", naming.chain, naming.sequence),
           fmt::format("it ends at {}", report.head_sequence));
    } else if (last != naming.hash) {
      find("chain.head", naming.place, naming.hash, last);
    }
  }
}

void Verifier::check_endings() {
  for (const auto& ending : endings_) {
    auto chain = chains_.find(ending.chain);
    bool named = named_by_[ending.chain].contains(ending.place.chain);
    if (chain == chains_.end() || !named || chain->second.open.erase(ending.id) == 0) {
      find("request.not_open", ending.place, "an open request of " + ending.chain, ending.id);
      continue;
    }
    ++report_.chains[chain->second.report].interrupted;
  }
}

void Verifier::check_unfinished() {
  for (const auto& [name, facts] : chains_) {
    if (facts.live) continue;
    for (const auto& [id, sequence] : facts.open) {
      find("request.unfinished", {name, {}, 0},
           fmt::format("an end of {} (opened at {})", id, sequence), "none");
    }
  }
}

// The process that ran last, or runs, is named by nobody yet; all others are, with all chains.
void Verifier::check_unnamed() {
  std::set<std::string> newest;  ///< instances whose main chain nobody names
  std::set<std::string> mains;
  for (const auto& chain : report_.chains) {
    if (chain.worker != "main" || chain.lines == 0) continue;
    mains.insert(chain.instance);
    if (!named_by_.contains(chain.name)) newest.insert(chain.instance);
  }
  for (const auto& chain : report_.chains) {
    if (chain.lines == 0) continue;  // torn in its first line: it says nothing
    Place place{chain.name, {}, 0};
    if (!mains.contains(chain.instance)) {
      find("chain.no_main", place);
    } else if (!named_by_.contains(chain.name) &&
               (newest.size() > 1 || !newest.contains(chain.instance)) && !chain.live) {
      find("chain.unnamed", place, "a head in the next start", "none");
    }
  }
}

// What a start beside us changes: chains that come, end or lose an empty file.
std::vector<std::string> outline(const std::vector<ChainFiles>& chains) {
  std::vector<std::string> lines;
  for (const auto& chain : chains) {
    auto size = chain.live ? 0 : chain.segments.size();
    lines.push_back(fmt::format("{} {} {}", chain.name(), chain.live, size));
  }
  return lines;
}

}  // namespace

Result<VerifyReport> verify(const std::filesystem::path& directory, const VerifyWatch& watch) {
  for (int tries = 1;; ++tries) {
    auto before = list_chains(directory);
    if (!before) return std::unexpected(std::move(before.error()));
    auto report = Verifier(watch).run(*before);
    if (!report) return fail(kVerifyEnded, "the look at the record was ended before its end");
    if (report->intact() || tries == kTries) return std::move(*report);
    // A finding while a process starts or ends may be our own: look again.
    auto after = list_chains(directory);
    if (!after || outline(*before) == outline(*after)) return std::move(*report);
  }
}

}  // namespace sallyport::audit
