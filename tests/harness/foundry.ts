// A simulated Microsoft Foundry resource: strict about its path, its key and its deployments, as the
// real one is, and stricter about credentials that must never arrive. It keeps every request as it
// came, and answers as a test's script says, byte for byte.
//
//   const foundry = await Foundry.open({ answer: stream(sample('02-stream.response.sse')) });
//   ... foundry.base goes into the gateway's configuration, foundry.key too
//   foundry.requests[0].head.raw, .body, .gone
//   await foundry.close();

import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';
import { httpSample } from './samples.ts';
import {
  chunk,
  type Fields,
  type Head,
  lastChunk,
  value,
  values,
  WireReader,
  writeHead,
} from './wire.ts';

/** What a provider of this family takes and how it says no. */
export interface Manners {
  /** Headers that may carry the key. */
  keyHeaders: string[];
  /** Samples of its refusals. */
  badKey: string;
  noModel: string;
  noPath: (call: Call) => void;
}

export interface FoundryOptions {
  /** Another provider of the same family (mantle.ts). */
  manners?: Manners;
  key?: string;
  /** Bearer mode, with local authentication off: takes the tokens for which this is true, and no key. */
  bearer?: (token: string) => boolean;
  deployments?: string[];
  answer?: Answer;
  tls?: { cert: string; key: string };
  /** Keep the requests (default). Load tests turn it off and count with `seen`. */
  keep?: boolean;
  /** Accepts connections and reads nothing. */
  deaf?: boolean;
  /** Answers 413 as soon as it has read a head, and closes without reading the body. */
  hasty?: boolean;
}

/** What a test wants back for a request that passed the checks. */
export type Answer = (call: Call) => void | Promise<void>;

/** What a client sent that must never leave the gateway. */
export const forbiddenFields = ['authorization', 'cookie', 'proxy-authorization'];

export class Foundry {
  readonly key: string;
  readonly requests: Call[] = [];
  /** Requests by header that had no business here. */
  readonly forbidden = new Map<string, number>();
  /** Why requests were refused, in order. */
  readonly refused: string[] = [];
  connections = 0;
  answer: Answer;
  /** Called for each request that arrived whole, before anything else. */
  seen: (call: Call) => void = () => {};
  bearer: ((token: string) => boolean) | undefined;
  private readonly deployments: Set<string>;
  private readonly keep: boolean;
  private readonly deaf: boolean;
  private readonly hasty: boolean;
  private readonly manners: Manners;
  private readonly server: net.Server;
  private readonly scheme: string;
  private readonly sockets = new Set<net.Socket>();

  private constructor(options: FoundryOptions) {
    this.key = options.key ?? 'foundry-key-for-tests';
    this.bearer = options.bearer;
    this.deployments = new Set(
      options.deployments ?? ['sonnet-prod', 'opus-prod', 'claude-haiku-4-5'],
    );
    this.answer = options.answer ?? defaultAnswer;
    this.keep = options.keep ?? true;
    this.deaf = options.deaf ?? false;
    this.hasty = options.hasty ?? false;
    this.manners = options.manners ?? foundryManners;
    this.scheme = options.tls ? 'https' : 'http';
    this.server = options.tls
      ? tls.createServer({ ...options.tls, minVersion: 'TLSv1.2' }, (socket) => this.serve(socket))
      : net.createServer((socket) => this.serve(socket));
  }

  static async open(options: FoundryOptions = {}): Promise<Foundry> {
    const foundry = new Foundry(options);
    foundry.server.listen(0, '127.0.0.1', 1024);
    await once(foundry.server, 'listening');
    return foundry;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }
  /** What an administrator writes as `base_url`. */
  get base(): string {
    const host = this.scheme === 'https' ? 'localhost' : '127.0.0.1';
    return `${this.scheme}://${host}:${this.port}/anthropic`;
  }
  get last(): Call {
    const last = this.requests.at(-1);
    if (!last) throw new Error('Foundry saw no request');
    return last;
  }

  /** The next request to arrive. */
  async next(): Promise<Call> {
    return new Promise((resolve) => {
      const before = this.seen;
      this.seen = (call) => {
        this.seen = before;
        before(call);
        resolve(call);
      };
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: net.Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    if (this.deaf) return; // never asked for data, it reads none
    let call: Call | undefined;
    const reader = new WireReader('request', {
      head: (head) => {
        call = new Call(head, socket);
        if (!this.hasty) return;
        const { start, fields, body } = httpSample('errors/413-request-too-large.http');
        call.whole(start, [...fields, ['Connection', 'close']], body);
        socket.end();
      },
      body: (bytes) => call?.parts.push(bytes),
      end: (complete) => {
        if (complete && call) this.arrived(call);
      },
    });
    socket.on('data', (bytes) => {
      try {
        reader.feed(bytes);
      } catch (error) {
        this.refused.push(`unreadable: ${String(error)}`);
        socket.end(
          writeHead('HTTP/1.1 400 Bad Request', [
            ['connection', 'close'],
            ['content-length', '0'],
          ]),
        );
      }
    });
    socket.on('close', () => {
      this.sockets.delete(socket);
      call?.left();
    });
  }

  private arrived(call: Call): void {
    if (this.keep) this.requests.push(call);
    this.seen(call);
    const keys = ['x-api-key', 'api-key'];
    const others = forbiddenFields.filter((name) => name !== 'authorization');
    const notKeys = keys.filter((name) => !this.manners.keyHeaders.includes(name));
    for (const name of this.bearer ? [...others, ...keys] : [...forbiddenFields, ...notKeys]) {
      if (value(call.head, name) !== undefined) {
        this.forbidden.set(name, (this.forbidden.get(name) ?? 0) + 1);
        this.refuse(call, `forbidden ${name}`, this.manners.badKey);
        return;
      }
    }
    const credentials = [...values(call.head, 'x-api-key'), ...values(call.head, 'api-key')];
    if (this.bearer) credentials.push(...values(call.head, 'authorization'));
    const good = this.bearer
      ? credentials[0]?.startsWith('Bearer ') && this.bearer(credentials[0].slice(7))
      : credentials[0] === this.key;
    if (credentials.length !== 1 || !good) {
      this.refuse(call, 'credential', this.manners.badKey);
      return;
    }
    const [method, target] = call.head.start.split(' ');
    const path = target.split('?')[0];
    if (method !== 'POST' || !/^\/anthropic\/v1\/messages(\/count_tokens)?$/.test(path)) {
      this.refused.push(`path ${method} ${path}`);
      this.manners.noPath(call);
      return;
    }
    if (value(call.head, 'anthropic-version') === undefined) {
      this.refused.push('version');
      anthropic(
        call,
        400,
        'Bad Request',
        'invalid_request_error',
        'anthropic-version: header is required',
      );
      return;
    }
    if (!/^application\/json\b/.test(value(call.head, 'content-type') ?? '')) {
      this.refused.push('content-type');
      anthropic(
        call,
        415,
        'Unsupported Media Type',
        'invalid_request_error',
        'content-type: application/json is required',
      );
      return;
    }
    const json = call.json;
    if (typeof json !== 'object' || json === null) {
      this.refused.push('json');
      anthropic(call, 400, 'Bad Request', 'invalid_request_error', 'the body is not JSON');
      return;
    }
    if (!this.deployments.has(String(json.model))) {
      this.refuse(call, `deployment ${String(json.model)}`, this.manners.noModel);
      return;
    }
    void Promise.resolve(this.answer(call)).catch((error: unknown) => {
      this.refused.push(`script: ${String(error)}`);
      call.die();
    });
  }

  private refuse(call: Call, why: string, file: string): void {
    this.refused.push(why);
    const { start, fields, body } = httpSample(file);
    call.whole(start, fields, body);
  }
}

const foundryManners: Manners = {
  keyHeaders: ['x-api-key', 'api-key'],
  badKey: 'errors/401-foundry-bad-key.http',
  noModel: 'errors/404-foundry-deployment.http',
  noPath: (call) => azure(call, 404, 'Not Found', '404', 'Resource not found'),
};

/** One request, and the pen to answer it with. */
export class Call {
  readonly head: Head;
  readonly socket: net.Socket;
  readonly at = performance.now();
  readonly parts: Buffer[] = [];
  /** When the peer went away before the answer had ended; undefined while it has not. */
  goneAt: number | undefined;
  answered = false;
  private readonly waiting: (() => void)[] = [];
  private whole_: Buffer | undefined;

  constructor(head: Head, socket: net.Socket) {
    this.head = head;
    this.socket = socket;
  }

  get body(): Buffer {
    return (this.whole_ ??= Buffer.concat(this.parts));
  }
  get json(): any {
    try {
      return JSON.parse(this.body.toString());
    } catch {
      return undefined;
    }
  }
  get streaming(): boolean {
    return this.json?.stream === true;
  }
  get counting(): boolean {
    return this.head.start.split(' ')[1].split('?')[0].endsWith('/count_tokens');
  }
  /** The gateway's own id of the exchange. */
  get id(): string {
    return value(this.head, 'x-request-id') ?? '';
  }

  /** Resolves when the peer leaves before the end of the answer. */
  async gone(): Promise<void> {
    if (this.goneAt !== undefined) return;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
  /** The connection has closed (called by the server). */
  left(): void {
    if (this.answered || this.goneAt !== undefined) return;
    this.goneAt = performance.now();
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  write(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }
  /** Writes and waits until the kernel has it: for answers larger than a socket's buffers. */
  async push(bytes: Buffer): Promise<boolean> {
    if (this.socket.destroyed) return false;
    return new Promise((resolve) => {
      const left = () => resolve(false);
      this.socket.once('close', left);
      this.socket.write(bytes, (error) => {
        this.socket.off('close', left);
        resolve(!error);
      });
    });
  }
  chunk(bytes: Buffer): void {
    this.socket.write(chunk(bytes));
  }
  end(): void {
    this.answered = true;
    this.socket.write(lastChunk);
  }
  whole(start: string, fields: Fields, body: Buffer): void {
    this.answered = true;
    const own = fields.filter(([n]) => n.toLowerCase() !== 'content-length');
    this.socket.write(
      Buffer.concat([writeHead(start, [...own, ['content-length', String(body.length)]]), body]),
    );
  }
  /** The provider dies: a reset, or an orderly close. */
  die(how: 'reset' | 'close' = 'close'): void {
    this.answered = true;
    if (how === 'reset') this.socket.resetAndDestroy();
    else this.socket.destroy();
  }
}

export function azure(
  call: Call,
  code: number,
  reason: string,
  name: string,
  message: string,
): void {
  const body = Buffer.from(JSON.stringify({ error: { code: name, message } }));
  call.whole(
    `HTTP/1.1 ${code} ${reason}`,
    [
      ['Content-Type', 'application/json'],
      ['apim-request-id', '2b1a8f10-0000-4000-8000-00000000000f'],
    ],
    body,
  );
}

export function anthropic(
  call: Call,
  code: number,
  reason: string,
  type: string,
  message: string,
): void {
  const body = Buffer.from(
    JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_011Ctest' }),
  );
  call.whole(
    `HTTP/1.1 ${code} ${reason}`,
    [
      ['Content-Type', 'application/json'],
      ['request-id', 'req_011Ctest'],
    ],
    body,
  );
}

async function defaultAnswer(call: Call): Promise<void> {
  const { wellBehaved } = await import('./answers.ts');
  await wellBehaved()(call);
}
