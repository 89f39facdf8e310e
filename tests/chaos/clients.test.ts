// Clients that leave, that do not read, that do not write, and that are too many.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import {
  event,
  messageStart,
  sendEvents,
  stalls,
  streamHead,
  textEvents,
  wellBehaved,
} from '../harness/answers.ts';
import { binary } from '../harness/gateway.ts';
import { House, question, requestFields, streamQuestion } from '../harness/house.ts';
import { memory } from '../harness/proc.ts';
import { RawClient } from '../harness/raw_client.ts';
import { aborted, tokens } from '../harness/records.ts';
import { chunk, writeHead } from '../harness/wire.ts';

describe('a client that leaves', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open();
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  async function sendOnly(body: string): Promise<RawClient> {
    const client = await house.connect();
    client.write(
      Buffer.concat([
        writeHead('POST /v1/messages HTTP/1.1', [
          ['Host', 'x'],
          ...requestFields(token),
          ['Content-Length', String(body.length)],
        ]),
        Buffer.from(body),
      ]),
    );
    client.reply().catch(() => {});
    return client;
  }

  for (const [what, leave] of [
    ['by a close', (client: RawClient) => client.socket.destroy()],
    ['by a reset', (client: RawClient) => client.socket.resetAndDestroy()],
  ] as const) {
    for (const [when, answer, body] of [
      [
        'in the middle of a stream',
        (call: any) => sendEvents(call, textEvents('sonnet-prod', 'word '.repeat(3000)), 10),
        streamQuestion(),
      ],
      [
        'while the provider thinks',
        stalls(Buffer.concat([messageStart('sonnet-prod')]), 300),
        streamQuestion(),
      ],
      ['before the provider says anything', stalls(Buffer.alloc(0), -1), question()],
    ] as const) {
      test(`${what} ${when}: the provider is told within a second and the record says who ended it`, async () => {
        house.foundry.answer = answer;
        const arrived = house.foundry.next();
        const client = await sendOnly(body);
        const call = await arrived;
        await sleep(100);
        const at = performance.now();
        leave(client);
        await call.gone();
        assert.ok((call.goneAt ?? Infinity) - at < 1000, `${(call.goneAt ?? 0) - at} ms`);
        const { closed } = await house.closed(call.id);
        assert.ok(aborted(closed), JSON.stringify(closed));
        if (when === 'in the middle of a stream')
          assert.ok(tokens(closed).output >= 1, 'an abort is not free');
      });
    }
  }

  test('half-closed after its request gets a whole answer or none, and does not hang', async () => {
    house.foundry.answer = wellBehaved();
    const client = await house.connect();
    const body = question();
    client.write(
      Buffer.concat([
        writeHead('POST /v1/messages HTTP/1.1', [
          ['Host', 'x'],
          ...requestFields(token),
          ['Content-Length', String(body.length)],
        ]),
        Buffer.from(body),
      ]),
    );
    const waiting = client.reply();
    client.socket.end();
    const reply = await waiting.catch(() => undefined);
    // It counts as a client that has left, once that is noticed (THREAT_MODEL, what is left).
    if (reply) assert.equal(reply.status, 200);
  });
});

describe('a client that does not read', () => {
  for (const [when, limits] of [
    ['for a while', { ping: '10s' }],
    // it is not the provider that is silent
    ['for longer than every limit', { ping: '200ms', silence: '1s' }],
  ] as const) {
    test(`${when} holds back the provider instead of filling the memory, and gets every byte when it reads on`, () =>
      standsStill(limits));
  }

  async function standsStill(limits: { ping?: string; silence?: string }): Promise<void> {
    const house = await House.open({
      foundry: { keep: false },
      change: (config) => (config.limits = limits),
    });
    try {
      await house.ready();
      const token = await house.token();
      const part = Buffer.concat(
        Array.from({ length: 64 }, (_, n) =>
          event('content_block_delta', {
            index: 0,
            delta: { type: 'text_delta', text: `${n}`.padEnd(1000, '.') },
          }),
        ),
      );
      const total = 100 << 20;
      let sent = 0;
      house.foundry.answer = async (call) => {
        call.write(Buffer.concat([streamHead, chunk(messageStart('sonnet-prod'))]));
        while (sent < total && (await call.push(chunk(part)))) sent += part.length;
        call.end();
      };
      const before = memory(house.gateway.pid);
      const client = await house.connect();
      client.socket.pause();
      client.write(
        Buffer.concat([
          writeHead('POST /v1/messages HTTP/1.1', [
            ['Host', 'x'],
            ...requestFields(token),
            ['Content-Length', String(streamQuestion().length)],
          ]),
          Buffer.from(streamQuestion()),
        ]),
      );
      const waiting = client.reply();
      let last = -1;
      while (sent !== last) {
        last = sent;
        await sleep(500); // long enough for a loop that does not hold back to show itself
      }
      assert.ok(
        sent < 40 << 20,
        `${sent} bytes were taken from the provider for a client that reads nothing`,
      );
      const grown = memory(house.gateway.pid) - before;
      assert.ok(grown < 16 << 20, `grew by ${grown} bytes`);
      assert.equal((await house.get('/healthz')).status, 200);
      client.socket.resume();
      const reply = await waiting;
      assert.ok(reply.complete);
      const got = createHash('sha256');
      const own = reply.body
        .toString('latin1')
        .replaceAll('event: ping\ndata: {"type":"ping"}\n\n', '');
      got.update(Buffer.from(own, 'latin1'));
      const wanted = createHash('sha256').update(messageStart('claude-sonnet-5'));
      for (let n = 0; n < sent; n += part.length) wanted.update(part);
      assert.equal(
        own.length,
        messageStart('claude-sonnet-5').length + sent,
        'not a byte is missing, and no error was put in',
      );
      assert.equal(got.digest('hex'), wanted.digest('hex'));
    } finally {
      await house.close();
    }
  }
});

describe('clients with large bodies', () => {
  test('share a bounded room: who does not fit hears 503, and the room comes back', async () => {
    const house = await House.open({ change: (config) => (config.limits = { body: '60s' }) });
    try {
      await house.ready();
      const token = await house.token();
      const before = memory(house.gateway.pid);
      const part = Buffer.alloc(31 << 20, 0x20);
      const clients = await Promise.all(
        Array.from({ length: 24 }, async () => {
          const client = await house.connect();
          client.write(
            writeHead('POST /v1/messages HTTP/1.1', [
              ['Host', 'x'],
              ...requestFields(token),
              ['Content-Length', String(32 << 20)],
            ]),
          );
          client.write(part); // and never the last of it
          let status = 0;
          void client.reply().then(
            (reply) => (status = reply.status),
            () => {},
          );
          return { client, status: () => status };
        }),
      );
      const end = performance.now() + 30_000; // a checked build is slow
      const refused = () => clients.filter((one) => one.status() === 503).length;
      while (refused() < 4 && performance.now() < end) await sleep(50);
      assert.ok(refused() >= 4, `${refused()} of 24 times 31 MiB were refused`);
      assert.deepEqual(
        clients.map((one) => one.status()).filter((status) => status !== 0 && status !== 503),
        [],
      );
      const grown = (memory(house.gateway.pid) - before) / (1 << 20);
      // TSan keeps two bytes and more of its own for each that the program touches.
      const most = binary.includes('/tsan/') ? 3 * 700 : 700;
      assert.ok(grown < most, `grew by ${grown} MiB`);
      for (const { client } of clients) client.close();
      const reply = async () =>
        (await house.ask(token, question('claude-sonnet-5', { filler: 'x'.repeat(30 << 20) })))
          .status;
      const again = performance.now() + 5000;
      let status = await reply();
      while (status === 503 && performance.now() < again) status = await reply();
      assert.equal(status, 200);
    } finally {
      await house.close();
    }
  });
});

describe('clients that do nothing', () => {
  test('are let go after their time, and those that keep a connection are not', async () => {
    const house = await House.open({
      change: (config) => (config.limits = { head: '500ms', keep_alive: '1s' }),
    });
    try {
      await house.ready();
      const mute = await house.connect();
      const idle = await house.connect();
      assert.equal((await idle.request('GET', '/healthz', [])).status, 200);
      const gone = (client: RawClient) =>
        new Promise<number>((resolve) =>
          client.socket.once('close', () => resolve(performance.now())),
        );
      const at = performance.now();
      const [first, second] = await Promise.all([gone(mute), gone(idle)]);
      assert.ok(first - at < 3000 && second - at < 4000, `${first - at}, ${second - at}`);
      assert.ok(second - at > 700, 'the idle one had its second');
    } finally {
      await house.close();
    }
  });

  test('cannot take all places: one source has its limit, others still come in', async () => {
    const house = await House.open({
      change: (config) =>
        (config.limits = { connections: 60, connections_per_source: 40, head: '30s' }),
    });
    try {
      await house.ready();
      const held: RawClient[] = [];
      for (let n = 0; n < 80; n += 1) {
        const client = await RawClient.connect({
          port: house.gateway.port,
          localAddress: '127.0.0.2',
        }).catch(() => undefined);
        if (client) held.push(client);
      }
      await sleep(200);
      const open = held.filter((client) => !client.closed);
      assert.ok(open.length <= 42, `${open.length} connections of one source`);
      assert.equal((await house.ask(await house.token(), question())).status, 200);
      for (const client of held) client.close();
    } finally {
      await house.close();
    }
  });
});
