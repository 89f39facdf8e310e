// Debian's nginx and HAProxy as neighbours of the program under test: the same bytes go to all of
// them, so that one sees whether ours reads a message otherwise than they do. Each listens on a
// Unix socket in its own folder (no port to race for) before an origin that counts what reached it.
//
//   const origin = await Origin.open();
//   const nginx = await Neighbour.nginx(origin);   // undefined where it is not installed
//   const heard = await speak(nginx.target, bytes, 1);
//   await nginx.close();

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Head, parseHead, status, value, WireReader, writeHead } from './wire.ts';

/** What a front door sends on ends here: every request is counted and answered with 200. */
export class Origin {
  /** Request lines, without those of the marker. */
  readonly seen: string[] = [];
  /** Bytes that this strict reader could not take for a request. */
  unreadable = 0;
  private readonly server = net.createServer((socket) => this.serve(socket));
  private readonly sockets = new Set<net.Socket>();

  static async open(): Promise<Origin> {
    const origin = new Origin();
    origin.server.listen(0, '127.0.0.1');
    await once(origin.server, 'listening');
    return origin;
  }
  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }
  get reached(): number {
    return this.seen.length + this.unreadable;
  }
  forget(): void {
    this.seen.length = 0;
    this.unreadable = 0;
  }
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
    let start = '';
    const reader = new WireReader('request', {
      head: (head) => (start = head.start),
      body: () => {},
      end: (complete) => {
        if (!complete) return;
        const marker = start.startsWith(`GET ${markerPath} `);
        if (!marker) this.seen.push(start);
        const body = marker ? markerBody : '{"type":"message"}';
        socket.write(
          writeHead('HTTP/1.1 200 OK', [['content-length', String(body.length)]]).toString() + body,
        );
      },
    });
    socket.on('data', (bytes) => {
      try {
        reader.feed(bytes);
      } catch {
        this.unreadable += 1;
        socket.destroy();
      }
    });
  }
}

export class Neighbour {
  readonly target: net.NetConnectOpts;
  private readonly child: ChildProcess;
  private readonly directory: string;
  private output = '';

  private constructor(program: string, args: string[], directory: string, path: string) {
    this.directory = directory;
    this.target = { path };
    this.child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (bytes: Buffer) => (this.output += bytes.toString()));
  }

  /** Heads of 32 KiB and 128 fields like ours, so that only the reading differs, not the limits. */
  static async nginx(origin: Origin): Promise<Neighbour | undefined> {
    const program = installed('nginx');
    if (program === undefined) return undefined;
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-nginx-'));
    const path = join(directory, 'front.sock');
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `  ${name}_temp_path ${join(directory, name)};`)
      .join('\n');
    writeFileSync(
      join(directory, 'nginx.conf'),
      `daemon off;
master_process off;
pid ${join(directory, 'pid')};
error_log ${join(directory, 'error.log')};
events {}
http {
  access_log off;
${places}
  large_client_header_buffers 4 32k;
  client_max_body_size 32m;
  client_header_timeout 1s;
  client_body_timeout 1s;
  lingering_timeout 1s;
  server {
    listen unix:${path};
    location / {
      proxy_pass http://127.0.0.1:${origin.port};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`,
    );
    const args = ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'];
    return new Neighbour(program, args, directory, path).listening();
  }

  static async haproxy(origin: Origin): Promise<Neighbour | undefined> {
    const program = installed('haproxy');
    if (program === undefined) return undefined;
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-haproxy-'));
    const path = join(directory, 'front.sock');
    writeFileSync(
      join(directory, 'haproxy.cfg'),
      `global
  nbthread 1
  tune.bufsize 36864
  tune.http.maxhdr 128
defaults
  mode http
  timeout connect 5s
  timeout client 1s
  timeout server 1s
  timeout http-request 1s
frontend front
  bind unix@${path}
  default_backend origin
backend origin
  server origin 127.0.0.1:${origin.port}
`,
    );
    const args = ['-db', '-f', join(directory, 'haproxy.cfg')];
    return new Neighbour(program, args, directory, path).listening();
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
      await once(this.child, 'exit');
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Connects until it is answered; a neighbour that does not start is an error. */
  private async listening(): Promise<Neighbour> {
    const end = performance.now() + 10_000;
    for (;;) {
      const socket = net.connect(this.target);
      const open = await Promise.race([
        once(socket, 'connect').then(() => true),
        once(socket, 'error').then(() => false),
      ]).catch(() => false);
      socket.destroy();
      if (open) return this;
      if (performance.now() > end || this.child.exitCode !== null) {
        const output = this.output;
        await this.close();
        throw new Error(`a neighbour does not start: ${output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function installed(name: string): string | undefined {
  return ['/usr/sbin', '/usr/bin', '/usr/local/sbin']
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** Asked for behind a case's bytes, so that every answer before this one's belongs to the case. */
export const markerPath = '/healthz';
export const markerBody = 'ok\n';

export interface Heard {
  /** Status codes of the final answers, in order, without the marker's; 9 for HTTP/0.9. */
  answers: number[];
  heads: Head[];
  /** The connection could be used on: the marker was answered. */
  open: boolean;
  /** Nothing more came for a long time, though the door has time limits of a second. */
  silent: boolean;
}

/**
 * Says the bytes on a connection of their own and hears everything that comes back. Once `requests`
 * answers are there, a marker is asked for behind them.
 */
export async function speak(
  target: net.NetConnectOpts,
  bytes: Buffer | string,
  requests: number,
): Promise<Heard> {
  const heard: Heard = { answers: [], heads: [], open: false, silent: false };
  const socket = net.connect(target);
  socket.on('error', () => {});
  await once(socket, 'connect');
  let body = '';
  let marked = false;
  const reader = new WireReader('response', {
    head: (head) => {
      heard.heads.push(parseHead(head.raw));
      body = '';
    },
    body: (part) => (body += part.toString('latin1')),
    end: () => {
      const head = heard.heads.at(-1);
      if (!head) return; // ended inside a head
      if (marked && status(head) === 200 && body === markerBody) {
        heard.heads.pop();
        heard.open = true;
        socket.destroy();
        return;
      }
      heard.answers.push(status(head));
      if (heard.answers.length < requests || marked) return;
      marked = true;
      if (value(head, 'connection')?.toLowerCase() !== 'close')
        socket.write(`GET ${markerPath} HTTP/1.1\r\nHost: gateway.test\r\n\r\n`);
    },
  });
  socket.on('data', (part) => {
    if (heard.heads.length === 0 && !'HTTP/'.startsWith(part.toString('latin1', 0, 5))) {
      heard.answers.push(9); // a page without a head
      socket.destroy();
    } else {
      reader.feed(part);
    }
  });
  socket.on('end', () => reader.finish());
  const timer = setTimeout(() => {
    heard.silent = true;
    socket.destroy();
  }, 8000);
  socket.write(bytes);
  await once(socket, 'close').catch(() => {});
  clearTimeout(timer);
  return heard;
}
