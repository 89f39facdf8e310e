// Who is measured, and how each is started. A peer is started afresh for every measurement.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { audience, issuer } from './credentials.ts';
import { familyOf, freePort, peerCore, rigCore, start, type Started, stop, untilListening } from './processes.ts';

export type PeerName = 'nginx' | 'haproxy' | 'sallyport' | 'direct';

export interface Variant {
  tls: boolean;          // on both sides
  verifiedTokens: number; // the gateway's cache
}

export interface Setting {
  root: string;       // of the repository
  work: string;       // of this run of the bench
  programs: string;   // folder of rig_load and rig_upstream
  sallyport: string;  // the gateway's program
}

export const providerKey = 'bench-provider-key-0123456789abcdef';

export class Measured {
  readonly port: number;
  pids: number[];
  readonly startMs: number;
  #started: Started | undefined;
  constructor(port: number, started: Started | undefined, startMs: number) {
    this.port = port;
    this.#started = started;
    this.startMs = startMs;
    this.pids = started?.child.pid ? familyOf(started.child.pid) : [];
  }
  // nginx listens before it has forked its worker.
  async untilForked(): Promise<void> {
    while (this.pids.length < 2) {
      await sleep(5);
      this.pids = familyOf(this.pids[0]!);
    }
  }
  async stop(): Promise<void> {
    if (this.#started) await stop(this.#started);
  }
}

export class Upstream {
  readonly port: number;
  readonly #started: Started;
  readonly #tls: boolean;
  private constructor(started: Started, tls: boolean) {
    this.#started = started;
    this.#tls = tls;
    this.port = Number(started.line.split(' ')[1]);
  }
  static async start(setting: Setting, tls: boolean): Promise<Upstream> {
    const certificate = tls
      ? ['--certificate', join(setting.work, 'tls/server.pem'), '--private-key', join(setting.work, 'tls/server.key')] : [];
    const words = [join(setting.programs, 'rig_upstream'), '--key', providerKey, ...certificate];
    return new Upstream(await start(rigCore, words, setting.work, /^listening /), tls);
  }
  // Requests with a wrong key or with a credential of the client's.
  async violations(): Promise<number> {
    const { get } = this.#tls ? await import('node:https') : await import('node:http');
    const text = await new Promise<string>((resolve, reject) => {
      get({ host: '127.0.0.1', port: this.port, path: '/stats', agent: false, rejectUnauthorized: false } as object, (answer) => {
        let body = '';
        answer.on('data', (piece) => { body += piece; }).on('end', () => resolve(body));
      }).on('error', reject);
    });
    return (JSON.parse(text) as { violations: number }).violations;
  }
  async stop(): Promise<void> {
    await stop(this.#started);
  }
}

function fill(setting: Setting, name: string, words: Record<string, string>): string {
  const text = readFileSync(join(setting.root, 'bench/gateway/peers', name), 'utf8');
  return text.replace(/@([A-Z_]+)@/g, (_, word: string) => {
    const value = words[word];
    if (value === undefined) throw new Error(`${name}: nothing for @${word}@`);
    return value;
  });
}

let folders = 0;

// A folder of its own for a peer, with the words that fill its configuration.
function prepare(setting: Setting, name: string, variant: Variant, upstream: Upstream, port: number): { folder: string; words: Record<string, string> } {
  const folder = join(setting.work, `${name}-${++folders}`);
  mkdirSync(folder, { recursive: true });
  const words = {
    PORT: String(port), UPSTREAM_PORT: String(upstream.port), KEY: providerKey, ISS: issuer, AUD: audience,
    TOKENS: join(setting.work, 'tokens'), TLS: join(setting.work, 'tls'), RUN: folder,
    VERIFIED_TOKENS: String(variant.verifiedTokens),
    UPSTREAM_SCHEME: variant.tls ? 'https' : 'http', UPSTREAM_HOST: variant.tls ? 'localhost' : '127.0.0.1',
    UPSTREAM_CA: variant.tls ? `\n    ca_file: ${join(setting.work, 'tls/ca.pem')}` : '',
    LISTEN_TLS: variant.tls
      ? `\n  tls: {certificate: ${join(setting.work, 'tls/server.pem')}, key: ${join(setting.work, 'tls/server.key')}}` : '',
  };
  return { folder, words };
}

// What the gateway starts from: its configuration and the provider's key.
export function writeGatewayFolder(setting: Setting, name: string, variant: Variant, upstream: Upstream): string {
  const { folder, words } = prepare(setting, name, variant, upstream, 0);
  writeFileSync(join(folder, 'key'), providerKey, { mode: 0o600 });
  writeFileSync(join(folder, 'sallyport.yaml'), fill(setting, 'sallyport.yaml', words));
  return folder;
}

export async function startPeer(setting: Setting, name: PeerName, variant: Variant, upstream: Upstream): Promise<Measured> {
  const began = performance.now();
  const took = () => performance.now() - began;
  if (name === 'direct') return new Measured(upstream.port, undefined, 0);
  if (name === 'sallyport') {
    const folder = writeGatewayFolder(setting, name, variant, upstream);
    const command = [setting.sallyport, 'gateway', '--config', 'sallyport.yaml'];
    const started = await start(peerCore, command, folder, /gateway\.listening/);
    const listening = /"port":\s*"?(\d+)/.exec(started.line);
    if (!listening) throw new Error(`no port in: ${started.line}`);
    return new Measured(Number(listening[1]), started, took());
  }
  const port = await freePort();
  const { folder, words } = prepare(setting, name, variant, upstream, port);
  if (name === 'nginx') {
    writeFileSync(join(folder, 'nginx.conf'), fill(setting, variant.tls ? 'nginx-tls.conf' : 'nginx.conf', words));
    const command = ['nginx', '-p', folder, '-c', 'nginx.conf', '-e', 'error.log'];
    const started = await start(peerCore, command, folder);
    await untilListening(port);
    const measured = new Measured(port, started, took());
    await measured.untilForked();
    return measured;
  }
  writeFileSync(join(folder, 'haproxy.cfg'), fill(setting, 'haproxy.cfg', words));
  const started = await start(peerCore, ['haproxy', '-db', '-q', '-f', 'haproxy.cfg'], folder);
  await untilListening(port);
  return new Measured(port, started, took());
}
