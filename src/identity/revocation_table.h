// The revocations in force as one worker knows them: asked on every request after the token cache.
// Not thread-safe; one a worker, fed with changes on its loop (the register has one for those who
// ask less often). The ids of what is in it differ: of two with one id the first counts. find() neither allocates nor locks;
// with nothing in force it is one comparison, and a kind of which there is none costs nothing.
#pragma once

#include <array>
#include <bitset>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "identity/revocation.h"

namespace sallyport::identity {

class RevocationTable {
 public:
  void apply(const RevocationChange& change);
  void add(RevocationPtr revocation);
  void remove(std::string_view id);

  /// A revocation that concerns this person's request, or null. Of several, the one that comes
  /// first in the order of RevocationKind.
  [[nodiscard]] RevocationPtr find(const Principal& person, WallTime now) const;

  /// Those whose place this one takes: of the same kind, issuer and target, both up to a moment,
  /// and theirs is not later. Whoever they concern it concerns too. At most kMostReplaced.
  [[nodiscard]] std::vector<RevocationPtr> replaced_by(const Revocation& later) const;
  static constexpr std::size_t kMostReplaced = 64;

  [[nodiscard]] std::size_t size() const { return by_id_.size(); }

 private:
  // By target; the views point into the revocation.
  using Index = std::unordered_multimap<std::string_view, RevocationPtr>;

  [[nodiscard]] static std::size_t mark(RevocationKind kind, std::string_view target);
  [[nodiscard]] const RevocationPtr* find_in(RevocationKind kind, std::string_view target,
                                             const Principal& person, WallTime now) const;
  [[nodiscard]] const RevocationPtr* look(const Principal& person, WallTime now) const;
  [[nodiscard]] const RevocationPtr* look_at_groups(const Principal& person, WallTime now) const;

  [[nodiscard]] const Index& index(RevocationKind kind) const {
    return index_[static_cast<std::size_t>(kind)];
  }

  static constexpr std::size_t kMarks = std::size_t{1} << 17;

  std::array<Index, kRevocationKinds> index_;
  /// A target that is not marked here is in no index: nearly everybody is told so by a table that
  /// stays in the processor's cache. Marks of what was lifted stay until nothing is in force.
  std::bitset<kMarks> marks_;
  std::unordered_map<std::string_view, RevocationPtr> by_id_;
};

}  // namespace sallyport::identity
