// The administrator's socket, asked as somebody of this machine: the kernel tells the gateway who
// it was at the moment of connecting, so that a test that is root can be anybody.
//
//   const reply = await askSocket(path, 'GET', '/api/v1/me', { as: nobody });

import http from 'node:http';
import net from 'node:net';

export interface Peer {
  uid: number;
  gid: number;
}
/** In no group but `nogroup`. */
export const nobody: Peer = { uid: 65534, gid: 65534 };

export interface SocketReply {
  status: number;
  type: string;
  headers: http.IncomingHttpHeaders;
  text: string;
}
export interface SocketAsk {
  /** Needs root; left out, whoever runs the test. */
  as?: Peer;
  body?: string;
  headers?: http.OutgoingHttpHeaders;
}

// connect(2) happens before net.connect returns.
function connectAs(path: string, peer: Peer | undefined): net.Socket {
  if (!peer) return net.connect(path);
  const groups = process.getgroups!();
  process.setgroups!([peer.gid]);
  process.setegid!(peer.gid);
  process.seteuid!(peer.uid);
  try {
    return net.connect(path);
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
    process.setgroups!(groups);
  }
}

/** One request on a connection of its own. Rejects where the door closes without an answer. */
export function askSocket(
  path: string,
  method: string,
  target: string,
  ask: SocketAsk = {},
): Promise<SocketReply> {
  return new Promise((resolve, reject) => {
    const headers: http.OutgoingHttpHeaders = { host: 'localhost', connection: 'close' };
    if (ask.body !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(ask.body);
    }
    const request = http.request({
      createConnection: () => connectAs(path, ask.as),
      method,
      path: target,
      headers: { ...headers, ...ask.headers },
      timeout: 20_000,
    });
    request.on('timeout', () => request.destroy(new Error(`${method} ${target}: no answer`)));
    request.on('error', reject);
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (bytes: Buffer) => pieces.push(bytes));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          headers: response.headers,
          text: Buffer.concat(pieces).toString(),
        }),
      );
    });
    request.end(ask.body);
  });
}
