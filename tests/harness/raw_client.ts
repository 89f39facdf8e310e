// A client that says exactly the bytes it is told and keeps exactly the bytes it hears: for heads
// that no library would send, for slow readers, for hashes, and for load on connections kept alive.

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { type Fields, type Head, status, value, WireReader, writeHead } from './wire.ts';

export interface Reply {
  head: Head;
  status: number;
  body: Buffer;
  /** The body as it came off the wire, one piece a chunk or read. */
  pieces: Buffer[];
  /** False where the connection ended inside the answer. */
  complete: boolean;
  interim: Head[];
  json: any;
}

export interface Target {
  host?: string;
  port: number;
  localAddress?: string;
  tls?: { ca: string; servername?: string };
}

/** When the connection is over, in whichever way: `once` fails where a reset is how it ends. */
export function over(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.on('error', () => {}).once('close', () => resolve());
  });
}

export class RawClient {
  readonly socket: net.Socket;
  closed = false;
  /** Pieces of the running answer's body, as they come. */
  onBody: (bytes: Buffer) => void = () => {};
  private readonly reader: WireReader;
  private readonly early: Reply[] = []; // answers that nobody has asked for yet
  private readonly waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] =
    [];
  private current: { head: Head; pieces: Buffer[] } | undefined;
  private interim: Head[] = [];

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    this.reader = new WireReader('response', {
      head: (head) => (this.current = { head, pieces: [] }),
      interim: (head) => this.interim.push(head),
      body: (bytes) => {
        this.current?.pieces.push(bytes);
        this.onBody(bytes);
      },
      end: (complete) => this.finished(complete),
    });
    socket.on('data', (bytes) => {
      try {
        this.reader.feed(bytes);
      } catch (error) {
        this.fail(error as Error);
        socket.destroy();
      }
    });
    socket.on('end', () => this.reader.finish());
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => {
      this.closed = true;
      this.fail(new Error('the connection closed without an answer'));
    });
  }

  static async connect(target: Target): Promise<RawClient> {
    const host = target.host ?? '127.0.0.1';
    if (!target.tls) {
      const socket = net.connect({ host, port: target.port, localAddress: target.localAddress });
      await once(socket, 'connect');
      return new RawClient(socket);
    }
    const socket = tls.connect({
      host,
      port: target.port,
      ca: target.tls.ca,
      servername: target.tls.servername ?? 'localhost',
    });
    await once(socket, 'secureConnect');
    return new RawClient(socket);
  }

  write(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** The next answer on this connection. */
  reply(options: { bodiless?: boolean } = {}): Promise<Reply> {
    this.reader.bodiless = options.bodiless ?? false;
    const early = this.early.shift();
    if (early) return Promise.resolve(early);
    if (this.closed) return Promise.reject(new Error('the connection is closed'));
    const promise = new Promise<Reply>((resolve, reject) => this.waiting.push({ resolve, reject }));
    promise.catch(() => {}); // a test that gives up must not bring the process down
    return promise;
  }

  /** Sends one request with a content-length and waits for the whole answer. */
  async request(
    method: string,
    path: string,
    fields: Fields,
    body: Buffer | string = '',
  ): Promise<Reply> {
    const bytes = Buffer.from(body);
    const named = fields.some(([name]) => name.toLowerCase() === 'host');
    const own: Fields = named ? [...fields] : [['Host', 'gateway.test'], ...fields];
    if (method !== 'GET' && method !== 'HEAD') own.push(['Content-Length', String(bytes.length)]);
    this.write(Buffer.concat([writeHead(`${method} ${path} HTTP/1.1`, own), bytes]));
    return this.reply({ bodiless: method === 'HEAD' });
  }

  close(): void {
    this.socket.destroy();
  }

  private finished(complete: boolean): void {
    const { head, pieces } = this.current ?? { head: undefined, pieces: [] };
    this.current = undefined;
    const waiting = this.waiting.shift();
    if (!head) {
      waiting?.reject(new Error('the connection ended inside a head'));
      return;
    }
    const body = Buffer.concat(pieces);
    const reply: Reply = {
      head,
      status: status(head),
      body,
      pieces,
      complete,
      interim: this.interim.splice(0),
      get json() {
        return /^application\/json/.test(value(head, 'content-type') ?? '')
          ? JSON.parse(body.toString())
          : undefined;
      },
    };
    if (waiting) waiting.resolve(reply);
    else this.early.push(reply);
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

/** One request on a connection of its own. */
export async function ask(
  target: Target,
  method: string,
  path: string,
  fields: Fields,
  body: Buffer | string = '',
): Promise<Reply> {
  const client = await RawClient.connect(target);
  try {
    return await client.request(method, path, fields, body);
  } finally {
    client.close();
  }
}
