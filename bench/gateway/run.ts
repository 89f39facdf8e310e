// The bench: every measurement, several runs, peers in turn within each run, so that what disturbs
// the machine disturbs all of them. Raw rows go to build/bench/, the table to the screen and, with
// --update, into docs/performance.md. Usage: scripts/bench --help
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificates, makeTokens } from './credentials.ts';
import { guard, guarded } from './guard.ts';
import { type Figures, type Measurement, measurements } from './measurements.ts';
import { type PeerName, providerKey, type Setting, startPeer, Upstream, type Variant } from './peers.ts';
import { peerCore, rigCore, run } from './processes.ts';
import { between, peerTitles, type Row, table } from './report.ts';

const help = `usage: scripts/bench [--runs N] [--seconds S] [--only id,id] [--peers name,name]
                     [--build DIR] [--update]
  --runs N      runs of each measurement (default 3)
  --seconds S   length of each window (default 5)
  --only        measurements: ${measurements.map((one) => one.id).join(', ')}
  --peers       of ${Object.keys(peerTitles).join(', ')}
  --build DIR   build folder with the programs (default build/release)
  --update      write the table into docs/performance.md
  --guard       no measurement: count the instructions of a request with callgrind and fail where
                one needs 1 % more (a verified one 5 %, an event 10 %) than bench/gateway/guard.json says; --update writes
                that file, --functions says which functions they are in, --only takes of ${guarded.join(', ')}`;

const { values } = parseArgs({ options: {
  runs: { type: 'string', default: '3' }, seconds: { type: 'string', default: '5' }, only: { type: 'string' },
  peers: { type: 'string' }, build: { type: 'string' }, update: { type: 'boolean', default: false }, guard: { type: 'boolean', default: false }, functions: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
} });
if (values.help) {
  console.log(help);
  process.exit(0);
}

const root = join(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
const build = values.build ?? join(root, 'build/release');
const setting: Setting = { root, work, programs: join(build, 'bench'), sallyport: join(build, 'sallyport') };

// A request body of exactly this size, as Claude Code's look from outside.
function body(size: number, stream: boolean): string {
  const message = { model: 'claude-sonnet-5', max_tokens: 1024, stream, messages: [{ role: 'user', content: '' }] };
  const room = size - JSON.stringify(message).length;
  message.messages[0]!.content = 'who goes there? '.repeat(Math.ceil(room / 16)).slice(0, room);
  return JSON.stringify(message);
}

function loadWords(measurement: Measurement, peer: PeerName, port: number, pids: number[], variant: Variant): string[] {
  const path = (peer === 'direct' ? '/anthropic/v1/messages' : '/v1/messages') + (measurement.query ? `?${measurement.query}` : '');
  const credential = peer === 'direct'
    ? { field: `api-key: ${providerKey}` } : { tokens: join(work, 'tokens', `${measurement.tokens}.txt`) };
  const options = {
    load: measurement.load, port: String(port), path, body: join(work, `body-${measurement.body}`),
    connections: String(measurement.connections), seconds: values.seconds, tls: variant.tls ? 'yes' : 'no',
    pids: pids.join(','), ...credential, ...measurement.options,
  };
  return [join(setting.programs, 'rig_load'), ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
}

async function measure(measurement: Measurement, peer: PeerName, number: number): Promise<Row> {
  const variant: Variant = { tls: false, verifiedTokens: 20000, ...measurement.variant };
  const upstream = await Upstream.start(setting, variant.tls);
  try {
    const measured = await startPeer(setting, peer, variant, upstream);
    try {
      const words = loadWords(measurement, peer, measured.port, measured.pids, variant);
      const figures = JSON.parse(await run(rigCore, words)) as Figures;
      return { measurement: measurement.id, run: number, peer, start_ms: measured.startMs, violations: await upstream.violations(), figures };
    } finally {
      await measured.stop();
    }
  } finally {
    await upstream.stop();
  }
}

function chosen<T extends string>(all: T[], names: string | undefined, what: string): T[] {
  const wanted = names?.split(',') ?? all;
  for (const name of wanted) if (!(all as string[]).includes(name)) throw new Error(`no ${what} ${name}; there are ${all.join(', ')}`);
  return all.filter((one) => wanted.includes(one));
}

function machine(): string {
  const version = (program: string, ...words: string[]) => {
    const output = execFileSync('sh', ['-c', `"$0" "$@" 2>&1`, program, ...words], { encoding: 'utf8' });
    return /\d+\.\d+\.\d+/.exec(output)?.[0] ?? '?';
  };
  const memory = /MemTotal:\s*(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? '0';
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpus()[0]!.model.trim()}, `
    + `${Math.round(Number(memory) / 1048576)} GiB, Linux ${release()}, nginx ${version('nginx', '-v')}, HAProxy ${version('haproxy', '-v')}; `
    + `measured process on core ${peerCore}, load and upstream on core ${rigCore}; ${values.runs} runs of ${values.seconds} s.`;
}

const ids = values.guard ? [] : chosen(measurements.map((one) => one.id), values.only, 'measurement');
let peers = chosen(Object.keys(peerTitles) as PeerName[], values.peers, 'peer');
if (!existsSync(setting.sallyport)) {
  console.log('the program sallyport is not there: measuring the peers alone');
  peers = peers.filter((peer) => peer !== 'sallyport');
}
if (!values.guard) console.log('making 10,000 tokens');
makeTokens(join(work, 'tokens'), values.guard ? 1 : 10_000);
makeCertificates(join(work, 'tls'));
writeFileSync(join(work, 'body-2k'), body(2048, false));
writeFileSync(join(work, 'body-100k'), body(102_400, false));
writeFileSync(join(work, 'body-2k-stream'), body(2048, true));

if (values.guard) {
  const asked = { update: values.update, functions: values.functions, only: chosen(guarded, values.only, 'case') };
  process.exit(await guard(setting, asked) ? 0 : 1);
}

const folder = join(root, 'build/bench');
mkdirSync(folder, { recursive: true });
const raw = join(folder, `${new Date().toISOString().replace(/[:.]/g, '-')}.json`);
const rows: Row[] = [];
let bad = 0;
const todo = measurements.filter((one) => ids.includes(one.id));
for (let number = 1; number <= Number(values.runs); ++number) {
  for (const measurement of todo) {
    for (const peer of measurement.peers.filter((one) => peers.includes(one))) {
      const place = `  run ${number}  ${measurement.title}  ${peerTitles[peer]}`;
      try {
        const row = await measure(measurement, peer, number);
        rows.push(row);
        writeFileSync(raw, JSON.stringify({ machine: machine(), rows }, null, 1));
        const told = measurement.metrics.map((metric) => `${metric.name.replace('added ', '')} ${metric.of(row.figures, measurement.connections).toFixed(metric.digits)} ${metric.unit}`);
        const faults = row.violations > 0 ? `  ${row.violations} VIOLATIONS` : row.figures.errors > 0 ? `  ${row.figures.errors} ERRORS: ${row.figures.first_error}` : '';
        if (faults) ++bad;
        console.log(`${place}: ${told.join(', ')}${faults}`);
      } catch (error) {
        ++bad;
        console.log(`${place}: NOT MEASURED: ${(error as Error).message}`);
      }
    }
  }
}

const text = `${machine()}\n\n${table(todo, rows)}`;
console.log(`\n${text}`);
if (values.update) {
  const page = join(root, 'docs/performance.md');
  writeFileSync(page, between(readFileSync(page, 'utf8'), text));
}
console.log(`scripts/bench: ${rows.length} measurements, ${bad} with faults; raw rows in ${raw.slice(root.length + 1)}`);
process.exit(bad === 0 ? 0 : 1);
