#include "identity/principal.h"

#include <algorithm>
#include <new>
#include <type_traits>

#include "base/check.h"

namespace sallyport::identity {
namespace {

struct alignas(16) Unit {
  std::byte bytes[16];
};
static_assert(std::is_trivially_destructible_v<Principal> && alignof(Principal) <= alignof(Unit));
static_assert(sizeof(Principal) % alignof(std::string_view) == 0);

using Texts = const std::vector<std::string>&;

std::size_t bytes_of(Texts list) {
  std::size_t bytes = 0;
  for (const auto& one : list) bytes += one.size();
  return bytes;
}

// Fills the block: the principal, the lists' views, then the characters one after the other.
class Block {
 public:
  Block(Unit* at, std::size_t views, std::size_t characters)
      : principal_(new(at) Principal),
        next_view_(reinterpret_cast<std::string_view*>(principal_ + 1)),
        next_(reinterpret_cast<char*>(next_view_ + views)),
        end_(next_ + characters) {}

  [[nodiscard]] Principal* principal() const { return principal_; }
  [[nodiscard]] bool full() const { return next_ == end_; }
  std::string_view text(std::string_view from) {
    char* to = next_;
    next_ = std::ranges::copy(from, next_).out;
    return {to, from.size()};
  }
  std::span<const std::string_view> list(Texts from) {
    auto* first = next_view_;
    for (const auto& one : from) new (next_view_++) std::string_view(text(one));
    return {first, from.size()};
  }

 private:
  Principal* principal_;
  std::string_view* next_view_;
  char* next_;
  char* end_;
};

}  // namespace

PrincipalPtr keep(const PrincipalDraft& from, std::string_view record) {
  const std::size_t views = from.groups.size() + from.roles.size() + from.scopes.size();
  std::size_t characters =
      record.size() + bytes_of(from.groups) + bytes_of(from.roles) + bytes_of(from.scopes);
  for (const auto* text : {&from.key, &from.session_id, &from.token_id, &from.client, &from.issuer,
                           &from.tenant, &from.object_id, &from.subject, &from.key_id}) {
    characters += text->size();
  }
  const std::size_t bytes = sizeof(Principal) + views * sizeof(std::string_view) + characters;
  auto memory = std::make_shared_for_overwrite<Unit[]>((bytes + sizeof(Unit) - 1) / sizeof(Unit));
  Block block(memory.get(), views, characters);
  Principal& who = *block.principal();
  static_cast<PrincipalFacts&>(who) = from;
  // What every request reads comes first.
  who.record = block.text(record);
  who.key = block.text(from.key);
  who.session_id = block.text(from.session_id);
  who.token_id = block.text(from.token_id);
  who.client = block.text(from.client);
  who.issuer = block.text(from.issuer);
  who.tenant = block.text(from.tenant);
  who.object_id = block.text(from.object_id);
  who.subject = block.text(from.subject);
  who.key_id = block.text(from.key_id);
  who.groups = block.list(from.groups);
  who.roles = block.list(from.roles);
  who.scopes = block.list(from.scopes);
  SALLYPORT_CHECK(block.full());
  return {std::move(memory), &who};
}

}  // namespace sallyport::identity
