// The smallest corporate proxy: HTTP CONNECT, and a note of who was asked for.

import { once } from 'node:events';
import net from 'node:net';

export class ConnectProxy {
  /** `host:port` of every tunnel. */
  readonly tunnels: string[] = [];
  /** Heads as they came. */
  readonly heads: string[] = [];
  /** Answers with this status line instead of a tunnel, when set. */
  refuse: string | undefined;
  private readonly server: net.Server;
  private readonly sockets = new Set<net.Socket>();

  private constructor() {
    this.server = net.createServer((client) => {
      this.hold(client);
      let head = Buffer.alloc(0);
      const collect = (bytes: Buffer) => {
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        client.off('data', collect);
        this.tunnel(client, head.subarray(0, end + 4).toString('latin1'), head.subarray(end + 4));
      };
      client.on('data', collect);
    });
  }

  static async open(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy();
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private tunnel(client: net.Socket, head: string, early: Buffer): void {
    this.heads.push(head);
    const [method, where] = head.split(' ');
    if (method !== 'CONNECT' || this.refuse) {
      client.end(
        `${this.refuse ?? 'HTTP/1.1 405 Method Not Allowed'}\r\ncontent-length: 0\r\n\r\n`,
      );
      return;
    }
    this.tunnels.push(where);
    const colon = where.lastIndexOf(':');
    const server = net.connect(
      { host: where.slice(0, colon), port: Number(where.slice(colon + 1)) },
      () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        server.write(early);
        client.pipe(server).pipe(client);
      },
    );
    this.hold(server);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  private hold(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }
}
