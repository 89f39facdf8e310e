#include "config/reference.h"

#include <fmt/format.h>

#include "config/schema.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

constexpr std::string_view kIntroduction =
    R"(# Configuration: `sallyport.yaml`

Written by `sallyport config reference` from the schema that the loader uses; do not edit by hand.
A commented example is in `packaging/sallyport.example.yaml`.

`sallyport config check FILE` reads the file as the gateway would and prints every defect with its
line, column, the nearest right name and the next step, and for a good file what the gateway would
do. It exits with 0 or 2.

The file is read strictly: unknown and repeated keys, anchors, aliases, tags and a second document
are refused. It holds at most 1 MiB.

**Instances.** A file `/etc/sallyport/NAME.yaml` is the instance NAME: small letters, digits and `-`,
at most 32, a letter or digit first. Where a default below says `{instance}`, the name stands, so that
two gateways of one machine share nothing: `/run/sallyport/NAME/admin.sock`,
`/var/lib/sallyport/NAME/audit` and `/var/lib/sallyport/NAME/state.db`. A file elsewhere is the instance
`default`. `sallyport gateway`, `status`, `revoke`, `audit`, `config check`, `upstream check` and
`token check` take `--instance NAME` (left out: `default`) or `--config FILE`; `sallyport instances`
lists what is configured and running here. The folders of a name have to be there, with the gateway's
user as their owner; for systemd that is `RuntimeDirectory=sallyport/NAME` and
`StateDirectory=sallyport/NAME`.

**Secrets** are named, not written: `"${file:/etc/sallyport/foundry-key}"` or
`"${env:FOUNDRY_KEY}"` as the whole value. Line ends at the end of the file are not part of the
secret. No other value is taken from a variable or a file, so that the file's hash, which stands in
the record, says what runs. What it names is read beside it: certificates and their keys, `ca_file`,
`jwks_file`. Where no `proxy` is written for an identity provider or for Entra, the environment's
proxy counts; a managed or workload identity takes the variables that its platform sets.

**Reload.** On `SIGHUP` the file is read again and checked whole, with its secrets and certificates;
then the gateway swaps to it. When it has an error, the gateway goes on with what it has. Keys marked
*restart* cannot change that way: the reload is refused and names them.
)";

std::string bounds(const Row& row) {
  bool duration = row.type == Type::kDuration || row.type == Type::kSync;
  if (row.shape == Shape::kList || row.shape == Shape::kBlocks || row.shape == Shape::kWordPairs) {
    return fmt::format("{} to {} entries", row.min, row.max);
  }
  if (row.shape != Shape::kOne) return {};
  if (duration) {
    return fmt::format("{} to {}", format_duration(std::chrono::milliseconds{row.min}),
                       format_duration(std::chrono::milliseconds{row.max}));
  }
  return row.type == Type::kNumber ? fmt::format("{} to {}", row.min, row.max) : std::string{};
}

std::string type_text(const Row& row) {
  std::string name;
  if (row.type == Type::kChoice) {
    for (char c : row.choices) name += c == '|' ? std::string("`, `") : std::string(1, c);
    name = fmt::format("`{}`", name);
  } else {
    name = type_row(row.type).name;
  }
  switch (row.shape) {
    case Shape::kOne:
      return name;
    case Shape::kList:
      return fmt::format("list of {}{}", row.type == Type::kChoice ? "" : name,
                         row.type == Type::kChoice ? name : "s");
    case Shape::kBlock:
      return "block";
    case Shape::kBlocks:
      return "list of blocks";
    case Shape::kWordPairs:
      return fmt::format("name: {}", name);
  }
  return name;
}

std::string fallback_text(const Row& row) {
  if (row.presence == Presence::kRequired) return "**required**";
  if (!row.fallback.empty()) return fmt::format("`{}`", row.fallback);
  return std::string(row.fallback_note);
}

std::string table_row(const Row& row) {
  std::string remarks(row.summary);
  if (auto range = bounds(row); !range.empty()) remarks += fmt::format(" {}.", range);
  if (row.reload.needs_restart()) remarks += " *Restart.*";
  return fmt::format("| `{}` | {} | {} | {} | {} |\n", row.path, type_text(row), fallback_text(row),
                     remarks, row.since);
}

bool is_top(const Row& row) {
  return row.path.find('.') == std::string_view::npos;
}

void append_keys(std::string& out) {
  for (const Row& top : schema()) {
    if (!is_top(top) || top.presence == Presence::kLater) continue;
    out += fmt::format("\n## `{}`\n\n{}\n\n", top.path, top.summary);
    out += "| Key | Type | Default | Meaning | Since |\n| --- | --- | --- | --- | --- |\n";
    for (const Row& row : schema()) {
      bool inside = row.path.starts_with(top.path) && row.path.size() > top.path.size() &&
                    (row.path[top.path.size()] == '.' || row.path[top.path.size()] == '[');
      if ((inside || row.path == top.path) && row.presence != Presence::kLater) {
        out += table_row(row);
      }
    }
  }
}

void append_types(std::string& out) {
  out += "\n## Types\n\n| Type | How it is written |\n| --- | --- |\n";
  for (const auto& type : value_types()) {
    out += fmt::format("| {} | {} |\n", type.name, type.syntax);
  }
}

void append_later(std::string& out) {
  out +=
      "\n## Not in this version\n\nThese keys are known and refused, so that nobody relies on "
      "what is not there yet.\n\n| Key | Meaning |\n| --- | --- |\n";
  for (const Row& row : schema()) {
    if (row.presence == Presence::kLater) {
      out += fmt::format("| `{}` | {} |\n", row.path, row.summary);
    }
    if (!row.choices_later.empty()) {
      std::string choices;
      for (char c : row.choices_later)
        choices += c == '|' ? std::string("`, `") : std::string(1, c);
      out += fmt::format("| `{}` | the choices `{}` |\n", row.path, choices);
    }
  }
}

}  // namespace

std::string reference_markdown() {
  std::string out(kIntroduction);
  append_keys(out);
  append_types(out);
  append_later(out);
  return out;
}

}  // namespace sallyport::config
