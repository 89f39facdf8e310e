// The provider dies, goes silent or never speaks: the client gets a proper end and the record says
// what was seen.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import {
  dies,
  event,
  sendEvents,
  stalls,
  streamHead,
  textEvents,
  wellBehaved,
} from '../harness/answers.ts';
import { House, question, streamQuestion } from '../harness/house.ts';
import { failedUpstream, tokens } from '../harness/records.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { expectedUsage, sample } from '../harness/samples.ts';
import { lastChunk, value } from '../harness/wire.ts';

/** Events as a client's parser sees them, from bytes that may end in the middle of one. */
function eventsOf(body: Buffer): { type: string; data: string }[] {
  const found: { type: string; data: string }[] = [];
  let type = '';
  let data: string[] = [];
  for (const line of body.toString().split('\n')) {
    if (line === '') {
      if (data.length > 0) found.push({ type, data: data.join('\n') });
      type = '';
      data = [];
    } else if (line.startsWith('event:')) type = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
  }
  return found;
}

/** The last event is an error of ours, whole and alone. */
function assertErrorEvent(body: Buffer, id: string): void {
  const last = eventsOf(body).at(-1);
  assert.equal(
    last?.type,
    'error',
    `the stream ends with ${JSON.stringify(body.subarray(-200).toString())}`,
  );
  const data = JSON.parse(last?.data ?? '');
  assert.equal(data.type, 'error');
  assert.ok(
    ['api_error', 'timeout_error', 'overloaded_error'].includes(data.error.type),
    data.error.type,
  );
  assert.match(data.error.message, /^[A-Z].*\.$/);
  assert.equal(data.request_id, id);
  assert.ok(body.toString().endsWith('\n\n'));
}

describe('a provider that dies', () => {
  let house: House;
  let token: string;
  const bytes = Buffer.from(
    sample('02-stream.response.sse')
      .toString()
      .replace('"model":"claude-sonnet-5"', '"model":"sonnet-prod"'),
  );
  const wanted = sample('02-stream.response.sse');
  const grown = wanted.length - bytes.length;
  const between = bytes.indexOf('\n\n', 900) + 2;
  before(async () => {
    house = await House.open();
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  for (const how of ['close', 'reset'] as const) {
    test(`(${how}) between events: the client has all of them and an error event`, async () => {
      house.foundry.answer = dies(bytes, between, how);
      const reply = await house.ask(token, streamQuestion());
      assert.equal(reply.status, 200);
      assert.ok(
        reply.body.subarray(0, between + grown).equals(wanted.subarray(0, between + grown)),
      );
      assertErrorEvent(reply.body, value(reply.head, 'x-request-id') ?? '');
      const { closed } = await house.closed(value(reply.head, 'x-request-id') ?? '');
      assert.ok(failedUpstream(closed), JSON.stringify(closed));
      assert.equal(tokens(closed).input, 412);
      assert.equal(closed.usage.exact, false);
    });

    test(`(${how}) inside an event: the error event stands alone, not glued to half a line`, async () => {
      for (const at of [between + 3, between + 10, between + 25, between + 60]) {
        house.foundry.answer = dies(bytes, at, how);
        const reply = await house.ask(token, streamQuestion());
        assert.equal(reply.status, 200);
        assertErrorEvent(reply.body, value(reply.head, 'x-request-id') ?? '');
        for (const one of eventsOf(reply.body).slice(0, -1)) {
          // half an event may have gone out; what a parser makes of it must not be a whole lie
          if (one.type !== '' && one.data.startsWith('{') && one.data.endsWith('}'))
            JSON.parse(one.data);
        }
        assert.ok(
          failedUpstream((await house.closed(value(reply.head, 'x-request-id') ?? '')).closed),
        );
      }
    });

    test(`(${how}) after the head alone: an error event`, async () => {
      house.foundry.answer = dies(bytes, 0, how);
      const reply = await house.ask(token, streamQuestion());
      if (reply.status === 200)
        assertErrorEvent(reply.body, value(reply.head, 'x-request-id') ?? '');
      else assertRefusal(reply, 502);
      assert.ok(
        failedUpstream((await house.closed(value(reply.head, 'x-request-id') ?? '')).closed),
      );
    });

    test(`(${how}) before a word: 502 that may be tried again`, async () => {
      house.foundry.answer = (call) => call.die(how);
      for (const body of [streamQuestion(), question()]) {
        const reply = await house.ask(token, body);
        assertRefusal(reply, 502);
        const { closed } = await house.closed(value(reply.head, 'x-request-id') ?? '');
        assert.ok(failedUpstream(closed));
        assert.equal(closed.usage?.output ?? 0, 0);
      }
    });

    test(`(${how}) inside a whole answer: no client takes the half for the whole`, async () => {
      house.foundry.answer = async (call) => {
        call.write(
          'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"id":"msg_1","type":"message"',
        );
        await sleep(30);
        call.die(how);
      };
      const reply = await house.ask(token, question()).catch(() => undefined);
      if (reply?.complete) assertRefusal(reply, 502);
      await assert.rejects(
        house.client(token).messages.create(JSON.parse(question())),
        Anthropic.APIError,
      );
    });
  }

  test('a stream that the provider itself ended without message_stop is passed on as it is', async () => {
    house.foundry.answer = async (call) => {
      await sendEvents(call, [bytes.subarray(0, between)]);
    };
    const reply = await house.ask(token, streamQuestion());
    assert.ok(reply.body.subarray(0, between + grown).equals(wanted.subarray(0, between + grown)));
  });

  test('the official client sees an error, not an end', async () => {
    house.foundry.answer = dies(bytes, between);
    await assert.rejects(
      house.client(token).messages.stream(JSON.parse(streamQuestion())).finalMessage(),
      Anthropic.AnthropicError,
    );
  });

  test('an error event of the provider passes byte for byte, and the record knows it', async () => {
    const file = '05-stream-error-midway.response.sse';
    const sent = sample(file);
    house.foundry.answer = (call) =>
      sendEvents(call, [
        Buffer.from(sent.toString().replace('"model":"claude-sonnet-5"', '"model":"sonnet-prod"')),
      ]);
    const reply = await house.ask(token, streamQuestion());
    assert.ok(reply.body.equals(sent));
    const { closed } = await house.closed(value(reply.head, 'x-request-id') ?? '');
    assert.ok(failedUpstream(closed), JSON.stringify(closed));
    const expected = expectedUsage[file];
    assert.equal(tokens(closed).input, expected.input);
    assert.equal(
      tokens(closed).output,
      Math.max(
        Number(expected.output_reported),
        Math.floor(Number(expected.output_estimate_chars) / 4),
      ),
    );
    assert.equal(closed.error_type, 'overloaded_error');
  });

  test('a connection that died while it was kept costs nobody a request', async () => {
    house.foundry.answer = wellBehaved();
    for (let round = 0; round < 20; round += 1) {
      const reply = await house.ask(token, question());
      assert.equal(reply.status, 200, `round ${round}: ${reply.body}`);
      house.foundry.last.socket.destroy(); // the provider drops what the pool keeps
      if (round % 2) await sleep(2);
    }
    const opened = house.records().filter((line) => line.type === 'opened');
    assert.equal(
      new Set(opened.map((line) => line.id)).size,
      opened.length,
      'a repeat is an attempt, not a request',
    );
  });
});

describe('a provider that is silent', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open({
      change: (config) =>
        (config.limits = {
          ping: '300ms',
          silence: '1500ms',
          first_byte: '1s',
          first_byte_stream: '1s',
          connect: '1s',
        }),
    });
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  test('after its first events: our pings between events, then a timeout event, and the call is given up', async () => {
    const events = textEvents('sonnet-prod', 'one two');
    const sent = Buffer.concat(events.slice(0, 3));
    house.foundry.answer = stalls(sent, sent.length);
    const at = performance.now();
    const reply = await house.ask(token, streamQuestion());
    const took = performance.now() - at;
    assert.ok(took > 1400 && took < 5000, `${took} ms`);
    const found = eventsOf(reply.body);
    const pings = found.filter((one) => one.type === 'ping');
    assert.ok(pings.length >= 2 && pings.length <= 6, `${pings.length} pings`);
    for (const ping of pings) assert.deepEqual(JSON.parse(ping.data), { type: 'ping' });
    assertErrorEvent(reply.body, value(reply.head, 'x-request-id') ?? '');
    await house.foundry.last.gone();
    assert.ok(failedUpstream((await house.closed(value(reply.head, 'x-request-id') ?? '')).closed));
  });

  test('inside an event: no ping is put into it', async () => {
    const events = textEvents('sonnet-prod', 'one two');
    const whole = Buffer.concat(events.slice(0, 3));
    const half = events[3].subarray(0, events[3].length - 5);
    house.foundry.answer = async (call) => {
      call.write(streamHead);
      call.chunk(whole);
      call.chunk(half);
      await sleep(900);
      call.chunk(events[3].subarray(events[3].length - 5));
      for (const one of events.slice(4)) call.chunk(one);
      call.end();
    };
    const reply = await house.ask(token, streamQuestion());
    const ping = 'event: ping\ndata: {"type":"ping"}\n\n';
    const wanted = Buffer.concat(events).toString().replace('sonnet-prod', 'claude-sonnet-5');
    // the half event waits for its end (ADR 2), so a ping may stand before it, never in it
    assert.equal(reply.body.toString().replaceAll(ping, ''), wanted);
  });

  test("between events: with our pings undone the bytes are the provider's", async () => {
    const events = textEvents('sonnet-prod', 'one two three');
    house.foundry.answer = (call) => sendEvents(call, events, 450);
    const reply = await house.ask(token, streamQuestion());
    const ping = 'event: ping\ndata: {"type":"ping"}\n\n';
    const wanted = Buffer.concat(events).toString().replace('sonnet-prod', 'claude-sonnet-5');
    assert.ok(reply.body.toString().split(ping).length > 2, 'there were pings');
    assert.equal(reply.body.toString().replaceAll(ping, ''), wanted);
  });

  test('our pings do not hide a provider that is dead', async () => {
    house.foundry.answer = stalls(Buffer.concat(textEvents('sonnet-prod', 'a').slice(0, 2)), 900);
    const at = performance.now();
    await house.ask(token, streamQuestion());
    assert.ok(performance.now() - at < 4000);
  });

  test('from the start: 504, for a stream and for a whole answer, without a ping before the head', async () => {
    for (const body of [streamQuestion(), question()]) {
      house.foundry.answer = stalls(Buffer.alloc(0), -1);
      const reply = await house.ask(token, body);
      assertRefusal(reply, 504);
      await house.foundry.last.gone();
      assert.ok(
        failedUpstream((await house.closed(value(reply.head, 'x-request-id') ?? '')).closed),
      );
    }
  });

  test('a slow head is a silent provider too', async () => {
    house.foundry.answer = async (call) => {
      for (const byte of 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Slow: ') {
        call.write(byte);
        await sleep(100);
        if (call.goneAt !== undefined) return;
      }
    };
    const at = performance.now();
    assertRefusal(await house.ask(token, question()), 504);
    assert.ok(performance.now() - at < 4000);
  });

  test('pings of the provider count as life', async () => {
    house.foundry.answer = async (call) => {
      call.write(streamHead);
      call.chunk(textEvents('sonnet-prod', 'a')[0]);
      for (let n = 0; n < 8; n += 1) {
        await sleep(250);
        call.chunk(event('ping'));
      }
      for (const one of textEvents('sonnet-prod', 'a').slice(1)) call.chunk(one);
      call.answered = true;
      call.write(lastChunk);
    };
    const reply = await house.ask(token, streamQuestion());
    assert.ok(reply.complete && reply.body.includes('message_stop'), reply.body.toString());
  });
});
