// The guard: instructions of the program for one request, counted by callgrind, against the figures
// in guard.json. Time differs from machine to machine and from minute to minute; this count does
// not: Valgrind shows every program the same processor, one client asks one request after the
// other, and each figure is the difference between a long run and a short one, so that start and
// end fall out. What it does not see is the kernel's part, which no change of ours makes dearer
// without another system call.
//
// Counted apart: libcrypto, whose hashing and signatures cost many times more on Valgrind's processor
// (which has no instructions for SHA) than in life, and the rest, which is the figure to watch.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Setting, Upstream, writeGatewayFolder } from './peers.ts';

interface Case {
  id: string;
  title: string;
  body: '2k' | '100k' | '2k-stream';
  verifiedTokens: number;
  short: number; // requests, or events of one stream
  long: number;
  stream?: boolean;
}

const cases: Case[] = [
  { id: 'one-token', title: 'request, 2 KB, token seen before', body: '2k', verifiedTokens: 20000, short: 100, long: 500 },
  { id: 'cache-off', title: 'request, 2 KB, token verified', body: '2k', verifiedTokens: 0, short: 50, long: 250 },
  { id: 'body-100k', title: 'request, 100 KB, token seen before', body: '100k', verifiedTokens: 20000, short: 50, long: 200 },
  { id: 'event', title: 'streamed event', body: '2k-stream', verifiedTokens: 20000, short: 50, long: 300, stream: true },
];

export const guarded = cases.map((one) => one.id);
interface Count {
  ours: number; // all but libcrypto: the program, libc, libstdc++
  crypto: number; // libcrypto
}

// Of `ours`. A request whose token was seen before repeats within 0.4 %; where each is verified, and
// where events fall together on a busy machine, runs differ by more (docs/performance.md).
const allowed = (one: Case): number => (one.stream ? 0.10 : one.verifiedTokens === 0 ? 0.05 : 0.01);
const allowedCrypto = 0.03;
const patience = 120_000;

// One keep-alive connection; `ended` says where an answer is complete.
class Client {
  #received = Buffer.alloc(0);
  #changed: () => void = () => {};
  readonly #socket: Socket;
  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (piece) => { this.#received = Buffer.concat([this.#received, piece]); this.#changed(); });
    for (const name of ['close', 'error']) socket.on(name, () => this.#changed());
  }
  static async open(port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Client(socket);
  }
  async ask(request: Buffer): Promise<string> {
    this.#socket.write(request);
    for (;;) {
      const answer = this.#received.toString('latin1');
      const head = answer.indexOf('\r\n\r\n') + 4;
      const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head))?.[1];
      const ended = head > 3 && (length !== undefined ? answer.length >= head + Number(length) : answer.endsWith('\r\n0\r\n\r\n'));
      if (ended) {
        this.#received = Buffer.alloc(0);
        return answer;
      }
      if (this.#socket.destroyed) throw new Error(`the gateway closed: ${answer}`);
      await new Promise<void>((resolve) => { this.#changed = resolve; });
    }
  }
  close(): void {
    this.#socket.destroy();
  }
}

function request(path: string, token: string, body: Buffer): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n`
    + 'content-type: application/json\r\nanthropic-version: 2023-06-01\r\nuser-agent: claude-cli/2.1.329 (external, cli)\r\n'
    + `content-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

// Instructions by function; the key is "object function".
type Functions = Map<string, number>;

// What callgrind wrote: `ob=` and `fn=` lines say whose the costs below them are. A name is written
// out once and is a number after that. A `calls=` line is followed by one with the callee's cost,
// which is no cost of the caller itself.
function functionsIn(page: string): Functions {
  const found: Functions = new Map();
  const names = { ob: new Map<string, string>(), fn: new Map<string, string>() };
  let object = '';
  let key = '';
  let callee = false;
  for (const line of page.split('\n')) {
    const named = /^c?(ob|fn)=(\(\d+\))(?: (.*))?$/.exec(line);
    if (named) {
      const [, kind = '', number = '', name] = named;
      const known = names[kind as 'ob' | 'fn'];
      if (name !== undefined) known.set(number, name);
      if (line.startsWith('ob=')) object = known.get(number) ?? '?';
      if (line.startsWith('fn=')) key = `${object.slice(object.lastIndexOf('/') + 1)} ${known.get(number) ?? '?'}`;
    } else if (line.startsWith('calls=')) {
      callee = true;
    } else if (/^[\d+*-]/.test(line)) {
      if (!callee) found.set(key, (found.get(key) ?? 0) + Number(line.split(' ')[1]));
      callee = false;
    }
  }
  return found;
}

function sum(functions: Functions): Count {
  const count: Count = { ours: 0, crypto: 0 };
  for (const [name, cost] of functions) count[name.startsWith('libcrypto.so') ? 'crypto' : 'ours'] += cost;
  return count;
}

// Callgrind writes a page a thread. Ours is the worker's, the one that reads from sockets: what the
// others do (log, names, syncing the record, timers) goes by the clock and not by requests, so that
// on a busy machine a run of more seconds has more of it.
function functionsOfWorker(folder: string, page: string): Functions {
  const reads = (functions: Functions) => [...functions].reduce((all, [name, cost]) => all + (/^libc\S* (recv|readv)/.test(name) ? cost : 0), 0);
  const threads = readdirSync(folder).filter((name) => name.startsWith(`${page}-`))
    .map((name) => functionsIn(readFileSync(join(folder, name), 'utf8')));
  const [worker] = threads.sort((a, b) => reads(b) - reads(a));
  if (!worker || reads(worker) === 0) throw new Error(`no thread of ${threads.length} reads from a socket`);
  return worker;
}

// Starts the program under callgrind, lets `use` speak to it, and answers what its worker executed.
async function instructions(setting: Setting, verifiedTokens: number, upstream: Upstream, use: (client: Client) => Promise<void>): Promise<Functions> {
  const folder = writeGatewayFolder(setting, 'guard', { tls: false, verifiedTokens }, upstream);
  mkdirSync(join(folder, 'callgrind'));
  const words = ['--tool=callgrind', '--separate-threads=yes', `--callgrind-out-file=${join(folder, 'callgrind/thread')}`, setting.sallyport, 'gateway', '--config', 'sallyport.yaml'];
  const child = spawn('valgrind', words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const said: string[] = [];
  const ended = new Promise<void>((resolve) => { child.once('close', () => resolve()); });
  const port = await new Promise<number>((resolve, reject) => {
    setTimeout(() => reject(new Error(`no start under valgrind: ${said.join('\n')}`)), patience).unref();
    void ended.then(() => reject(new Error(`ended under valgrind: ${said.join('\n')}`)));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        const listening = /gateway\.listening.*"port":\s*"?(\d+)/.exec(line);
        if (listening) resolve(Number(listening[1]));
      });
    }
  });
  const client = await Client.open(port);
  for (let tries = 0; ; ++tries) { // until the key set has been read
    const answer = await client.ask(Buffer.from('GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'));
    if (answer.startsWith('HTTP/1.1 200')) break;
    if (tries > 1000) throw new Error(`not ready: ${answer}`);
    await sleep(20);
  }
  await use(client);
  client.close();
  child.kill('SIGTERM');
  await ended;
  return functionsOfWorker(join(folder, 'callgrind'), 'thread');
}

async function measure(setting: Setting, one: Case, upstream: Upstream): Promise<Functions> {
  const body = readFileSync(join(setting.work, `body-${one.body}`));
  const token = readFileSync(join(setting.work, 'tokens/one.txt'), 'utf8').trim();
  const run = async (many: number) => instructions(setting, one.verifiedTokens, upstream, async (client) => {
    // Slow enough that two events are never read at once.
    const path = one.stream ? `/v1/messages?rate=25&events=${many}` : '/v1/messages';
    const bytes = request(path, token, body);
    for (let n = 0; n < (one.stream ? 1 : many); ++n) {
      const answer = await client.ask(bytes);
      if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`${one.id}: ${answer}`);
    }
  });
  const [short, long] = await Promise.all([run(one.short), run(one.long)]);
  for (const [name, cost] of short) long.set(name, (long.get(name) ?? 0) - cost);
  for (const [name, cost] of long) long.set(name, cost / (one.long - one.short));
  return long;
}

// Where they go: the forty functions that cost most.
function printFunctions(functions: Functions): void {
  const most = [...functions].sort((a, b) => b[1] - a[1]).slice(0, 40);
  for (const [name, cost] of most) console.log(`${Math.round(cost).toString().padStart(9)}  ${name}`);
}

// False: a figure is further above the committed one than its kind allows.
export async function guard(setting: Setting, asked: { update: boolean; functions: boolean; only: string[] }): Promise<boolean> {
  const { update, functions, only } = asked;
  if (!/\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))) {
    console.log('guard: not counted: the committed figures are for processors with AVX2');
    return true;
  }
  // Valgrind of Debian 12 cannot read clang 19's debugging information.
  const bare = join(setting.work, 'sallyport');
  execFileSync('objcopy', ['--strip-debug', setting.sallyport, bare]);
  const page = join(setting.root, 'bench/gateway/guard.json');
  const committed = existsSync(page) ? JSON.parse(readFileSync(page, 'utf8')) as Record<string, Count> : {};
  const found: Record<string, Count> = {};
  let good = true;
  mkdirSync(setting.work, { recursive: true });
  const upstream = await Upstream.start(setting, false);
  try {
    for (const one of cases.filter((each) => only.includes(each.id))) {
      const counted = await measure({ ...setting, sallyport: bare }, one, upstream);
      const { ours, crypto } = sum(counted);
      const count: Count = { ours: Math.round(ours), crypto: Math.round(crypto) };
      found[one.id] = count;
      const before = committed[one.id];
      const limits: Count = { ours: allowed(one), crypto: allowedCrypto };
      const told = (['ours', 'crypto'] as const).map((kind) => {
        const figure = `${count[kind]} ${kind}`;
        if (before === undefined) return figure;
        const change = before[kind] === 0 ? (count[kind] === 0 ? 0 : 1) : count[kind] / before[kind] - 1;
        const verdict = update ? '' : change > limits[kind] ? ' TOO MANY' : change < -limits[kind] ? ' (fewer: commit it with scripts/bench --guard --update)' : '';
        if (verdict === ' TOO MANY') good = false;
        return `${figure}, ${change >= 0 ? '+' : ''}${(change * 100).toFixed(2)} % of ${before[kind]}${verdict}`;
      });
      if (before === undefined && !update) good = false;
      console.log(`guard: ${one.title}: ${told.join('; ')}${before === undefined ? ': no committed figure' : ''}`);
      if (functions) printFunctions(counted);
    }
  } finally {
    await upstream.stop();
  }
  if (update) writeFileSync(page, JSON.stringify({ ...committed, ...found }, null, 2) + '\n');
  return good || update;
}
