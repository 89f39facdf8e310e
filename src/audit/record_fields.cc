#include "audit/record_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace sallyport::audit {
namespace {

template <typename Object>
constexpr auto kFieldsOf =
    std::apply([](const auto&... row) { return std::array<const Field*, sizeof...(row)>{&row...}; },
               kRows<Object>);

constexpr const Field* kFrameFields[] = {&field::kSequence, &field::kPrevious, &field::kType,
                                         &field::kTime,     &field::kNode,     &field::kInstance,
                                         &field::kWorker};
constexpr const Field* kHeadFields[] = {&field::kHeadChain, &field::kHeadSequence,
                                        &field::kHeadHash};

constexpr FieldGroup kObjects[] = {
    {"Every line", "The frame that makes the chain.", "", kFrameFields},
    {"opened",
     "A request that is about to be sent to a provider. Without this line it is not sent.", "",
     kFieldsOf<Opened>},
    {"closed",
     "How a request ended that was opened. One that a crash cut off is closed by the next start, "
     "as "
     "interrupted, with `id`, `of`, `opened` and `outcome` alone.",
     "", kFieldsOf<Closed>},
    {"refused", "A known person who was refused. Strangers are counted in the side journal.", "",
     kFieldsOf<Refused>},
    {"answered", "An answer of the gateway's own to a known person, such as the list of models.",
     "", kFieldsOf<Answered>},
    {"event", "Something of the process or of the chain itself.", "", kFieldsOf<Event>},
    {"person", "", "person", kFieldsOf<Person>},
    {"source", "", "source", kFieldsOf<NetworkOrigin>},
    {"client", "", "client", kFieldsOf<Program>},
    {"request", "", "request", kFieldsOf<Request>},
    {"decision", "", "decision", kFieldsOf<Decision>},
    {"route", "", "route", kFieldsOf<Destination>},
    {"attempts", "", "attempts", kFieldsOf<Attempt>},
    {"usage", "", "usage", kFieldsOf<Usage>},
    {"heads", "", "heads", kHeadFields},
};

// ---- a member without a row does not compile ----------------------------------------------------

// Stands for any value: with as many of them as it has members an aggregate can be made.
struct Any {
  template <typename Value>
  // NOLINTNEXTLINE(google-explicit-constructor): that is what it is for
  operator Value() const;
};
template <typename Object, typename... Values>
consteval std::size_t members_of() {
  if constexpr (requires { Object{Values{}..., Any{}}; }) {
    return members_of<Object, Values..., Any>();
  } else {
    return sizeof...(Values);
  }
}

// `kOthers`: members that no row writes, because the frame has them or because they are no member.
template <typename Object, std::size_t kOthers>
constexpr bool kHasAllRows = std::apply(
    [](const auto&... row) {
      auto is_own = []<auto kMember, typename As>(const MemberRow<kMember, As>&) {
        return !std::is_same_v<As, as::ByChain>;
      };
      return (0 + ... + (is_own(row) ? 1 : 0)) + kOthers == members_of<Object>();
    },
    kRows<Object>);

static_assert(kHasAllRows<Person, 1>);  // `ready`
static_assert(kHasAllRows<NetworkOrigin, 0>);
static_assert(kHasAllRows<Program, 0>);
static_assert(kHasAllRows<Request, 0>);
static_assert(kHasAllRows<Decision, 0>);
static_assert(kHasAllRows<Destination, 0>);
static_assert(kHasAllRows<Attempt, 0>);
static_assert(kHasAllRows<Usage, 0>);
static_assert(kHasAllRows<Opened, 1>);  // from here on `time`
static_assert(kHasAllRows<Closed, 1>);
static_assert(kHasAllRows<Refused, 1>);
static_assert(kHasAllRows<Answered, 1>);
static_assert(kHasAllRows<Event, 1>);

constexpr std::string_view kIntroduction = R"(# The record

<!-- written by `sallyport docs record`; scripts/docs renews it -->

What `sallyport audit show --json` prints and the files of `audit.directory` hold: one line of JSON for each thing that is remembered, chained by hashes (`sallyport audit verify` reads it back). A text that a stranger may choose is cut at a limit and marked: `...[+123]` stands for 123 bytes more; lists are cut the same way. A member without a value is absent. No line holds a credential, a name of a person, or content.
)";

constexpr std::string_view kEnd = R"(
## Details of events

Names and values are the event's own: `configuration` has `file`, `sha256` and `by` (`start`, `SIGHUP`, or who asked the administrator's API); `keys` `what`, `issuer`, `message`, `added`, `removed`; `credential` `what`, `upstream`, `source`, `message`, `expires`; `revocation` `what`, `id`, `kind`, `target` and what the revocation says besides; `recovered` the counts `chains`, `interrupted`, `torn`, `damaged`; `damaged` `chain` and `where`.

## The side journal

Refusals of strangers, who could fill any record, are counted: `side/refusals.jsonl` has one line a minute, address and code, `{"minute","source","reason","count"}`, in a bounded file that replaces its predecessor. It is no part of the chain.
)";

}  // namespace

std::span<const FieldGroup> record_groups() {
  return kObjects;
}

std::span<const ShownField> shown_fields() {
  static const std::vector<ShownField> kShown = [] {
    std::vector<ShownField> shown;
    for (const auto& group : kObjects) {
      for (const auto* one : group.fields) {
        if (one->column.title.empty()) continue;
        auto same = [&](const ShownField& other) {
          return other.inside == group.inside && other.field->name == one->name;
        };
        if (std::ranges::none_of(shown, same)) shown.push_back({group.inside, one});
      }
    }
    std::ranges::sort(shown, {}, [](const auto& one) { return one.field->column.place; });
    return shown;
  }();
  return kShown;
}

std::string record_markdown(std::span<const Field> provider_ids) {
  std::string out(kIntroduction);
  auto to = std::back_inserter(out);
  for (const auto& group : kObjects) {
    fmt::format_to(to, "\n## {}{}\n\n", group.inside.empty() ? "" : "In ", group.title);
    if (!group.text.empty()) fmt::format_to(to, "{}\n\n", group.text);
    out += "| Member | Type | Meaning |\n| --- | --- | --- |\n";
    for (const auto* one : group.fields) {
      const auto rows = one->name.empty() ? provider_ids : std::span(one, 1);
      for (const auto& row : rows) {
        fmt::format_to(to, "| `{}` | {} | {} |\n", row.name, row.type, row.meaning);
      }
    }
  }
  return out.append(kEnd);
}

}  // namespace sallyport::audit
