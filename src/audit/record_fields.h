// The members of every line of the record, in one table: what each is called, how it is written from
// the flat structs (record.h), what docs/record.md says about it, and whether `sallyport audit show`
// has a column for it. Writer, readers, page and command work from it. Pure data.
//
//   write_rows(json, closed);                              // record.cc: by the rows, in their order
//   if (key.is(name_of<&Closed::status>)) ...              // a reader: does not compile without row
//
// A new member is a row here, a member of its struct, and the place in gateway/ that fills that.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "audit/record.h"

namespace sallyport::audit {

/// A column of `audit show`, and a member of its --json.
struct Column {
  std::string_view title{};  ///< empty: there is none
  int place = 0;             ///< from the left; those that the command composes have places, too
  int width = 0;
  std::int64_t none = -1;  ///< of numbers: what stands for no value
};

struct Field {
  std::string_view name;
  std::string_view type;  ///< with the unit, where there is one
  std::string_view meaning;
  Column column{};
  // NOLINTNEXTLINE(google-explicit-constructor): it is used as its name
  constexpr operator std::string_view() const { return name; }
};

/// What the chain writes by itself, with no struct behind it.
namespace field {

// The frame of every line.
inline constexpr Field kSequence{"seq", "number",
                                 "Place of the line in its chain, from 1, without a gap."};
inline constexpr Field kPrevious{
    "prev", "text",
    "SHA-256 of the line before, without its line end, in hexadecimal; zeros in the first line."};
inline constexpr Field kType{"type", "text", "opened, closed, refused, answered or event."};
inline constexpr Field kTime{"time", "text", "RFC 3339, UTC, with microseconds."};
inline constexpr Field kNode{"node", "text", "Name of the machine."};
inline constexpr Field kInstance{"instance", "text", "UUID of the process, new with each start."};
inline constexpr Field kWorker{
    "worker", "text", "Number of the worker, or main: with the instance it names the chain."};

inline constexpr Field kOf{
    "of", "text", "Interrupted: the chain that has the opened line. A later start wrote this one."};

// Of the chain's own events.
inline constexpr Field kProgramName{"program", "text", "start: sallyport."};
inline constexpr Field kProgramVersion{"version", "text", "start: its version."};
inline constexpr Field kPid{"pid", "number", "start: the process id."};
inline constexpr Field kHeads{
    "heads", "list of objects",
    "start, heads: the last lines of the other chains. It ties the chains to each other."};
inline constexpr Field kHeadChain{"chain", "text", "Name of the chain: instance-worker."};
inline constexpr Field kHeadSequence{"seq", "number", "Its last line."};
inline constexpr Field kHeadHash{"hash", "text", "SHA-256 of that line, in hexadecimal."};
inline constexpr Field kOpenFrom{"open_from", "number",
                                 "segment: the oldest line whose request may still be running."};
inline constexpr Field kOpen{"open", "number", "stop: requests that had no end; 0 in a good stop."};

}  // namespace field

/// How much is kept of each text and list. The sum of the worst cases, every byte escaped to six,
/// stays below kMaxLineBytes (a test builds that line).
namespace keep {
inline constexpr std::size_t kText = 256;
inline constexpr std::size_t kName = 64;
inline constexpr std::size_t kGroup = 128;
inline constexpr std::size_t kDetail = 512;
inline constexpr std::size_t kGroups = 32;
inline constexpr std::size_t kTools = 64;
inline constexpr std::size_t kBetas = 32;
inline constexpr std::size_t kProxies = 8;
inline constexpr std::size_t kDetails = 24;
// Of what stands in a closed line, which has a fixed room: identifiers, kept to plain ASCII.
inline constexpr std::size_t kProviderId = 96;
inline constexpr std::size_t kToken = 64;
inline constexpr std::size_t kId = 40;  // ours: a UUID
}  // namespace keep

/// How a member is written. Nothing is written of an empty text or list, nor where a comment says.
namespace as {
template <std::size_t kLimit = keep::kText>
struct Text {};  ///< a stranger may have chosen it: cut and marked
template <std::size_t kLimit>
struct Token {};  ///< cut, one plain byte a character
template <std::size_t kMost, std::size_t kLimit>
struct Texts {};
template <std::size_t kMost, std::size_t kLimit>
struct CommaTexts {};  ///< a list of lists with commas
struct Number {};
struct Count {};    ///< absent below 0
struct NonZero {};  ///< absent at 0
struct Boolean {};
struct IfTrue {};   ///< absent where it is false
struct Outcome {};  ///< its word
struct Object {};   ///< by the rows of its struct; absent for a null pointer
template <std::size_t kMost>
struct Objects {};
struct Person {};                ///< by its rows, or the text that was made before
struct SubjectWithoutObject {};  ///< absent where there is an object id
struct Details {};
template <std::size_t kMost, std::size_t kLimit>
struct ProviderIds {};  ///< each under its own name; the row's own is empty
struct ByChain {};      ///< not from the struct: the chain writes it
}  // namespace as

/// One row: a field, the struct's member that it is written from, and how.
template <auto kMember, typename As>
struct MemberRow : Field {};

template <auto kMember, typename As>
[[nodiscard]] consteval MemberRow<kMember, As> row(std::string_view name, std::string_view type,
                                                   std::string_view meaning, Column column = {}) {
  return {{name, type, meaning, column}};
}
[[nodiscard]] consteval MemberRow<nullptr, as::ByChain> by_chain(const Field& field) {
  return {field};
}

// ---- the table, an object a part; rows in the order of the line ---------------------------------

/// The rows of a struct: a std::tuple of MemberRow.
template <typename Object>
inline constexpr std::nullptr_t kRows = nullptr;

template <>
inline constexpr auto kRows<Person> = std::tuple{
    row<&Person::issuer, as::Text<>>("issuer", "text", "Name of the issuer in the configuration."),
    row<&Person::tenant, as::Text<>>("tenant", "text", "Tenant, where the provider has tenants."),
    row<&Person::object_id, as::Text<>>("object_id", "text",
                                        "Object id of the person or application (oid)."),
    row<&Person::subject, as::SubjectWithoutObject>("subject", "text",
                                                    "Subject (sub), where there is no object id."),
    row<&Person::token_kind, as::Text<keep::kName>>(
        "token", "text", "access_token or id_token: what the person came with."),
    row<&Person::app_only, as::IfTrue>("app_only", "boolean",
                                       "true: an application and no person; else absent."),
    row<&Person::groups, as::Texts<keep::kGroups, keep::kGroup>>(
        "groups", "list of texts", "Groups that mattered for the decision, at most 32."),
    row<&Person::token_id, as::Text<>>("token_id", "text", "Id of the token (uti, else jti)."),
    row<&Person::session_id, as::Text<>>("session_id", "text", "Id of the sign-in (sid)."),
    row<&Person::client, as::Text<>>(
        "client", "text", "Application for which the token was issued (azp and its relatives)."),
};

template <>
inline constexpr auto kRows<NetworkOrigin> = std::tuple{
    row<&NetworkOrigin::address, as::Text<keep::kName>>("address", "text",
                                                        "IP address that counts."),
    row<&NetworkOrigin::proxies, as::Texts<keep::kProxies, keep::kName>>(
        "proxies", "list of texts", "Proxies that were believed on the way to it, at most 8."),
};

template <>
inline constexpr auto kRows<Program> = std::tuple{
    row<&Program::program, as::Text<>>("program", "text",
                                       "Product of the User-Agent, or all of it."),
    row<&Program::version, as::Text<>>("version", "text", "Its version."),
    row<&Program::surface, as::Text<>>("surface", "text",
                                       "Surface that the User-Agent names, else x-app."),
    row<&Program::session, as::Text<>>("session", "text", "Session of Claude Code or Desktop."),
    row<&Program::agent, as::Text<>>("agent", "text", "Agent in the session."),
    row<&Program::parent_agent, as::Text<>>("parent_agent", "text", "Agent that started it."),
    row<&Program::prompt, as::Text<>>("prompt", "text", "Id of the prompt; never its text."),
};

template <>
inline constexpr auto kRows<Request> = std::tuple{
    row<&Request::method, as::Text<keep::kName>>("method", "text", "Method."),
    row<&Request::path, as::Text<>>("path", "text", "Path without the query."),
    row<&Request::model, as::Text<>>("model", "text", "Model as it was asked for."),
    row<&Request::stream, as::IfTrue>("stream", "boolean",
                                      "true: a stream was asked for; else absent."),
    row<&Request::bytes, as::Count>("bytes", "number, bytes",
                                    "Length of the body; absent where it was not read."),
    row<&Request::max_tokens, as::Count>("max_tokens", "number, tokens",
                                         "max_tokens of the request."),
    row<&Request::tools, as::Texts<keep::kTools, keep::kName>>("tools", "list of texts",
                                                               "Names of its tools, at most 64."),
    row<&Request::betas, as::CommaTexts<keep::kBetas, keep::kName>>(
        "betas", "list of texts", "Values of anthropic-beta, at most 32."),
};

template <>
inline constexpr auto kRows<Decision> = std::tuple{
    row<&Decision::policy, as::Text<>>("policy", "text",
                                       "Policy that let it in; absent without policies."),
    row<&Decision::reason, as::Text<>>("reason", "text", "Code of the decision."),
};

template <>
inline constexpr auto kRows<Destination> = std::tuple{
    row<&Destination::upstream, as::Text<>>("upstream", "text",
                                            "Name of the provider in the configuration."),
    row<&Destination::deployment, as::Text<>>("deployment", "text",
                                              "Model's name at the provider."),
};

template <>
inline constexpr auto kRows<Attempt> = std::tuple{
    row<&Attempt::upstream, as::Token<keep::kToken>>("upstream", "text",
                                                     "Name of the provider in the configuration."),
    row<&Attempt::deployment, as::Token<keep::kToken>>("deployment", "text",
                                                       "Model's name at the provider."),
    row<&Attempt::status, as::Number>("status", "number",
                                      "HTTP status of the provider; 0: no answer."),
    row<&Attempt::error, as::Token<keep::kToken>>("error", "text",
                                                  "Code, where there was no answer."),
};

template <>
inline constexpr auto kRows<Usage> = std::tuple{
    row<&Usage::input, as::Number>("input", "number, tokens", "Input that no cache had."),
    row<&Usage::output, as::Number>("output", "number, tokens", "Output."),
    row<&Usage::cache_write_5m, as::Number>("cache_write_5m", "number, tokens",
                                            "Input written to the cache for five minutes."),
    row<&Usage::cache_write_1h, as::Number>("cache_write_1h", "number, tokens",
                                            "Input written to the cache for an hour."),
    row<&Usage::cache_read, as::Number>("cache_read", "number, tokens",
                                        "Input read from the cache."),
    row<&Usage::thinking, as::NonZero>("thinking", "number, tokens",
                                       "Part of the output that was thinking; absent for none."),
    row<&Usage::web_searches, as::NonZero>("web_searches", "number",
                                           "Web searches; absent for none."),
    row<&Usage::exact, as::Boolean>(
        "exact", "boolean", "false: estimated from what was seen of an answer that was cut."),
    row<&Usage::malformed, as::IfTrue>(
        "malformed", "boolean", "true: the provider's numbers could not be read; else absent."),
};

// What all records of a request by a known person begin with.
template <typename Record>
[[nodiscard]] consteval auto who_and_what() {
  return std::tuple{
      row<&Record::id, as::Text<keep::kName>>(
          "id", "text", "UUIDv7 of the request; the client has it as x-request-id."),
      row<&Record::person, as::Person>("person", "object", "Who asked."),
      row<&Record::source, as::Object>("source", "object", "From where."),
      row<&Record::client, as::Object>(
          "client", "object", "With what, as the client itself says: nothing is decided by it."),
      row<&Record::request, as::Object>("request", "object",
                                        "What was asked, as far as it was known."),
  };
}

template <auto kMember>
[[nodiscard]] consteval auto status_row() {
  return row<kMember, as::Number>("status", "number", "HTTP status that the client got; 0: none.",
                                  {.title = "STATUS", .place = 30, .width = 6, .none = 0});
}

template <auto kMember, typename As>
[[nodiscard]] consteval auto revocation_row() {
  return row<kMember, As>("revocation", "text",
                          "Id of the revocation that cut or refused the request.");
}

template <>
inline constexpr auto kRows<Opened> = std::tuple_cat(
    who_and_what<Opened>(),
    std::tuple{row<&Opened::decision, as::Object>("decision", "object", "Why it was let in."),
               row<&Opened::route, as::Object>("route", "object", "Where it goes.")});

template <>
inline constexpr auto kRows<Closed> = std::tuple{
    row<&Closed::id, as::Token<keep::kId>>(
        "id", "text", "UUIDv7 of the request; the client has it as x-request-id."),
    by_chain(field::kOf),
    row<&Closed::opened_sequence, as::NonZero>(
        "opened", "number",
        "seq of the opened line in the same chain; absent where it is unknown."),
    status_row<&Closed::status>(),
    row<&Closed::outcome, as::Outcome>("outcome", "text",
                                       "complete, aborted_by_client, cut_by_revocation, "
                                       "upstream_error, record_failed or interrupted."),
    row<&Closed::attempts, as::Objects<kMaxAttempts>>(
        "attempts", "list of objects", "Sendings to providers, in their order, at most 3."),
    row<&Closed::provider_ids, as::ProviderIds<kMaxProviderIds, keep::kProviderId>>(
        "", "text", "the providers' rows name these members"),
    row<&Closed::stop_reason, as::Token<keep::kToken>>("stop_reason", "text",
                                                       "stop_reason of the answer."),
    row<&Closed::error_type, as::Token<keep::kToken>>(
        "error_type", "text", "error.type of the provider's answer or of ours."),
    revocation_row<&Closed::revocation, as::Token<keep::kId>>(),
    row<&Closed::first_byte_us, as::Count>(
        "first_byte_us", "number, microseconds",
        "From the head read to the first byte of the answer; absent where there was none."),
    row<&Closed::duration_us, as::Number>("duration_us", "number, microseconds",
                                          "From the head read to the end.",
                                          {.title = "DURATION", .place = 60, .width = 9}),
    row<&Closed::bytes, as::Number>("bytes", "number, bytes", "Bytes of the answer to the client."),
    row<&Closed::usage, as::Object>("usage", "object",
                                    "Tokens; absent where there was nothing to count."),
};

template <>
inline constexpr auto kRows<Refused> = std::tuple_cat(
    who_and_what<Refused>(),
    std::tuple{status_row<&Refused::status>(),
               row<&Refused::reason, as::Text<>>("reason", "text", "Code of the decision."),
               row<&Refused::claim, as::Text<>>("claim", "text", "What was looked at."),
               row<&Refused::expected, as::Text<>>("expected", "text", "What was expected of it."),
               row<&Refused::got, as::Text<>>("got", "text", "What came."),
               row<&Refused::next_step, as::Text<keep::kDetail>>(
                   "next_step", "text", "What the administrator can do about it."),
               revocation_row<&Refused::revocation, as::Text<keep::kName>>()});

template <>
inline constexpr auto kRows<Answered> =
    std::tuple_cat(who_and_what<Answered>(), std::tuple{status_row<&Answered::status>()});

template <>
inline constexpr auto kRows<Event> = std::tuple{
    row<&Event::name, as::Text<keep::kName>>(
        "event", "text",
        "configuration, keys, credential or revocation; of the chain itself start, heads, "
        "segment, recovered, damaged or stop."),
    row<&Event::details, as::Details>("details", "object",
                                      "Texts and numbers of the event, at most 24; see below."),
    by_chain(field::kProgramName),
    by_chain(field::kProgramVersion),
    by_chain(field::kPid),
    by_chain(field::kHeads),
    by_chain(field::kOpenFrom),
    by_chain(field::kOpen),
};

// ---- looking into it ---------------------------------------------------------------------------

template <typename Member>
struct ObjectOf;
template <typename Object, typename Value>
struct ObjectOf<Value Object::*> {
  using Type = Object;
};

template <auto kMember>
[[nodiscard]] consteval Field find_row() {
  Field found{};
  const auto look = [&found]<auto kOther, typename As>(const MemberRow<kOther, As>& one) {
    if constexpr (std::is_same_v<decltype(kMember), decltype(kOther)>) {
      if (kOther == kMember) found = one;
    }
  };
  std::apply([&](const auto&... one) { (look(one), ...); },
             kRows<typename ObjectOf<decltype(kMember)>::Type>);
  return found;
}

/// What the record calls a struct's member; one without a row, or with names of others, does not
/// compile.
template <auto kMember>
inline constexpr std::string_view name_of = [] {
  constexpr Field kFound = find_row<kMember>();
  static_assert(!kFound.name.empty(), "a member of the record without a row");
  return kFound.name;
}();

/// One object of the record: a kind of line, or an object in one.
struct FieldGroup {
  std::string_view title;
  std::string_view text;    ///< what it is; one or two sentences
  std::string_view inside;  ///< the member that holds it; empty for lines
  std::span<const Field* const> fields;
};

/// Every object, in the order of the page.
[[nodiscard]] std::span<const FieldGroup> record_groups();

/// A field with a column. Lines of several types may have it.
struct ShownField {
  std::string_view inside;  ///< as FieldGroup has it
  const Field* field;
};
/// Each once, in the order of the columns.
[[nodiscard]] std::span<const ShownField> shown_fields();

/// docs/record.md. `provider_ids`: the members that the rows of the providers name.
[[nodiscard]] std::string record_markdown(std::span<const Field> provider_ids);

}  // namespace sallyport::audit
