// HTTP/1.1 as bytes, for both ends of the program under test: a reader that keeps every byte it
// was given (a library would tidy the very things that the tests look at) and small writers.

export type Fields = [name: string, value: string][];

export interface Head {
  raw: Buffer; // with the empty line
  start: string; // request line or status line
  fields: Fields; // names as they were sent
}

/** All values of a field, in order; `name` in lower case. */
export function values(head: { fields: Fields }, name: string): string[] {
  return head.fields.filter(([n]) => n.toLowerCase() === name).map(([, v]) => v);
}

/** The values of a field joined with commas, or undefined. */
export function value(head: { fields: Fields }, name: string): string | undefined {
  const all = values(head, name);
  return all.length === 0 ? undefined : all.join(', ');
}

export function status(head: Head): number {
  return Number(head.start.split(' ')[1]);
}

export function parseHead(raw: Buffer): Head {
  const lines = raw.toString('latin1').split('\r\n');
  const fields: Fields = [];
  for (const line of lines.slice(1)) {
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error(`not a header line: ${JSON.stringify(line)}`);
    fields.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return { raw, start: lines[0], fields };
}

export function writeHead(start: string, fields: Fields): Buffer {
  return Buffer.from(
    `${start}\r\n${fields.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`,
    'latin1',
  );
}

export function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
}
export const lastChunk = Buffer.from('0\r\n\r\n');

export interface Listener {
  head(head: Head): void;
  /** A 1xx answer. */
  interim?(head: Head): void;
  body(bytes: Buffer): void;
  /** `complete` is false where the connection ended inside the message. */
  end(complete: boolean): void;
}

type Framing =
  { kind: 'none' } | { kind: 'length'; left: number } | { kind: 'chunked' } | { kind: 'close' };

const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');

/** Reads messages of one direction of one connection. Strict: what it cannot frame, it throws on. */
export class WireReader {
  private rest: Buffer = Buffer.alloc(0);
  private framing: Framing | undefined; // undefined: in a head
  private chunkLeft = -1; // -1: at a chunk's size line; -2: in the trailer
  private readonly side: 'request' | 'response';
  private readonly listener: Listener;
  /** For responses: set while the answer to a HEAD is expected. */
  bodiless = false;

  constructor(side: 'request' | 'response', listener: Listener) {
    this.side = side;
    this.listener = listener;
  }

  feed(bytes: Buffer): void {
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    while (this.step());
  }

  /** The connection ended. */
  finish(): void {
    if (this.framing?.kind === 'close') this.done(true);
    else if (this.framing || this.rest.length > 0) this.done(false);
  }

  private step(): boolean {
    if (!this.framing) return this.stepHead();
    if (this.framing.kind === 'none') return this.done(true);
    if (this.framing.kind === 'chunked') return this.stepChunked();
    if (this.rest.length === 0)
      return this.framing.kind === 'length' && this.framing.left === 0 && this.done(true);
    if (this.framing.kind === 'close') {
      this.listener.body(this.take(this.rest.length));
      return false;
    }
    const part = this.take(Math.min(this.framing.left, this.rest.length));
    this.framing.left -= part.length;
    if (part.length > 0) this.listener.body(part);
    return this.framing.left === 0 ? this.done(true) : false;
  }

  private stepHead(): boolean {
    const at = this.rest.indexOf(headEnd);
    if (at < 0) return false;
    const head = parseHead(this.take(at + 4));
    if (this.side === 'response' && status(head) >= 100 && status(head) < 200) {
      this.listener.interim?.(head);
      return true;
    }
    this.framing = this.frame(head);
    this.chunkLeft = -1;
    this.listener.head(head);
    return true;
  }

  private frame(head: Head): Framing {
    const length = value(head, 'content-length');
    const coding = value(head, 'transfer-encoding')?.toLowerCase();
    if (coding !== undefined && length !== undefined) throw new Error('both framings in one head');
    if (this.side === 'response') {
      const code = status(head);
      if (this.bodiless || code === 204 || code === 304) return { kind: 'none' };
    }
    if (coding === 'chunked') return { kind: 'chunked' };
    if (coding !== undefined) throw new Error(`transfer-encoding ${coding}`);
    if (length !== undefined) {
      if (!/^\d+$/.test(length)) throw new Error(`content-length ${length}`);
      return { kind: 'length', left: Number(length) };
    }
    return this.side === 'request' ? { kind: 'none' } : { kind: 'close' };
  }

  private stepChunked(): boolean {
    if (this.chunkLeft > 0) {
      if (this.rest.length === 0) return false;
      const part = this.take(Math.min(this.chunkLeft, this.rest.length));
      this.chunkLeft -= part.length;
      this.listener.body(part);
      return true;
    }
    if (this.chunkLeft === 0) {
      // the line end after the bytes of a chunk
      if (this.rest.length < 2) return false;
      if (!this.take(2).equals(lineEnd)) throw new Error('chunk does not end with a line end');
      this.chunkLeft = -1;
      return true;
    }
    const at = this.rest.indexOf(lineEnd);
    if (at < 0) return false;
    const line = this.take(at + 2)
      .toString('latin1')
      .trim();
    if (this.chunkLeft === -2) return line === '' ? this.done(true) : true;
    if (!/^[0-9a-fA-F]+(;.*)?$/.test(line)) throw new Error(`chunk size ${JSON.stringify(line)}`);
    const size = parseInt(line, 16);
    this.chunkLeft = size === 0 ? -2 : size;
    return true;
  }

  private take(n: number): Buffer {
    const part = this.rest.subarray(0, n);
    this.rest = this.rest.subarray(n);
    return part;
  }

  private done(complete: boolean): true {
    this.framing = undefined;
    this.listener.end(complete);
    return true;
  }
}
