// `npm test`: checks the types, runs every test file, and ends with the counts. Two files at a time;
// those that hold times to a figure or want the machine's whole load for themselves come last, one
// after the other.
//
//   npm test                     all
//   npm test -- chaos/kill       the files whose path contains this text
//   SIZE=quick|ci|long npm test  a core of them with few kills; all (without SIZE, too); full counts
//   SALLYPORT_BIN=...            another build

import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { bySize, size } from './harness/size.ts';

const here = import.meta.dirname;
execFileSync(
  process.execPath,
  [join(here, 'node_modules', 'typescript', 'bin', 'tsc'), '--noEmit', '-p', here],
  { stdio: 'inherit' },
);

// What takes longest and proves least that nothing else proves: left out of a quick run that names
// no file.
const notQuick = [
  'chaos/attacks',
  'chaos/endurance',
  'chaos/flood',
  'chaos/rollover',
  'conformance/attack_table',
  'conformance/differential',
].map((name) => join(here, `${name}.test.ts`));

const wanted = process.argv.slice(2);
const files = globSync(
  ['e2e', 'conformance', 'chaos'].map((folder) => join(here, folder, '*.test.ts')),
)
  .filter((file) => wanted.length === 0 || wanted.some((text) => file.includes(text)))
  .filter((file) => wanted.length > 0 || size !== 'quick' || !notQuick.includes(file))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(2);
}

const alone = [
  'chaos/attacks',
  'chaos/clients',
  'chaos/endurance',
  'chaos/flood',
  'chaos/kill',
  'chaos/revocation',
  'chaos/rollover',
  'chaos/together',
  'conformance/attack_table',
  'conformance/token_command',
  'conformance/token_vault',
  'e2e/revocation',
].map((name) => join(here, `${name}.test.ts`));

const counts = { pass: 0, fail: 0, skip: 0 };
const seconds = new Map<string, number>(); // what the tests of a file took

function took(event: { file?: string; nesting: number; details: { duration_ms: number } }): void {
  if (event.nesting !== 0 || event.file === undefined) return;
  const name = relative(here, event.file);
  seconds.set(name, (seconds.get(name) ?? 0) + event.details.duration_ms / 1000);
}

async function runFiles(some: string[], concurrency: number): Promise<void> {
  if (some.length === 0) return;
  const stream = run({
    files: some,
    concurrency,
    timeout: bySize({ quick: 10, ci: 10, long: 60 }) * 60_000,
  });
  stream.on('test:pass', (event) => {
    took(event);
    if (event.details.type === 'suite') return;
    if (event.skip !== undefined) counts.skip += 1;
    else counts.pass += 1;
  });
  stream.on('test:fail', (event) => {
    took(event);
    if (event.details.type !== 'suite') counts.fail += 1;
  });
  for await (const text of stream.compose(new spec())) process.stdout.write(text);
}

await runFiles(
  files.filter((file) => !alone.includes(file)),
  2,
);
await runFiles(
  files.filter((file) => alone.includes(file)),
  1,
);
for (const [name, sum] of [...seconds].sort((a, b) => b[1] - a[1])) {
  console.log(`# ${sum.toFixed(1).padStart(6)} s  ${name}`);
}
console.log(`# pass ${counts.pass}\n# fail ${counts.fail}\n# skipped ${counts.skip}`);
if (counts.fail > 0 || counts.pass === 0) process.exitCode = 1;
