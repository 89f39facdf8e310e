// The members of every line of the record, in one table: what the writer calls them, what the readers
// look for, and what docs/record.md says about them. Pure data.
//
//   json.number(field::kStatus, record.status);
//   if (key.is(field::kStatus)) ...
//
// A new member is one row here, a place in its object's list below, and the line of record.cc that
// writes it; record_fields_test fails where one of the three is missing.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sallyport::audit {

struct Field {
  std::string_view name;
  std::string_view type;  ///< with the unit, where there is one
  std::string_view meaning;
  // NOLINTNEXTLINE(google-explicit-constructor): it is used as its name
  constexpr operator std::string_view() const { return name; }
};

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

// What lines of a request have.
inline constexpr Field kId{"id", "text",
                           "UUIDv7 of the request; the client has it as x-request-id."};
inline constexpr Field kPerson{"person", "object", "Who asked."};
inline constexpr Field kSource{"source", "object", "From where."};
inline constexpr Field kClient{"client", "object",
                               "With what, as the client itself says: nothing is decided by it."};
inline constexpr Field kRequest{"request", "object", "What was asked, as far as it was known."};
inline constexpr Field kDecision{"decision", "object", "Why it was let in."};
inline constexpr Field kRoute{"route", "object", "Where it goes."};

inline constexpr Field kPersonIssuer{"issuer", "text", "Name of the issuer in the configuration."};
inline constexpr Field kPersonTenant{"tenant", "text", "Tenant, where the provider has tenants."};
inline constexpr Field kPersonObjectId{"object_id", "text",
                                       "Object id of the person or application (oid)."};
inline constexpr Field kPersonSubject{"subject", "text",
                                      "Subject (sub), where there is no object id."};
inline constexpr Field kPersonToken{"token", "text",
                                    "access_token or id_token: what the person came with."};
inline constexpr Field kPersonAppOnly{"app_only", "boolean",
                                      "true: an application and no person; else absent."};
inline constexpr Field kPersonGroups{"groups", "list of texts",
                                     "Groups that mattered for the decision, at most 32."};
inline constexpr Field kPersonTokenId{"token_id", "text", "Id of the token (uti, else jti)."};
inline constexpr Field kPersonSessionId{"session_id", "text", "Id of the sign-in (sid)."};
inline constexpr Field kPersonClient{
    "client", "text", "Application for which the token was issued (azp and its relatives)."};

inline constexpr Field kSourceAddress{"address", "text", "IP address that counts."};
inline constexpr Field kSourceProxies{"proxies", "list of texts",
                                      "Proxies that were believed on the way to it, at most 8."};

inline constexpr Field kClientProgram{"program", "text",
                                      "Product of the User-Agent, or all of it."};
inline constexpr Field kClientVersion{"version", "text", "Its version."};
inline constexpr Field kClientSurface{"surface", "text",
                                      "Surface that the User-Agent names, else x-app."};
inline constexpr Field kClientSession{"session", "text", "Session of Claude Code or Desktop."};
inline constexpr Field kClientAgent{"agent", "text", "Agent in the session."};
inline constexpr Field kClientParentAgent{"parent_agent", "text", "Agent that started it."};
inline constexpr Field kClientPrompt{"prompt", "text", "Id of the prompt; never its text."};

inline constexpr Field kMethod{"method", "text", "Method."};
inline constexpr Field kPath{"path", "text", "Path without the query."};
inline constexpr Field kModel{"model", "text", "Model as it was asked for."};
inline constexpr Field kStream{"stream", "boolean", "true: a stream was asked for; else absent."};
inline constexpr Field kRequestBytes{"bytes", "number, bytes",
                                     "Length of the body; absent where it was not read."};
inline constexpr Field kMaxTokens{"max_tokens", "number, tokens", "max_tokens of the request."};
inline constexpr Field kTools{"tools", "list of texts", "Names of its tools, at most 64."};
inline constexpr Field kBetas{"betas", "list of texts", "Values of anthropic-beta, at most 32."};

inline constexpr Field kPolicy{"policy", "text", "Policy that let it in; absent without policies."};
inline constexpr Field kReason{"reason", "text", "Code of the decision."};
inline constexpr Field kUpstream{"upstream", "text", "Name of the provider in the configuration."};
inline constexpr Field kDeployment{"deployment", "text", "Model's name at the provider."};

// What closes a request.
inline constexpr Field kOpened{
    "opened", "number", "seq of the opened line in the same chain; absent where it is unknown."};
inline constexpr Field kStatus{"status", "number", "HTTP status that the client got; 0: none."};
inline constexpr Field kOutcome{"outcome", "text",
                                "complete, aborted_by_client, cut_by_revocation, upstream_error, "
                                "record_failed or interrupted."};
inline constexpr Field kAttempts{"attempts", "list of objects",
                                 "Sendings to providers, in their order, at most 3."};
inline constexpr Field kAttemptStatus{"status", "number",
                                      "HTTP status of the provider; 0: no answer."};
inline constexpr Field kAttemptError{"error", "text", "Code, where there was no answer."};
inline constexpr Field kRequestId{"request_id", "text", "request-id of the provider."};
inline constexpr Field kApimRequestId{"apim_request_id", "text",
                                      "apim-request-id of the provider (Foundry)."};
inline constexpr Field kStopReason{"stop_reason", "text", "stop_reason of the answer."};
inline constexpr Field kErrorType{"error_type", "text",
                                  "error.type of the provider's answer or of ours."};
inline constexpr Field kRevocation{"revocation", "text",
                                   "Id of the revocation that cut or refused the request."};
inline constexpr Field kFirstByte{
    "first_byte_us", "number, microseconds",
    "From the head read to the first byte of the answer; absent where there was none."};
inline constexpr Field kDuration{"duration_us", "number, microseconds",
                                 "From the head read to the end."};
inline constexpr Field kBytes{"bytes", "number, bytes", "Bytes of the answer to the client."};
inline constexpr Field kUsage{"usage", "object",
                              "Tokens; absent where there was nothing to count."};
inline constexpr Field kOf{
    "of", "text", "Interrupted: the chain that has the opened line. A later start wrote this one."};

inline constexpr Field kInput{"input", "number, tokens", "Input that no cache had."};
inline constexpr Field kOutput{"output", "number, tokens", "Output."};
inline constexpr Field kCacheWrite5m{"cache_write_5m", "number, tokens",
                                     "Input written to the cache for five minutes."};
inline constexpr Field kCacheWrite1h{"cache_write_1h", "number, tokens",
                                     "Input written to the cache for an hour."};
inline constexpr Field kCacheRead{"cache_read", "number, tokens", "Input read from the cache."};
inline constexpr Field kThinking{"thinking", "number, tokens",
                                 "Part of the output that was thinking; absent for none."};
inline constexpr Field kWebSearches{"web_searches", "number", "Web searches; absent for none."};
inline constexpr Field kExact{"exact", "boolean",
                              "false: estimated from what was seen of an answer that was cut."};
inline constexpr Field kMalformed{"malformed", "boolean",
                                  "true: the provider's numbers could not be read; else absent."};

// Why somebody was refused.
inline constexpr Field kClaim{"claim", "text", "What was looked at."};
inline constexpr Field kExpected{"expected", "text", "What was expected of it."};
inline constexpr Field kGot{"got", "text", "What came."};
inline constexpr Field kNextStep{"next_step", "text", "What the administrator can do about it."};

// Events: of the process, and of the chain itself.
inline constexpr Field kEvent{
    "event", "text",
    "configuration, keys, credential or revocation; of the chain itself start, heads, "
    "segment, recovered, damaged or stop."};
inline constexpr Field kDetails{"details", "object",
                                "Texts and numbers of the event, at most 24; see below."};
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

/// One object of the record: a kind of line, or an object in one.
struct FieldGroup {
  std::string_view title;
  std::string_view text;    ///< what it is; one or two sentences
  std::string_view inside;  ///< the member that holds it; empty for lines
  std::span<const Field* const> fields;
};

/// Every object, in the order of the page.
[[nodiscard]] std::span<const FieldGroup> record_groups();

/// docs/record.md
[[nodiscard]] std::string record_markdown();

}  // namespace sallyport::audit
