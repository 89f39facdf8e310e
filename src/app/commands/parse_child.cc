// sallyport parse-child KIND MEMORY CPU PARENT: the process that parses one stranger's file from
// stdin, confined (base/confined_child.h). Started by base/confined_run alone, so not in --help.
#include <cstdint>
#include <memory>
#include <string>

#include "app/command.h"
#include "app/parse_kinds.h"

namespace sallyport::app {

void add_parse_child_command(CLI::App& root, Exit& /*exit*/) {
  auto orders = std::make_shared<ConfinedOrders>();
  auto* child = root.add_subcommand(std::string(kParseChild), "Parse a file in confinement");
  child->group("");
  child->add_option("KIND", orders->kind, "A row of parse_kinds.cc")->required();
  child->add_option("MEMORY", orders->memory, "Bytes beyond the program's own")->required();
  child->add_option("CPU", orders->cpu, "Seconds of processor time")->required();
  child->add_option("PARENT", orders->parent, "The process that reads the answer")->required();
  child->callback([orders] { end_as_confined_child(parse_kinds(), *orders); });
}

}  // namespace sallyport::app
