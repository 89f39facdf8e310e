// Reads the audit directory as anybody may: JSON lines, one file after the other. It knows nothing
// of the hashes (`sallyport audit verify` does), only of the lines.

import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

export interface Line {
  type: string;
  id?: string;
  file: string;
  [field: string]: any;
}

/** Every complete line, in the order of file names. Zero fill and a torn last line are passed over. */
export function readLines(
  directory: string,
  wanted: (file: string) => boolean = () => true,
): Line[] {
  const lines: Line[] = [];
  if (!existsSync(directory)) return lines;
  for (const file of readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl') && wanted(name))
    .sort()) {
    for (const text of written(join(directory, file)).toString().split('\n')) {
      if (text !== '') lines.push({ ...JSON.parse(text), file });
    }
  }
  return lines;
}

/** The complete lines of a segment, without the room that was made ready behind them. */
export function written(path: string): Buffer {
  const parts: Buffer[] = [];
  const fd = openSync(path, 'r');
  for (let at = 0; ;) {
    const part = Buffer.alloc(1 << 18);
    const n = readSync(fd, part, 0, part.length, at);
    const zero = part.indexOf(0);
    parts.push(part.subarray(0, Math.min(n, zero < 0 ? n : zero)));
    at += n;
    if (n === 0 || (zero >= 0 && zero < n)) break;
  }
  closeSync(fd);
  const bytes = Buffer.concat(parts);
  return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
}

/** The side journal: refusals of strangers, counted by source, reason and minute. */
export function readSide(directory: string): Line[] {
  return readLines(join(directory, 'side'));
}

export interface Exchange {
  opened?: Line;
  closed?: Line;
}

/** The two lines of each request, by its id. */
export function exchanges(lines: Line[]): Map<string, Exchange> {
  const found = new Map<string, Exchange>();
  for (const line of lines) {
    if (line.type !== 'opened' && line.type !== 'closed') continue;
    const id = String(line.id);
    found.set(id, { ...found.get(id), [line.type]: line });
  }
  return found;
}

/** Waits until the record of this exchange is closed: the line follows the answer's last byte. */
export async function closedRecord(
  directory: string,
  id: string,
  timeout = 5000,
): Promise<{ opened: Line; closed: Line }> {
  const end = performance.now() + timeout;
  for (;;) {
    const found = exchanges(readLines(directory)).get(id);
    if (found?.opened && found.closed) return { opened: found.opened, closed: found.closed };
    if (performance.now() > end) {
      throw new Error(
        `no closed record of ${id}; there is ${found?.opened ? 'its opened record' : 'nothing of it'}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits for a line that fits. */
export async function lineWhere(
  directory: string,
  fits: (line: Line) => boolean,
  timeout = 5000,
): Promise<Line> {
  const end = performance.now() + timeout;
  for (;;) {
    const found = readLines(directory).find(fits);
    if (found) return found;
    if (performance.now() > end) throw new Error('no such line in the record');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// What the tests want to know of a closed record, read in this one place.

export interface Tokens {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
}
export function tokens(closed: Line): Tokens {
  const t = closed.usage;
  return {
    input: t.input,
    output: t.output,
    cacheRead: t.cache_read,
    cacheWrite5m: t.cache_write_5m,
    cacheWrite1h: t.cache_write_1h,
  };
}
export function complete(closed: Line): boolean {
  return closed.outcome === 'complete';
}
export function aborted(closed: Line): boolean {
  return closed.outcome === 'aborted_by_client';
}
export function failedUpstream(closed: Line): boolean {
  return closed.outcome === 'upstream_error';
}
