// Answers as providers and what stands before them really send them: other framings, interim heads,
// odd but legal HTTP; and illegal HTTP, which must not become an answer.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { event, json, message, messageStart, textEvents, wellBehaved } from '../harness/answers.ts';
import type { Answer } from '../harness/foundry.ts';
import { House, question, streamQuestion } from '../harness/house.ts';
import { complete, failedUpstream } from '../harness/records.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { chunk, lastChunk, value } from '../harness/wire.ts';

const events = textEvents('sonnet-prod', 'three words here');
const sent = Buffer.concat(events);
const wanted = Buffer.from(sent.toString().replace('sonnet-prod', 'claude-sonnet-5'));
const whole = Buffer.from(JSON.stringify(message('sonnet-prod', 'hello')));
const wantedWhole = Buffer.from(whole.toString().replace('sonnet-prod', 'claude-sonnet-5'));

/** Exactly these bytes, in these pieces; then perhaps the end of the connection. */
function raw(pieces: (string | Buffer)[], options: { close?: boolean } = {}): Answer {
  return async (call) => {
    call.answered = true;
    for (const piece of pieces) {
      call.write(piece);
      await sleep(5);
    }
    if (options.close) call.socket.end();
  };
}

describe('an answer of another shape', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open({
      change: (config) =>
        (config.limits = { first_byte: '2s', first_byte_stream: '2s', silence: '2s' }),
    });
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  const sse = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
  const streams: [what: string, answer: Answer][] = [
    [
      'a stream with a length',
      raw([
        `${sse}Content-Length: ${sent.length}\r\n\r\n`,
        sent.subarray(0, 500),
        sent.subarray(500),
      ]),
    ],
    [
      'a stream that ends with the connection',
      raw([`${sse}Connection: close\r\n\r\n`, sent], { close: true }),
    ],
    [
      'early hints and a 100 before the head',
      raw([
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n',
        `${sse}Content-Length: ${sent.length}\r\n\r\n`,
        sent,
      ]),
    ],
    [
      'chunks with extensions and a trailer',
      raw([
        `${sse}Transfer-Encoding: chunked\r\nTrailer: X-After\r\n\r\n`,
        `${sent.length.toString(16).toUpperCase()};name="v;alue"\r\n`,
        sent,
        '\r\n0\r\nX-After: 1\r\n\r\n',
      ]),
    ],
    [
      'field names in capitals and blanks around values',
      raw([
        'HTTP/1.1 200 OK\r\nCONTENT-TYPE:   text/event-stream  \r\nTRANSFER-ENCODING:chunked\r\n\r\n',
        chunk(sent),
        lastChunk,
      ]),
    ],
    [
      'no reason phrase',
      raw([
        `HTTP/1.1 200 \r\nContent-Type: text/event-stream\r\nContent-Length: ${sent.length}\r\n\r\n`,
        sent,
      ]),
    ],
    [
      'HTTP/1.0',
      raw(['HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n', sent], { close: true }),
    ],
  ];
  for (const [what, answer] of streams) {
    test(`${what}: every byte arrives, and the record is complete`, async () => {
      house.foundry.answer = answer;
      const reply = await house.ask(token, streamQuestion());
      assert.equal(reply.status, 200, reply.body.toString());
      assert.equal(reply.body.toString(), wanted.toString());
      assert.ok(reply.complete);
      const { closed } = await house.closed(value(reply.head, 'x-request-id') ?? '');
      assert.ok(complete(closed), JSON.stringify(closed));
    });
  }

  test('a stream where none was asked for, and none where one was', async () => {
    house.foundry.answer = raw([`${sse}Content-Length: ${sent.length}\r\n\r\n`, sent]);
    assert.equal((await house.ask(token, question())).body.toString(), wanted.toString());
    house.foundry.answer = json(whole);
    const reply = await house.ask(token, streamQuestion());
    assert.equal(value(reply.head, 'content-type'), 'application/json');
    assert.equal(reply.body.toString(), wantedWhole.toString());
  });

  test('a whole answer of twenty megabytes', async () => {
    const text = 'x'.repeat(20 << 20);
    house.foundry.answer = json(message('sonnet-prod', text));
    const reply = await house.ask(token, question());
    assert.equal(reply.status, 200);
    assert.ok(reply.body.equals(Buffer.from(JSON.stringify(message('claude-sonnet-5', text)))));
  });

  test('an event larger than what is held passes as it comes, and a death in it ends in an error event', async () => {
    const big = event('content_block_delta', {
      index: 0,
      delta: { type: 'text_delta', text: 'y'.repeat(300_000) },
    });
    const before = messageStart('sonnet-prod');
    house.foundry.answer = async (call) => {
      call.write(`${sse}Transfer-Encoding: chunked\r\n\r\n`);
      call.chunk(before);
      call.chunk(big.subarray(0, 200_000));
      await sleep(50);
      call.die();
    };
    const reply = await house.ask(token, streamQuestion());
    const text = reply.body.toString();
    assert.ok(text.startsWith(messageStart('claude-sonnet-5').toString()));
    assert.match(text, /(^|\n)event: error\ndata: \{"type":"error".*\}\n\n$/);
    assert.ok(failedUpstream((await house.closed(value(reply.head, 'x-request-id') ?? '')).closed));
  });

  const broken: [what: string, pieces: string[]][] = [
    ['a head of a hundred kilobytes', [`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`]],
    ['ten thousand fields', [`HTTP/1.1 200 OK\r\n${'X-A: 1\r\n'.repeat(10_000)}\r\n`]],
    [
      'both framings',
      [
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
      ],
    ],
    [
      'two lengths',
      [
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n',
      ],
    ],
    [
      'an unknown coding',
      [
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      ],
    ],
    ['a status that is none', ['HTTP/1.1 2OO OK\r\nContent-Length: 0\r\n\r\n']],
    [
      'a switch to another protocol',
      ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n'],
    ],
    ['endless interim heads', ['HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(5000)]],
    [
      'a line end in a value',
      ['HTTP/1.1 200 OK\r\nX-A: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n'],
    ],
  ];
  for (const [what, pieces] of broken) {
    test(`${what}: 502, nothing of it reaches the client`, async () => {
      house.foundry.answer = raw(pieces, { close: true });
      const reply = await house.ask(token, question());
      assertRefusal(reply, 502, { what });
      assert.ok(
        failedUpstream((await house.closed(value(reply.head, 'x-request-id') ?? '')).closed),
      );
    });
  }

  test('a chunk that is none, in mid-stream: an error event', async () => {
    house.foundry.answer = raw(
      [
        `${sse}Transfer-Encoding: chunked\r\n\r\n`,
        chunk(Buffer.concat(events.slice(0, 3))),
        'zzz\r\nwhat\r\n',
      ],
      { close: true },
    );
    const reply = await house.ask(token, streamQuestion());
    assert.match(reply.body.toString(), /event: error\ndata: \{"type":"error".*\}\n\n$/);
  });

  test('bytes behind the answer do not become the answer of somebody else', async () => {
    const smuggled = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"smuggled":1}`;
    house.foundry.answer = raw([
      Buffer.concat([
        Buffer.from(
          `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${whole.length}\r\n\r\n`,
        ),
        whole,
        Buffer.from(smuggled),
      ]),
    ]);
    for (let n = 0; n < 10; n += 1) {
      const reply = await house.ask(token, question());
      assert.equal(reply.body.toString(), wantedWhole.toString());
    }
    house.foundry.answer = wellBehaved();
    for (let n = 0; n < 10; n += 1)
      assert.ok(!(await house.ask(token, question())).body.includes('smuggled'));
  });

  test('a provider that answers before it has read the body is heard', async () => {
    const other = await House.open({ tenant: house.tenant, foundry: { hasty: true } });
    try {
      await other.ready();
      const reply = await other.ask(
        token,
        question('claude-sonnet-5', { filler: 'x'.repeat(8 << 20) }),
      );
      assert.ok([413, 502].includes(reply.status), reply.head.start);
      assert.equal(reply.json.type, 'error');
    } finally {
      await other.close();
    }
  });

  test('a provider that does not read holds up nobody else, and its request ends in time', async () => {
    const other = await House.open({
      tenant: house.tenant,
      foundry: { deaf: true },
      change: (config) => {
        config.limits = { first_byte: '1s', first_byte_stream: '1s', silence: '1s' };
        config.listen.workers = 1;
      },
    });
    try {
      await other.ready();
      const at = performance.now();
      const stuck = other.ask(token, question('claude-sonnet-5', { filler: 'x'.repeat(20 << 20) }));
      assert.equal((await other.get('/healthz')).status, 200);
      assertRefusal(await stuck, 504);
      assert.ok(performance.now() - at < 6000);
    } finally {
      await other.close();
    }
  });
});
