#include "admin/session_table.h"

#include <utility>

#include "signin/person_flows.h"

namespace sallyport::admin {

bool SessionTable::is_over(const Entry& entry, SteadyTime now) const {
  return now - entry.opened >= bounds_.life || now - entry.used >= bounds_.idle;
}

void SessionTable::make_room(const std::string& person, SteadyTime now) {
  std::erase_if(entries_, [&](const auto& entry) { return is_over(entry.second, now); });
  auto oldest = entries_.end();
  auto oldest_of_one = entries_.end();
  std::size_t of_one = 0;
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    auto rank = [](const Entry& entry) { return std::pair(entry.has_role, entry.opened); };
    if (oldest == entries_.end() || rank(at->second) < rank(oldest->second)) oldest = at;
    if (at->second.session.person->key != person) continue;
    ++of_one;
    if (oldest_of_one == entries_.end() || at->second.opened < oldest_of_one->second.opened) {
      oldest_of_one = at;
    }
  }
  if (of_one >= bounds_.of_one) {
    entries_.erase(oldest_of_one);
  } else if (entries_.size() >= bounds_.all) {
    entries_.erase(oldest);
  }
}

std::string SessionTable::open(std::shared_ptr<const identity::PrincipalDraft> person,
                               std::string realm, bool has_role) {
  auto now = clock_.steady();
  make_room(person->key, now);
  auto id = signin::random_text(entropy_);
  auto until = clock_.wall() + bounds_.life;
  entries_.insert_or_assign(
      sha256(id), Entry{{std::move(person), std::move(realm), until}, has_role, now, now});
  return id;
}

const BrowserSession* SessionTable::find(std::string_view id) {
  auto found = entries_.find(sha256(id));
  if (found == entries_.end()) return nullptr;
  auto now = clock_.steady();
  if (is_over(found->second, now)) {
    entries_.erase(found);
    return nullptr;
  }
  found->second.used = now;
  return &found->second.session;
}

void SessionTable::end(std::string_view id) {
  entries_.erase(sha256(id));
}

}  // namespace sallyport::admin
