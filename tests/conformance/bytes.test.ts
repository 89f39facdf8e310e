// Bytes pass through: every stream among the samples, cut at every byte, in both directions. What
// arrives is compared with what was sent after undoing exactly the edits that the design names: the
// deployment's name goes back to the model's id, and `data: [DONE]` is gone.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { chunk as wireChunk, lastChunk } from '../harness/wire.ts';
import {
  event,
  json,
  messageStart,
  stream,
  streamHead,
  wireCut,
  wireLength,
} from '../harness/answers.ts';
import type { Call } from '../harness/foundry.ts';
import { House, models, question, requestFields, streamQuestion } from '../harness/house.ts';
import { RawClient } from '../harness/raw_client.ts';
import { httpSample, modelOf, sample, streamNames } from '../harness/samples.ts';
import { value, writeHead } from '../harness/wire.ts';

const connections = 24;

/** Runs `job` for each of 0..count-1 on a few connections that stay open. */
async function forEachOn(
  house: House,
  count: number,
  job: (client: RawClient, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = await house.connect();
      while (next < count) await job(client, next++);
      client.close();
    }),
  );
}

function sameBytes(got: Buffer, wanted: Buffer, where: string): void {
  if (got.equals(wanted)) return;
  let at = 0;
  while (at < got.length && got[at] === wanted[at]) at += 1;
  assert.fail(
    `${where}: differs at byte ${at} of ${wanted.length} (got ${got.length}):\n` +
      `  got    ${JSON.stringify(got.subarray(Math.max(0, at - 30), at + 60).toString())}\n` +
      `  wanted ${JSON.stringify(wanted.subarray(Math.max(0, at - 30), at + 60).toString())}`,
  );
}

/** What the provider sends for a sample whose client asked for its model by our name for it. */
function asDeployed(bytes: Buffer): { bytes: Buffer; model: keyof typeof models } {
  const model = modelOf(bytes) as keyof typeof models;
  return {
    bytes: Buffer.from(
      bytes.toString().replace(`"model":"${model}"`, `"model":"${models[model]}"`),
    ),
    model,
  };
}

describe('bytes of an answer', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open({ foundry: { keep: false } });
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  const streams: [name: string, sent: Buffer, wanted: Buffer, model: keyof typeof models][] =
    streamNames.map((name) => {
      const wanted = sample(name);
      const { bytes, model } = asDeployed(wanted);
      return [name, bytes, wanted, model];
    });
  for (const [name, end] of [
    ['[DONE]', '\n\n'],
    ['[DONE] with CRLF', '\r\n\r\n'],
  ] as const) {
    const [, sent, wanted, model] = streams[0];
    streams.push([
      `02 with ${name}`,
      Buffer.concat([sent, Buffer.from(`data: [DONE]${end}`)]),
      wanted,
      model,
    ]);
  }

  for (const [name, sent, wanted, model] of streams) {
    test(`${name}: cut in two at each of its ${sent.length} bytes`, async () => {
      house.foundry.answer = (call) =>
        stream(sent, { cuts: [Number(value(call.head, 'x-cut'))], pause: 1 })(call);
      const body = streamQuestion(model);
      await forEachOn(house, sent.length, async (client, index) => {
        const reply = await client.request(
          'POST',
          '/v1/messages',
          [...requestFields(token), ['x-cut', String(index)]],
          body,
        );
        assert.equal(reply.status, 200);
        assert.ok(reply.complete, `cut at ${index}: the answer broke off`);
        sameBytes(reply.body, wanted, `cut at ${index}`);
      });
    });
  }

  test('the same bytes one by one', async () => {
    const [, sent, wanted, model] = streams.at(-2)!;
    house.foundry.answer = stream(sent, {
      cuts: Array.from({ length: sent.length - 1 }, (_, i) => i + 1),
    });
    const reply = await house.ask(token, streamQuestion(model));
    sameBytes(reply.body, wanted, 'one by one');
  });

  test('head and chunk lines cut at each byte of the wire', async () => {
    const [, sent, wanted, model] = streams[5];
    house.foundry.answer = (call) => wireCut(sent, Number(value(call.head, 'x-cut')))(call);
    await forEachOn(house, wireLength(sent) - 1, async (client, index) => {
      const reply = await client.request(
        'POST',
        '/v1/messages',
        [...requestFields(token), ['x-cut', String(index + 1)]],
        streamQuestion(model),
      );
      sameBytes(reply.body, wanted, `wire cut at ${index + 1}`);
    });
  });

  test('a whole answer, and one that ends with the connection, cut at each byte', async () => {
    const { body } = httpSample('01-nonstream.response.http');
    const sent = Buffer.from(body.toString().replace('claude-haiku-4-5-20251001', 'sonnet-prod'));
    const wanted = Buffer.from(
      body.toString().replace('claude-haiku-4-5-20251001', 'claude-sonnet-5'),
    );
    for (const until of ['length', 'close'] as const) {
      const head = writeHead('HTTP/1.1 200 OK', [
        ['Content-Type', 'application/json'],
        ...(until === 'length'
          ? ([['Content-Length', String(sent.length)]] as [string, string][])
          : []),
      ]);
      const image = Buffer.concat([head, sent]);
      house.foundry.answer = async (call) => {
        const at = Number(value(call.head, 'x-cut'));
        call.answered = true;
        call.write(image.subarray(0, at));
        await new Promise((resolve) => setTimeout(resolve, 1));
        call.write(image.subarray(at));
        if (until === 'close') call.socket.end();
      };
      await forEachOn(house, image.length - 1, async (client, index) => {
        const reply = await client.request(
          'POST',
          '/v1/messages',
          [...requestFields(token), ['x-cut', String(index + 1)]],
          question(),
        );
        sameBytes(reply.body, wanted, `${until}, cut at ${index + 1}`);
        assert.equal(Number(value(reply.head, 'content-length') ?? wanted.length), wanted.length);
      });
    }
  });

  test('a model name that is not the deployment stays as the provider wrote it', async () => {
    const { body } = httpSample('01-nonstream.response.http');
    house.foundry.answer = json(body);
    sameBytes((await house.ask(token, question())).body, body, 'whole answer');
    const other = Buffer.concat([messageStart('sonnet-prod-2026'), event('message_stop')]);
    house.foundry.answer = stream(other);
    sameBytes((await house.ask(token, streamQuestion())).body, other, 'stream');
  });

  test('the deployment name in other places stays as it is', async () => {
    const sent = Buffer.concat([
      event('content_block_delta', {
        index: 0,
        delta: { type: 'text_delta', text: '"model":"sonnet-prod"', model: 'sonnet-prod' },
      }),
      event('some_future_event', { model: 'sonnet-prod', message: { model: 'sonnet-prod' } }),
      Buffer.from('event: odd\ndata: [DONE] and more\n\ndata: {"text":"[DONE]"}\n\n'),
      event('message_stop'),
    ]);
    const start = messageStart('sonnet-prod');
    const wanted = Buffer.concat([messageStart('claude-sonnet-5'), sent]);
    house.foundry.answer = stream(Buffer.concat([start, sent]));
    sameBytes((await house.ask(token, streamQuestion())).body, wanted, 'stream');
  });

  test('an event of one megabyte', async () => {
    const big = event('content_block_delta', {
      index: 0,
      delta: { type: 'text_delta', text: 'x'.repeat(1 << 20) },
    });
    const sent = Buffer.concat([messageStart('opus-prod'), big, event('message_stop')]);
    const wanted = Buffer.concat([messageStart('claude-opus-5'), big, event('message_stop')]);
    house.foundry.answer = stream(sent, { cuts: [1000, 70_000, 500_000] });
    sameBytes((await house.ask(token, streamQuestion('claude-opus-5'))).body, wanted, 'big event');
  });

  test('a stream of a hundred thousand events', async () => {
    const one = (n: number) =>
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: `${n} ` } });
    const hash = createHash('sha256').update(messageStart('claude-sonnet-5'));
    house.foundry.answer = async (call) => {
      call.write(Buffer.concat([streamHead, wireChunk(messageStart('sonnet-prod'))]));
      for (let n = 0; n < 100_000; n += 500) {
        const parts = Array.from({ length: 500 }, (_, i) => one(n + i));
        for (const part of parts) hash.update(part);
        if (!(await call.push(Buffer.concat(parts.map(wireChunk))))) return;
      }
      call.answered = true;
      call.write(lastChunk);
    };
    const reply = await house.ask(token, streamQuestion());
    assert.ok(reply.complete);
    assert.equal(createHash('sha256').update(reply.body).digest('hex'), hash.digest('hex'));
  });

  test('an answer in an encoding that nobody asked for', async () => {
    const odd = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
    house.foundry.answer = json(odd, [['Content-Encoding', 'gzip']]);
    const reply = await house.ask(token, question());
    sameBytes(reply.body, odd, 'gzip');
    assert.equal(value(reply.head, 'content-encoding'), 'gzip');
  });
});

describe('bytes of a request', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open();
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  /** Sends a body and gives back what the provider got. */
  async function through(client: RawClient, body: Buffer, path = '/v1/messages'): Promise<Call> {
    const reply = await client.request('POST', path, requestFields(token), body);
    assert.equal(reply.status, 200, reply.body.toString());
    return house.foundry.requests.find((call) => call.id === value(reply.head, 'x-request-id'))!;
  }

  test('head and body of a request, cut at each byte of the wire', async () => {
    const { fields, body } = httpSample('02-stream.request.http');
    const wanted = Buffer.from(
      body.toString().replace('"model":"claude-sonnet-5"', '"model":"sonnet-prod"'),
    );
    const image = Buffer.concat([
      writeHead(
        'POST /v1/messages?beta=true HTTP/1.1',
        fields.map(([n, v]) => [n, n === 'Authorization' ? `Bearer ${token}` : v]),
      ),
      body,
    ]);
    await forEachOn(house, image.length - 1, async (client, index) => {
      client.write(image.subarray(0, index + 1));
      await new Promise((resolve) => setTimeout(resolve, 1));
      client.write(image.subarray(index + 1));
      const reply = await client.reply();
      assert.equal(reply.status, 200, `cut at ${index + 1}: ${reply.body}`);
      const call = house.foundry.requests.find(
        (one) => one.id === value(reply.head, 'x-request-id'),
      );
      sameBytes(call!.body, wanted, `cut at ${index + 1}`);
      house.foundry.requests.splice(house.foundry.requests.indexOf(call!), 1);
    });
  });

  test('nothing of a body is written anew: space, order, numbers, escapes and unknown fields stay', async () => {
    const client = await house.connect();
    const before =
      '{ "zeta" : 1.10e+2,\t"a": [1E400, -0, 0.30000000000000004], "text": "\\u00e9\\/\\ud83d\\udd0e é 🔎",\r\n "model" :  ';
    const after =
      ' , "unknown": {"unknown": {"model_of": null, "x": 1, "x": 2}}, "messages": [{"role":"user","content":"\\u0000"}] } \n';
    const call = await through(client, Buffer.from(`${before}"claude-sonnet-5"${after}`));
    sameBytes(call.body, Buffer.from(`${before}"sonnet-prod"${after}`), 'odd body');
    client.close();
  });

  test('a model that needs no other name leaves the body untouched', async () => {
    const client = await house.connect();
    const body = Buffer.from(question('claude-haiku-4-5', { odd: '\u2028' }));
    sameBytes((await through(client, body)).body, body, 'same name');
    client.close();
  });

  test('a model name spelled with escapes is understood and replaced', async () => {
    const client = await house.connect();
    const call = await through(
      client,
      Buffer.from('{"mod\\u0065l":"claude-sonnet\\u002d5","messages":[]}'),
    );
    assert.equal(call.body.toString(), '{"mod\\u0065l":"sonnet-prod","messages":[]}');
    client.close();
  });

  test('every model that counts is replaced, and none in what people said', async () => {
    const client = await house.connect();
    const body = `{"messages":[{"role":"user","content":[{"type":"text","text":"\\"model\\":\\"claude-opus-5\\"","model":"claude-opus-5"}]}],"fallbacks":[{"model":"claude-opus-5"}],"model":"claude-sonnet-5"}`;
    const wanted = `{"messages":[{"role":"user","content":[{"type":"text","text":"\\"model\\":\\"claude-opus-5\\"","model":"claude-opus-5"}]}],"fallbacks":[{"model":"opus-prod"}],"model":"sonnet-prod"}`;
    assert.equal((await through(client, Buffer.from(body))).body.toString(), wanted);
    client.close();
  });

  test('a chunked body arrives whole', async () => {
    const body = Buffer.from(question());
    const client = await house.connect();
    client.write(
      writeHead('POST /v1/messages HTTP/1.1', [
        ['Host', 'x'],
        ...requestFields(token),
        ['Transfer-Encoding', 'chunked'],
      ]),
    );
    for (const byte of body) client.write(wireChunk(Buffer.from([byte])));
    client.write(lastChunk);
    const reply = await client.reply();
    assert.equal(reply.status, 200, reply.body.toString());
    const call = house.foundry.requests.find((one) => one.id === value(reply.head, 'x-request-id'));
    assert.equal(call!.json.model, 'sonnet-prod');
    client.close();
  });

  test('a body of nearly 32 MiB arrives whole', async () => {
    const filler = (32 << 20) - 300;
    const body = Buffer.from(question('claude-sonnet-5', { filler: 'x'.repeat(filler) }));
    assert.ok(body.length < 32 << 20);
    const reply = await house.ask(token, body);
    assert.equal(reply.status, 200, reply.body.toString());
    const wanted = Buffer.from(body.toString().replace('"claude-sonnet-5"', '"sonnet-prod"'));
    assert.ok(house.foundry.last.body.equals(wanted));
    house.foundry.requests.length = 0;
  });

  test('the query string passes', async () => {
    const client = await house.connect();
    const call = await through(
      client,
      Buffer.from(question()),
      '/v1/messages?beta=true&x=%2F%20y&&=',
    );
    assert.equal(call.head.start, 'POST /anthropic/v1/messages?beta=true&x=%2F%20y&&= HTTP/1.1');
    client.close();
  });

  test('requests sent one behind the other on one connection are answered in order', async () => {
    const client = await house.connect();
    const bodies = ['one', 'two', 'three'].map((text) =>
      Buffer.from(question('claude-haiku-4-5', { tag: text })),
    );
    house.foundry.answer = (call) => json({ tag: call.json.tag })(call);
    client.write(
      Buffer.concat(
        bodies.flatMap((body) => [
          writeHead('POST /v1/messages HTTP/1.1', [
            ['Host', 'x'],
            ...requestFields(token),
            ['Content-Length', String(body.length)],
          ]),
          body,
        ]),
      ),
    );
    const replies = [await client.reply(), await client.reply(), await client.reply()];
    assert.deepEqual(
      replies.map((reply) => reply.json.tag),
      ['one', 'two', 'three'],
    );
    client.close();
  });
});
