// What the simulated provider says: samples byte for byte, cut and paced as a test wants, errors,
// deaths and silences, and whole turns for real clients. Each is a function for Foundry.answer.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Call } from './foundry.ts';
import { httpSample } from './samples.ts';
import { chunk, type Fields, lastChunk, writeHead } from './wire.ts';

export const streamFields: Fields = [
  ['Content-Type', 'text/event-stream; charset=utf-8'],
  ['Cache-Control', 'no-cache'],
  ['request-id', 'req_011Cstream000000000000002'],
  ['apim-request-id', '5a0f4f1e-0d7b-4b7b-8a3c-2d1b6b1f9c22'],
  ['Transfer-Encoding', 'chunked'],
];

export const streamHead = writeHead('HTTP/1.1 200 OK', streamFields);

/** One event as the provider writes it. */
export function event(type: string, data: Record<string, unknown> = {}): Buffer {
  return Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
}

/** A `.http` sample as the whole answer. */
export function fromFile(name: string): Answer {
  const { start, fields, body } = httpSample(name);
  return (call) => call.whole(start, fields, body);
}

export function json(body: unknown, fields: Fields = [], start = 'HTTP/1.1 200 OK'): Answer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  return (call) => call.whole(start, [['Content-Type', 'application/json'], ...fields], bytes);
}

/** A stream as it stands; `cuts` are offsets where one chunk ends and the next begins. */
export function stream(
  bytes: Buffer,
  options: { cuts?: number[]; pause?: number; fields?: Fields } = {},
): Answer {
  const head = options.fields ? writeHead('HTTP/1.1 200 OK', options.fields) : streamHead;
  return async (call) => {
    let from = 0;
    let first = true;
    for (const to of [...(options.cuts ?? []), bytes.length]) {
      if (!first) await (options.pause ? sleep(options.pause) : new Promise(setImmediate));
      const part = to > from ? chunk(bytes.subarray(from, to)) : Buffer.alloc(0);
      call.write(first ? Buffer.concat([head, part]) : part);
      first = false;
      from = to;
    }
    call.end();
  };
}

/** The wire image of head and chunked body, cut at one offset of the wire itself. */
export function wireCut(bytes: Buffer, at: number, pause = 1): Answer {
  const image = Buffer.concat([streamHead, chunk(bytes), lastChunk]);
  return async (call) => {
    call.answered = true;
    call.write(image.subarray(0, at));
    await sleep(pause);
    call.write(image.subarray(at));
  };
}
export function wireLength(bytes: Buffer): number {
  return streamHead.length + chunk(bytes).length + lastChunk.length;
}

/** Sends the first `at` bytes of a stream, then dies. */
export function dies(bytes: Buffer, at: number, how: 'reset' | 'close' = 'close'): Answer {
  return async (call) => {
    call.write(streamHead);
    if (at > 0) call.chunk(bytes.subarray(0, at));
    await sleep(30); // so that a reset does not overtake what was sent
    call.die(how);
  };
}

/** Sends the first `at` bytes of a stream, then nothing more until the peer leaves. */
export function stalls(bytes: Buffer, at: number): Answer {
  return async (call) => {
    if (at >= 0) call.write(streamHead);
    if (at > 0) call.chunk(bytes.subarray(0, at));
    await call.gone();
  };
}

export function messageStart(model: string, usage: Record<string, number> = {}): Buffer {
  return event('message_start', {
    message: {
      id: 'msg_01Test0000000000000000',
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 25,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 1,
        ...usage,
      },
    },
  });
}

function blockEvents(
  index: number,
  start: Record<string, unknown>,
  deltas: Record<string, unknown>[],
): Buffer[] {
  return [
    event('content_block_start', { index, content_block: start }),
    ...deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ];
}

function lastEvents(reason: string, output: number): Buffer[] {
  return [
    event('message_delta', {
      delta: { stop_reason: reason, stop_sequence: null },
      usage: { output_tokens: output },
    }),
    event('message_stop'),
  ];
}

/** The events of a text answer, one delta a word. */
export function textEvents(model: string, text: string): Buffer[] {
  const words = text.match(/\S+\s*/g) ?? [];
  return [
    messageStart(model),
    ...blockEvents(
      0,
      { type: 'text', text: '' },
      words.map((word) => ({ type: 'text_delta', text: word })),
    ),
    ...lastEvents('end_turn', words.length + 1),
  ];
}

export function toolEvents(model: string, name: string, input: unknown): Buffer[] {
  return [
    messageStart(model),
    ...blockEvents(0, { type: 'tool_use', id: 'toolu_01Test', name, input: {} }, [
      { type: 'input_json_delta', partial_json: JSON.stringify(input) },
    ]),
    ...lastEvents('tool_use', 12),
  ];
}

/** Events one chunk each, `pace` milliseconds apart. */
export async function sendEvents(call: Call, events: Buffer[], pace = 0): Promise<void> {
  call.write(streamHead);
  for (const bytes of events) {
    call.chunk(bytes);
    if (pace > 0) await sleep(pace);
    if (call.goneAt !== undefined) return;
  }
  call.end();
}

export function message(model: string, text: string): Record<string, unknown> {
  return {
    id: 'msg_01Test0000000000000000',
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: 25,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 9,
    },
  };
}

/** Answers each kind of call as a model would: text, streamed or not, and a token count. */
export function wellBehaved(text = 'The gate is open to those it knows.', pace = 0): Answer {
  return async (call) => {
    const model = String(call.json.model);
    if (call.counting)
      return json({ input_tokens: 23748 }, [['request-id', 'req_011Ccount']])(call);
    if (!call.streaming)
      return json(message(model, text), [['request-id', 'req_011Cmessage']])(call);
    await sendEvents(call, textEvents(model, text), pace);
  };
}

/** A turn with a tool: the call first, and text once the result has come back. */
export function withTool(name: string, input: unknown, after: (result: string) => string): Answer {
  return async (call) => {
    const model = String(call.json.model);
    // Not only in the last message: Claude Code puts one of the role `system` behind it.
    const blocks = call.json.messages.flatMap((one: any) =>
      Array.isArray(one.content) ? one.content : [],
    );
    const result = blocks.findLast((block: { type: string }) => block.type === 'tool_result');
    const text =
      result &&
      (typeof result.content === 'string' ? result.content : JSON.stringify(result.content));
    const events = result ? textEvents(model, after(text)) : toolEvents(model, name, input);
    await sendEvents(call, events);
  };
}
