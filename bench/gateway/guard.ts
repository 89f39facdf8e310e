// The guard: instructions of the program for one request, counted by callgrind, against the figures
// in guard.json. Time differs from machine to machine and from minute to minute; this count does
// not: Valgrind shows every program the same processor, one client asks one request after the
// other, and each figure is the difference between a long run and a short one, so that start and
// end fall out. What it does not see is the kernel's part, which no change of ours makes dearer
// without another system call.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
const allowed = 0.05;
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

// Starts the program under callgrind, lets `use` speak to it, and answers what it executed.
async function instructions(setting: Setting, verifiedTokens: number, upstream: Upstream, use: (client: Client) => Promise<void>): Promise<number> {
  const folder = writeGatewayFolder(setting, 'guard', { tls: false, verifiedTokens }, upstream);
  const words = ['--tool=callgrind', `--callgrind-out-file=${join(folder, 'callgrind')}`, setting.sallyport, 'gateway', '--config', 'sallyport.yaml'];
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
  const collected = /Collected\s*:\s*(\d+)/.exec(said.join('\n'));
  if (!collected) throw new Error(`no count from valgrind: ${said.slice(-10).join('\n')}`);
  return Number(collected[1]);
}

async function measure(setting: Setting, one: Case, upstream: Upstream): Promise<number> {
  const body = readFileSync(join(setting.work, `body-${one.body}`));
  const token = readFileSync(join(setting.work, 'tokens/one.txt'), 'utf8').trim();
  const run = async (many: number) => instructions(setting, one.verifiedTokens, upstream, async (client) => {
    // Slow enough that two events are never read at once.
    const path = one.stream ? `/v1/messages?rate=50&events=${many}` : '/v1/messages';
    const bytes = request(path, token, body);
    for (let n = 0; n < (one.stream ? 1 : many); ++n) {
      const answer = await client.ask(bytes);
      if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`${one.id}: ${answer}`);
    }
  });
  const [short, long] = await Promise.all([run(one.short), run(one.long)]);
  return (long - short) / (one.long - one.short);
}

// False: a figure is more than 5 % above the committed one.
export async function guard(setting: Setting, update: boolean, only: string[] = guarded): Promise<boolean> {
  if (!/\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))) {
    console.log('guard: not counted: the committed figures are for processors with AVX2');
    return true;
  }
  // Valgrind of Debian 12 cannot read clang 19's debugging information.
  const bare = join(setting.work, 'sallyport');
  execFileSync('objcopy', ['--strip-debug', setting.sallyport, bare]);
  const page = join(setting.root, 'bench/gateway/guard.json');
  const committed = existsSync(page) ? JSON.parse(readFileSync(page, 'utf8')) as Record<string, number> : {};
  const found: Record<string, number> = {};
  let good = true;
  mkdirSync(setting.work, { recursive: true });
  const upstream = await Upstream.start(setting, false);
  try {
    for (const one of cases.filter((each) => only.includes(each.id))) {
      const count = Math.round(await measure({ ...setting, sallyport: bare }, one, upstream));
      found[one.id] = count;
      const before = committed[one.id];
      const change = before === undefined ? 0 : count / before - 1;
      const words = before === undefined ? 'no committed figure' : `${change >= 0 ? '+' : ''}${(change * 100).toFixed(1)} % of ${before}`;
      const verdict = update ? '' : before === undefined || change > allowed ? '  TOO MANY' : change < -allowed ? '  better: commit it with scripts/bench --guard --update' : '';
      if (verdict.includes('TOO MANY')) good = false;
      console.log(`guard: ${count} instructions, ${one.title}: ${words}${verdict}`);
    }
  } finally {
    await upstream.stop();
  }
  if (update) writeFileSync(page, JSON.stringify({ ...committed, ...found }, null, 2) + '\n');
  return good || update;
}
