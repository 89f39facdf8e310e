#include "audit/verify.h"
#include "base/json_writer.h"

namespace sallyport::audit {
namespace {

void put_chain(JsonWriter& json, const ChainReport& chain) {
  auto count = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  json.begin().text("chain", chain.name).boolean("live", chain.live).boolean("torn", chain.torn);
  json.number("segments", count(chain.segments)).number("lines", count(chain.lines));
  json.number("requests", count(chain.requests)).number("running", count(chain.running));
  json.number("interrupted", count(chain.interrupted));
  json.text_if("first", chain.first_time).text_if("last", chain.last_time);
  json.object("head").number("seq", count(chain.head_sequence)).text("hash", chain.head_hash);
  json.end().end();
}

}  // namespace

std::string report_json(const VerifyReport& report) {
  std::string out;
  JsonWriter json(out);
  json.begin().boolean("intact", report.intact());
  json.number("lines", static_cast<std::int64_t>(report.lines)).array("chains");
  for (const auto& chain : report.chains) put_chain(json, chain);
  json.end_array().array("findings");
  for (const auto& finding : report.findings) {
    json.begin().text("code", finding.code).text("chain", finding.chain);
    json.text_if("file", finding.file);
    if (finding.line != 0) json.number("line", static_cast<std::int64_t>(finding.line));
    json.text("message", finding.message).text_if("expected", finding.expected);
    json.text_if("found", finding.found).end();
  }
  json.end_array().number("more_findings", static_cast<std::int64_t>(report.more_findings)).end();
  out += '\n';
  return out;
}

}  // namespace sallyport::audit
