// The wire samples under tests/data/samples: what clients, gateways and providers say to each other.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fields, parseHead } from './wire.ts';

export const dataDirectory = join(import.meta.dirname, '..', 'data');

export function sample(name: string): Buffer {
  return readFileSync(join(dataDirectory, 'samples', name));
}

export interface HttpSample {
  start: string;
  fields: Fields;
  body: Buffer;
}

/** A `.http` file: its head has LF line ends on disk and CRLF on the wire. */
export function httpSample(name: string): HttpSample {
  const raw = sample(name);
  const at = raw.indexOf('\n\n');
  const { start, fields } = parseHead(
    Buffer.from(
      raw
        .subarray(0, at + 2)
        .toString('latin1')
        .replaceAll('\n', '\r\n'),
      'latin1',
    ),
  );
  const length = fields.find(([n]) => n.toLowerCase() === 'content-length');
  const body = raw.subarray(at + 2);
  return { start, fields, body: length ? body.subarray(0, Number(length[1])) : body };
}

/** Every event stream among the samples, complete ones and broken ones. */
export const streamNames = [
  '02-stream.response.sse',
  '03-stream-thinking-omitted-late-usage.response.sse',
  '04-stream-web-search-unknown-event.response.sse',
  '05-stream-error-midway.response.sse',
  '06-stream-cut-off.response.sse',
  '07-stream-crlf-comments-multiline.response.sse',
];

export const expectedUsage = JSON.parse(sample('expected-usage.json').toString()) as Record<
  string,
  Record<string, number | string | boolean>
>;

/** The model that a stream sample names in its message_start. */
export function modelOf(stream: Buffer): string {
  const found = /"model":"([^"]+)"/.exec(stream.toString());
  if (!found) throw new Error('the sample names no model');
  return found[1];
}
