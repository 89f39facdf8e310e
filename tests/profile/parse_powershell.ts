// Parses PowerShell scripts with tree-sitter's grammar: `parse_powershell.ts FILE...`. Prints each
// place that is no PowerShell; exit 1 when there is one. The grammar is not PowerShell itself, but
// nobody here wrote it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Language, Parser, type Node } from 'web-tree-sitter';

const grammar = import.meta.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm');

function* faults(node: Node): Generator<Node> {
  if (node.isError || node.isMissing) yield node;
  else for (const child of node.children) if (child?.hasError) yield* faults(child);
}

await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(fileURLToPath(grammar)));
for (const file of process.argv.slice(2)) {
  const tree = parser.parse(readFileSync(file, 'utf8'));
  if (tree === null) throw new Error(`${file}: no tree`);
  for (const fault of faults(tree.rootNode)) {
    const { row, column } = fault.startPosition;
    console.log(`${file}: line ${row + 1}, column ${column + 1}: ${fault.text.slice(0, 80)}`);
    process.exitCode = 1;
  }
}
