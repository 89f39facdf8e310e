// Bad HTTP and bad bodies: a clear refusal or a closed door, never a request to the provider.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { House, question, requestFields } from '../harness/house.ts';
import { RawClient, type Reply } from '../harness/raw_client.ts';
import { lineWhere } from '../harness/records.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { chunk, type Fields, value, writeHead } from '../harness/wire.ts';

describe('malformed HTTP', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open({ change: (config) => (config.limits = { head: '1s', body: '2s' }) });
    await house.ready();
    token = await house.token();
  });
  beforeEach(() => {
    house.foundry.requests.length = 0;
  });
  after(() => house.close());

  /** What comes back for these bytes; undefined where the connection was closed without a word. */
  async function say(bytes: Buffer | string, client?: RawClient): Promise<Reply | undefined> {
    const one = client ?? (await house.connect());
    one.write(bytes);
    const reply = await one.reply().catch(() => undefined);
    one.close();
    return reply;
  }
  const withToken = (rest: string, body = '') =>
    `POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${rest}\r\n${body}`;
  const body = question();
  const length = `Content-Length: ${body.length}\r\n`;

  const table: [what: string, bytes: () => string | Buffer, statuses: number[]][] = [
    ['a word', () => 'hello\r\n\r\n', [400]],
    [
      'a TLS hello on a plain port',
      () => Buffer.from('160301020001000001fc0303', 'hex'),
      [400, 408, 0],
    ],
    ['the first line of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]],
    [
      'HTTP/1.0 without a host is too old or fine, but no request',
      () => 'POST /v1/messages HTTP/1.0\r\n\r\n',
      [400, 401, 505],
    ],
    ['no host', () => 'GET /healthz HTTP/1.1\r\n\r\n', [400]],
    ['two hosts', () => 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', [400]],
    [
      'a control character in the path',
      () => 'GET /heal\x01thz HTTP/1.1\r\nHost: x\r\n\r\n',
      [400],
    ],
    ['a blank before the colon', () => withToken(`X-A : 1\r\n${length}`, body), [400]],
    ['a folded line', () => withToken(`X-A: 1\r\n  more\r\n${length}`, body), [400]],
    ['a name with a bracket', () => withToken(`X(A): 1\r\n${length}`, body), [400]],
    ['an empty name', () => withToken(`: 1\r\n${length}`, body), [400]],
    ['a zero byte in a value', () => withToken(`X-A: a\0b\r\n${length}`, body), [400]],
    [
      'a bare carriage return in a value',
      () => withToken(`X-A: a\rX-B: b\r\n${length}`, body),
      [400],
    ],
    ['two lengths that differ', () => withToken(`Content-Length: 5\r\n${length}`, body), [400]],
    [
      'a list of lengths',
      () => withToken(`Content-Length: ${body.length}, ${body.length}\r\n`, body),
      [400],
    ],
    ['a length with a sign', () => withToken(`Content-Length: +${body.length}\r\n`, body), [400]],
    ['a negative length', () => withToken('Content-Length: -1\r\n', body), [400]],
    ['a length in hexadecimal', () => withToken('Content-Length: 0x10\r\n', body), [400]],
    [
      'a length beyond all numbers',
      () => withToken('Content-Length: 99999999999999999999999\r\n', body),
      [400, 413],
    ],
    [
      'a length and chunks',
      () => withToken(`Transfer-Encoding: chunked\r\n${length}`, '0\r\n\r\n'),
      [400],
    ],
    [
      'an unknown transfer coding',
      () => withToken('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'),
      [400, 501],
    ],
    [
      'chunked not at the end',
      () => withToken('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'),
      [400, 501],
    ],
    [
      'chunked twice',
      () => withToken('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
      [400, 501],
    ],
    [
      'a chunk size that is no number',
      () => withToken('Transfer-Encoding: chunked\r\n', 'zz\r\nab\r\n0\r\n\r\n'),
      [400],
    ],
    [
      'a chunk size beyond all numbers',
      () => withToken('Transfer-Encoding: chunked\r\n', 'FFFFFFFFFFFFFFFFF\r\nab'),
      [400, 413],
    ],
    [
      'a chunk longer than it says',
      () => withToken('Transfer-Encoding: chunked\r\n', '2\r\nabcd\r\n0\r\n\r\n'),
      [400],
    ],
    ['a head of 100 KB', () => withToken(`X-A: ${'a'.repeat(100_000)}\r\n${length}`, body), [431]],
    [
      'five thousand headers',
      () => withToken(`${'X-A: 1\r\n'.repeat(5000)}${length}`, body),
      [431, 400],
    ],
    [
      'a path of 100 KB',
      () => `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      [414, 431],
    ],
  ];
  for (const [what, bytes, statuses] of table) {
    test(what, async () => {
      const reply = await say(bytes());
      assert.ok(statuses.includes(reply?.status ?? 0), `${what}: ${reply?.head.start ?? 'closed'}`);
      if (reply) {
        assert.equal(reply.json?.type, 'error', `${what}: ${reply.body}`);
        assert.equal(reply.json.request_id, value(reply.head, 'x-request-id'));
        assert.match(
          value(reply.head, 'connection') ?? '',
          /close/i,
          `${what}: what follows on the connection cannot be trusted`,
        );
      }
      assert.equal(house.foundry.requests.length, 0);
    });
  }

  test('a head that never ends is cut off after its time', async () => {
    const client = await house.connect();
    const at = performance.now();
    const reply = await say('POST /v1/messages HTTP/1.1\r\nHost: x\r\n', client);
    const took = performance.now() - at;
    assert.ok(took > 900 && took < 4000, `${took} ms`);
    if (reply) assertRefusal(reply, 408);
  });

  test('a head that drips in is cut off all the same', async () => {
    const client = await house.connect();
    client.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    const at = performance.now();
    const drip = setInterval(() => client.closed || client.write('X-A: 1\r\n'), 200);
    await client.reply().catch(() => undefined);
    clearInterval(drip);
    client.close();
    assert.ok(performance.now() - at < 4000, 'each line bought more time');
  });

  test('a body that stops is cut off after its time', async () => {
    const client = await house.connect();
    const at = performance.now();
    const reply = await say(withToken('Content-Length: 1000\r\n', '{"model":'), client);
    assert.ok(performance.now() - at < 5000);
    if (reply) assertRefusal(reply, 408);
    assert.equal(house.foundry.requests.length, 0);
  });

  test('a body beyond 32 MiB is refused by its length, before it is read, and the client hears it', async () => {
    const size = (32 << 20) + 1;
    const client = await house.connect();
    client.write(
      writeHead('POST /v1/messages HTTP/1.1', [
        ['Host', 'x'],
        ...requestFields(token),
        ['Content-Length', String(size)],
      ]),
    );
    client.write(Buffer.alloc(1 << 20, 0x20)); // the client has begun to send
    assertRefusal(await client.reply(), 413);
    client.close();
  });

  test('chunks beyond 32 MiB are refused when they pass it', async () => {
    const client = await house.connect();
    client.write(
      writeHead('POST /v1/messages HTTP/1.1', [
        ['Host', 'x'],
        ...requestFields(token),
        ['Transfer-Encoding', 'chunked'],
      ]),
    );
    const part = chunk(Buffer.alloc(1 << 20, 0x20));
    for (let n = 0; n < 33 && !client.closed; n += 1) client.write(part);
    assertRefusal(await client.reply(), 413);
    client.close();
    assert.equal(house.foundry.requests.length, 0);
  });

  test('a request without its body is forgotten when the client leaves', async () => {
    const client = await house.connect();
    client.write(withToken('Content-Length: 1000\r\n', '{"model":'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.close();
    assert.equal((await house.ask(token, question())).status, 200);
    assert.equal(house.foundry.requests.length, 1);
  });

  test('and after all this it serves', async () => {
    assert.equal((await house.ask(token, question())).status, 200);
  });
});

describe('a bad body', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open({
      change: (config) =>
        config.models.push({ id: 'claude-sonnet-alias', deployments: { foundry: 'sonnet-prod' } }),
    });
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  const deep = (n: number) =>
    `{"model":"claude-sonnet-5","messages":${'['.repeat(n)}${']'.repeat(n)}}`;
  const table: [what: string, body: string | Buffer, reason: RegExp, fields?: Fields][] = [
    ['nothing', '', /body\./],
    ['half of it', '{"model":"claude-sonnet-5","messages":[', /body\.invalid_json/],
    ['something behind it', `${question()}{}`, /body\.invalid_json/],
    ['a comma too many', '{"model":"claude-sonnet-5",}', /body\.invalid_json/],
    ['a comment', '{"model":"claude-sonnet-5"/* */}', /body\.invalid_json/],
    ['a leading zero', '{"model":"claude-sonnet-5","max_tokens":01}', /body\.invalid_json/],
    ['NaN', '{"model":"claude-sonnet-5","temperature":NaN}', /body\.invalid_json/],
    ['a byte order mark', `\ufeff${question()}`, /body\./],
    ['a control character in a text', '{"model":"claude-sonnet-5","a":"\n"}', /body\.invalid_json/],
    [
      'bytes that are not UTF-8',
      Buffer.concat([
        Buffer.from('{"model":"claude-sonnet-5","a":"'),
        Buffer.from([0xc0, 0xaf]),
        Buffer.from('"}'),
      ]),
      /body\.not_utf8/,
    ],
    [
      'half a surrogate in UTF-8',
      Buffer.concat([
        Buffer.from('{"model":"claude-sonnet-5","a":"'),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from('"}'),
      ]),
      /body\.not_utf8/,
    ],
    ['an array', '[]', /body\.not_an_object/],
    ['a text', '"claude-sonnet-5"', /body\.not_an_object/],
    ['no model', '{"messages":[]}', /body\.model_missing/],
    ['a model that is a number', '{"model":5}', /body\.model_not_text/],
    ['a model that is nothing', '{"model":null}', /body\./],
    [
      'the model twice',
      '{"model":"claude-sonnet-5","model":"claude-opus-5"}',
      /body\.duplicate_key/,
    ],
    [
      'the model twice, once in disguise',
      '{"model":"claude-sonnet-5","mod\\u0065l":"claude-opus-5"}',
      /body\.duplicate_key/,
    ],
    [
      'stream twice',
      '{"model":"claude-sonnet-5","stream":false,"stream":true}',
      /body\.duplicate_key/,
    ],
    ['stream that is a text', '{"model":"claude-sonnet-5","stream":"yes"}', /body\./],
    ['too deep', deep(100_000), /body\.too_deep/],
    ['a model that is not offered', question('claude-opus-4'), /model\.not_configured/],
    ['the deployment instead of the model', question('sonnet-prod'), /model\.not_configured/],
    ['the model in other letters', question('Claude-Sonnet-5'), /model\.not_configured/],
    [
      'a fallback that is not offered',
      question('claude-sonnet-5', { fallbacks: [{ model: 'claude-opus-4' }] }),
      /model\.not_configured/,
    ],
    [
      'a model hidden in a tool',
      question('claude-sonnet-5', {
        tools: [{ type: 'advisor', name: 'a', model: 'claude-opus-4' }],
      }),
      /model\.not_configured/,
    ],
    [
      'two names of one deployment',
      question('claude-sonnet-5', { fallbacks: [{ model: 'claude-sonnet-alias' }] }),
      /model\.deployment_twice/,
    ],
  ];
  for (const [what, body, reason] of table) {
    test(what, async () => {
      const reply = await house.ask(token, body);
      assertRefusal(reply, 400, { what });
      const line = await lineWhere(
        house.auditDirectory,
        (one) => one.id === value(reply.head, 'x-request-id'),
      );
      assert.equal(line.type, 'refused');
      assert.match(line.reason, reason, what);
      assert.equal(house.foundry.requests.length, 0);
    });
  }

  test('one that is compressed is 415', async () => {
    assertRefusal(await house.ask(token, question(), [['Content-Encoding', 'gzip']]), 415);
    assert.equal(house.foundry.requests.length, 0);
  });

  test('one of a stranger is not even read', async () => {
    const reply = await house.ask('opensesame', '{"model":');
    assertRefusal(reply, 401);
  });
});
