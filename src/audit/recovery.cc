#include "audit/recovery.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "audit/chain_check.h"
#include "audit/reader.h"
#include "base/log.h"

namespace sallyport::audit {
namespace {

constexpr std::size_t kHeadsALine = 32;

struct OpenRequest {
  std::string id;
  std::uint64_t sequence;
};

// What is found out about one chain of an earlier process.
struct Found {
  Head head;
  std::vector<OpenRequest> open;
  bool torn = false;
  std::string damage;  ///< what broke, where; empty if nothing did
};

// What the starts before this one have dealt with.
struct Earlier {
  std::set<std::string> settled;      ///< chains named by a start that came to its end
  std::set<std::string> interrupted;  ///< "<chain> <id>" of requests that have their end
};

// The beginning of a main chain, up to `recovered`.
void read_start(const ChainFiles& chain, Earlier& earlier) {
  std::vector<std::string> named;
  bool recovered = false;
  Line line;
  for (const auto& segment : chain.segments) {
    auto read = read_segment(segment.path, [&](std::string_view text) {
      if (!parse_line(text, line)) return false;
      for (const auto& head : line.heads) named.emplace_back(head.chain);
      if (line.interrupted()) {
        earlier.interrupted.insert(fmt::format("{} {}", line.of, line.id));
      }
      recovered = line.is_event("recovered");
      return !recovered;
    });
    if (recovered || !read) break;
  }
  if (recovered) earlier.settled.insert(named.begin(), named.end());
}

// Gives the zero fill back: after a crash a whole segment of it may be held. Only zeros go.
void free_zero_fill(const std::filesystem::path& path, const LineSplitter& segment) {
  if (segment.done()) return;  // not read to its end, or with something behind the zeros
  if (::truncate(path.c_str(), static_cast<off_t>(segment.content_end())) != 0) {
    log::warning("audit.zero_fill_kept", {{"file", path.string()}});
  }
}

// Where the reading has to begin: the first line of a segment says from which line on requests may
// be open. Nothing said: one segment further back.
std::size_t first_to_read(const ChainFiles& chain) {
  std::uint64_t open_from = 0;
  for (std::size_t i = chain.segments.size(); i-- > 0;) {
    std::uint64_t first = 0;
    auto read = read_segment(chain.segments[i].path, [&](std::string_view text) {
      Line line;
      if (!parse_line(text, line)) return false;
      first = line.sequence;
      if (open_from == 0 && line.is_event("segment")) open_from = line.open_from;
      return false;
    });
    if (read && first != 0 && open_from != 0 && first <= open_from) return i;
  }
  return 0;
}

// Ended properly: its last line says that nothing is open.
bool ended_properly(const ChainFiles& chain, Found& found) {
  auto text = read_last_line(chain.segments.back().path);
  if (!text || text->empty()) return false;
  Line line;
  if (!parse_line(*text, line) || !line.is_event("stop") || line.open != 0) return false;
  if (line.instance != chain.instance || line.worker != chain.worker) return false;
  found.head = {chain.name(), line.sequence, to_hex(sha256(*text))};
  return true;
}

void note_damage(Found& found, const std::filesystem::path& path, std::uint64_t line,
                 std::string_view what) {
  if (found.damage.empty()) {
    found.damage = fmt::format("{} line {}: {}", path.filename().string(), line, what);
  }
}

// How a segment ended, seen from the chain: an incomplete line is no damage at the chain's end.
void judge_end(Found& found, const SegmentFile& file, const LineSplitter& read, bool last) {
  if (read.end() == LineSplitter::End::kTorn && last) {
    found.torn = true;
  } else if (read.end() != LineSplitter::End::kWhole && !read.done()) {
    note_damage(found, file.path, read.lines() + 1, "incomplete line");
  } else if (read.end() == LineSplitter::End::kGap) {
    note_damage(found, file.path, read.lines() + 1, "bytes behind the zero fill");
  } else if (read.end() == LineSplitter::End::kTooLong) {
    note_damage(found, file.path, read.lines() + 1, "over-long line");
  }
}

// Reads up to the first break: what stands behind one cannot be told from an invention.
Found follow(const ChainFiles& chain, std::size_t first) {
  Found found;
  ChainCheck check(chain.instance, chain.worker, first == 0);
  for (std::size_t i = first; i < chain.segments.size() && found.damage.empty(); ++i) {
    const auto& file = chain.segments[i];
    std::uint64_t number = 0;
    auto read = read_segment(file.path, [&](std::string_view text) {
      ++number;
      auto before = Head{chain.name(), check.sequence(), check.hash()};
      auto broken = check.next(text);
      if (!broken) return true;
      note_damage(found, file.path, number, broken->code);
      found.head = std::move(before);
      return false;
    });
    if (!read) {
      note_damage(found, file.path, 0, read.error().message);
      break;
    }
    bool last = i + 1 == chain.segments.size();
    if (found.damage.empty()) judge_end(found, file, *read, last);
    free_zero_fill(file.path, *read);
    if (file.name.number != chain.segments[first].name.number + (i - first)) {
      note_damage(found, file.path, 0, "a segment before it is missing");
    }
  }
  if (found.head.chain.empty()) found.head = {chain.name(), check.sequence(), check.hash()};
  for (const auto& [id, sequence] : check.open()) found.open.push_back({id, sequence});
  std::ranges::sort(found.open, {}, &OpenRequest::sequence);
  return found;
}

// Removes the spare segments that a crash left: files without a single byte in them.
void remove_spares(ChainFiles& chain) {
  while (!chain.segments.empty()) {
    const auto& path = chain.segments.back().path;
    auto read = read_segment(path, [](std::string_view) { return false; });
    if (!read || read->content_end() > 0 || read->end() != LineSplitter::End::kWhole) return;
    ::unlink(path.c_str());
    chain.segments.pop_back();
  }
}

std::vector<Found> look_at_chains(const std::vector<ChainFiles>& chains, Earlier& earlier) {
  for (const auto& chain : chains) {
    if (chain.main()) read_start(chain, earlier);
  }
  std::vector<Found> all;
  for (auto chain : chains) {
    if (chain.live || earlier.settled.contains(chain.name())) continue;
    Found found;
    if (!ended_properly(chain, found)) {
      remove_spares(chain);
      if (chain.segments.empty()) continue;
      found = follow(chain, first_to_read(chain));
    }
    all.push_back(std::move(found));
  }
  return all;
}

class Starter {
 public:
  Starter(const ChainParts& parts, Recovered& recovered) : parts_(parts), recovered_(recovered) {}

  Result<std::unique_ptr<Chain>> start(const std::vector<Found>& found, const Earlier& earlier) {
    if (auto named = name_heads(found); !named) return std::unexpected(std::move(named.error()));
    for (const auto& chain : found) {
      if (auto done = close_open(chain, earlier); !done) {
        return std::unexpected(std::move(done.error()));
      }
    }
    std::vector<Detail> details{{"chains", count(recovered_.chains)},
                                {"interrupted", count(recovered_.interrupted)},
                                {"torn", count(recovered_.torn)},
                                {"damaged", count(recovered_.damaged)}};
    bool said = main_->append_event({"recovered", parts_.clock.wall(), details});
    if (auto written = checked(said); !written) return std::unexpected(written.error());
    main_->request_sync();
    return std::move(main_);
  }

 private:
  static std::int64_t count(std::size_t value) { return static_cast<std::int64_t>(value); }

  // An append that found no room is a full disk, here: nothing is reserved yet.
  Result<void> checked(bool appended) {
    if (!appended) {
      return fail("audit.disk", "no room for what earlier processes left open",
                  "make room on the disk of audit.directory");
    }
    return main_->flush();
  }

  Result<void> name_heads(const std::vector<Found>& found) {
    std::vector<Head> heads;
    for (const auto& chain : found) {
      if (chain.head.sequence > 0) heads.push_back(chain.head);
    }
    recovered_.chains = heads.size();
    auto rest = std::span<const Head>(heads);
    auto first = rest.first(std::min(rest.size(), kHeadsALine));
    auto made = Chain::create(parts_, "main", first);
    if (!made) return std::unexpected(std::move(made.error()));
    main_ = std::move(*made);
    for (rest = rest.subspan(first.size()); !rest.empty();) {
      auto some = rest.first(std::min(rest.size(), kHeadsALine));
      if (auto done = checked(main_->append_heads(some, parts_.clock.wall())); !done) return done;
      rest = rest.subspan(some.size());
    }
    return {};
  }

  bool interrupt(const Found& chain, const OpenRequest& request) {
    return main_->append_interrupted(request.id, chain.head.chain, request.sequence,
                                     parts_.clock.wall());
  }

  Result<void> close_open(const Found& chain, const Earlier& earlier) {
    if (chain.torn) ++recovered_.torn;
    if (!chain.damage.empty()) {
      ++recovered_.damaged;
      log::error("audit.damaged", {{"chain", chain.head.chain}, {"where", chain.damage}});
      std::vector<Detail> details{{"chain", chain.head.chain}, {"where", chain.damage}};
      if (auto done = checked(main_->append_event({"damaged", parts_.clock.wall(), details}));
          !done) {
        return done;
      }
    }
    for (const auto& request : chain.open) {
      if (earlier.interrupted.contains(chain.head.chain + " " + request.id)) continue;
      ++recovered_.interrupted;
      if (interrupt(chain, request)) continue;
      // No room before a flush: there may be a new segment after it.
      if (auto written = main_->flush(); !written) return written;
      if (auto done = checked(interrupt(chain, request)); !done) return done;
    }
    return main_->flush();
  }

  const ChainParts& parts_;
  Recovered& recovered_;
  std::unique_ptr<Chain> main_;
};

}  // namespace

Result<std::unique_ptr<Chain>> begin_main_chain(const ChainParts& parts, Recovered& recovered) {
  recovered = {};
  auto chains = list_chains(parts.directory.path());
  if (!chains) return std::unexpected(std::move(chains.error()));
  Earlier earlier;
  auto found = look_at_chains(*chains, earlier);
  return Starter(parts, recovered).start(found, earlier);
}

}  // namespace sallyport::audit
