// Heads: what is dropped, what is put in, and that everything else passes. The lists are the
// design's, written out; what is compared is the whole head, so that a field too many fails too.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { json, message, stream } from '../harness/answers.ts';
import { House, question, streamQuestion } from '../harness/house.ts';
import { sample } from '../harness/samples.ts';
import { type Fields, value, values } from '../harness/wire.ts';

const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Fields as `name: value` lines in lower-case names, sorted; several of one name joined. */
function normal(fields: Fields): string[] {
  const names = [...new Set(fields.map(([name]) => name.toLowerCase()))];
  return names.map((name) => `${name}: ${value({ fields }, name)}`).sort();
}

describe('the head of a request', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open({
      change: (config) => {
        config.issuers[0].header = 'x-contoso-token';
      },
    });
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  const passing: Fields = [
    ['Accept', 'application/json'],
    ['Content-Type', 'application/json'],
    ['User-Agent', 'claude-cli/2.1.329 (external, claude-desktop-3p)'],
    ['X-Stainless-Arch', 'arm64'],
    ['X-Stainless-Retry-Count', '0'],
    ['x-app', 'cli'],
    ['x-client-request-id', '0b6e6c1e-7f0a-4e0e-9a55-3d6a5b7f2c10'],
    ['anthropic-version', '2026-10-21'],
    ['anthropic-beta', 'claude-code-20250219,interleaved-thinking-2025-05-14'],
    ['anthropic-beta', 'a-beta-of-tomorrow-2027-01-01'],
    ['anthropic-dangerous-direct-browser-access', 'true'],
    ['anthropic-header-of-tomorrow', 'yes'],
    ['x-never-heard-of', 'a  b\tc ; "d"'],
    ['X-Latin', 'caf\u00e9'],
    ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['accept-language', '*'],
    ['x-empty', ''],
    ['x-real-ip', '198.51.100.7'],
  ];
  const dropped: Fields = [
    // hop by hop, and what Connection names
    ['Connection', 'keep-alive, X-Named-By-Connection'],
    ['X-Named-By-Connection', 'secret of this hop'],
    ['Keep-Alive', 'timeout=5'],
    ['TE', 'trailers'],
    ['Trailer', 'X-After'],
    ['Upgrade', 'h2c'],
    ['Proxy-Connection', 'keep-alive'],
    // credentials
    ['Cookie', 'session=cookie-of-the-person'],
    ['Proxy-Authorization', 'Basic cGVyc29uOnNlY3JldA=='],
    // who was on the way
    ['Forwarded', 'for=192.0.2.60;proto=http;by=203.0.113.43'],
    ['X-Forwarded-For', '192.0.2.60'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Of-Tomorrow', 'x'],
    ['Via', '1.1 proxy.contoso.example'],
    // who somebody else says that the person is
    ['X-MS-CLIENT-PRINCIPAL', 'eyJhdXRoX3R5cCI6ImFhZCJ9'],
    ['X-MS-CLIENT-PRINCIPAL-ID', '2e6a7c31-9d04-4b7f-a6e8-50c1d2f3a4b7'],
    // recorded, not sent
    ['X-Claude-Code-Session-Id', '5b0e6c1e-7f0a-4e0e-9a55-3d6a5b7f2c10'],
    ['x-claude-code-agent-id', 'agent-7'],
    ['x-claude-code-of-tomorrow', 'x'],
    // replaced
    ['Accept-Encoding', 'gzip, deflate, br, zstd'],
    ['X-Request-Id', 'chosen-by-the-client'],
  ];

  for (const [name, credential] of [
    ['Authorization', (t: string) => `Bearer ${t}`],
    ['x-api-key', (t: string) => t],
    ['X-Contoso-Token', (t: string) => t],
  ] as const) {
    test(`with the token in ${name}: the two lists are dropped, all else arrives`, async () => {
      const client = await house.connect();
      const reply = await client.request(
        'POST',
        '/v1/messages',
        [[name, credential(token)], ...passing, ...dropped],
        question(),
      );
      client.close();
      assert.equal(reply.status, 200, reply.body.toString());
      const { head, body } = house.foundry.last;
      const id = value(reply.head, 'x-request-id') ?? '';
      assert.match(id, uuid7);
      assert.deepEqual(
        normal(head.fields).filter((line) => line !== 'connection: keep-alive'),
        normal([
          ...passing,
          ['host', `127.0.0.1:${house.foundry.port}`],
          ['accept-encoding', 'identity'],
          ['content-length', String(body.length)],
          ['x-request-id', id],
          ['x-api-key', house.foundry.key],
        ]),
      );
      assert.deepEqual(values(head, 'content-length').length, 1);
    });
  }

  test('names keep the letters that the client gave them', async () => {
    const reply = await house.ask(token, question(), [['X-MiXeD-CaSe', '1']]);
    assert.equal(reply.status, 200);
    assert.ok(house.foundry.last.head.fields.some(([name]) => name === 'X-MiXeD-CaSe'));
  });

  test('the version is added where it is missing', async () => {
    const client = await house.connect();
    const reply = await client.request(
      'POST',
      '/v1/messages',
      [
        ['Authorization', `Bearer ${token}`],
        ['Content-Type', 'application/json'],
      ],
      question(),
    );
    client.close();
    assert.equal(reply.status, 200, reply.body.toString());
    assert.equal(value(house.foundry.last.head, 'anthropic-version'), '2023-06-01');
  });

  test('both credentials of Claude Code leave nothing behind', async () => {
    for (const fields of [
      [
        ['Authorization', `Bearer ${token}`],
        ['x-api-key', token],
      ],
      [
        ['Authorization', 'Bearer dummy'],
        ['x-api-key', token],
      ],
      [
        ['authorization', `bearer ${token}`],
        ['api-key', 'left over from another product'],
      ],
    ] as Fields[]) {
      const client = await house.connect();
      const reply = await client.request(
        'POST',
        '/v1/messages',
        [...fields, ['Content-Type', 'application/json'], ['anthropic-version', '2023-06-01']],
        question(),
      );
      client.close();
      assert.equal(reply.status, 200, reply.body.toString());
      assert.deepEqual(values(house.foundry.last.head, 'x-api-key'), [house.foundry.key]);
      assert.equal(value(house.foundry.last.head, 'api-key'), undefined);
    }
  });

  test('a client that expects 100-continue is told to go on, and the provider hears nothing of it', async () => {
    const client = await house.connect();
    const body = question();
    client.write(
      `POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    const waiting = client.reply();
    await new Promise<void>((resolve) => client.socket.once('data', () => resolve()));
    client.write(body);
    const reply = await waiting;
    client.close();
    assert.deepEqual(
      [reply.interim.map((head) => head.start), reply.status],
      [['HTTP/1.1 100 Continue'], 200],
    );
    assert.equal(value(house.foundry.last.head, 'expect'), undefined);
  });

  test('nothing that must stay ever arrived', () => {
    assert.deepEqual([...house.foundry.forbidden], []);
    assert.deepEqual(house.foundry.refused, []);
  });
});

describe('the head of an answer', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open();
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  const passing: Fields = [
    ['Content-Type', 'application/json'],
    ['Date', 'Fri, 20 Nov 2026 09:14:02 GMT'],
    ['request-id', 'req_011Ctitle0000000000000001'],
    ['apim-request-id', '0f6d2f6e-3a55-4a6c-9d4b-6b3a3f0d7a11'],
    ['x-should-retry', 'true'],
    ['Cache-Control', 'no-cache'],
    ['x-of-tomorrow', 'a  b'],
    ['anthropic-of-tomorrow', 'x'],
    ['server', 'Foundry'],
    ['x-ms-region', 'Sweden Central'],
    ['strict-transport-security', 'max-age=31536000'],
    ['x-twice', 'one'],
    ['x-twice', 'two'],
  ];
  const dropped: Fields = [
    ['Connection', 'keep-alive, x-named-by-connection'],
    ['x-named-by-connection', 'of this hop'],
    ['Keep-Alive', 'timeout=72'],
    ['Proxy-Authenticate', 'Basic'],
    ['Set-Cookie', 'ARRAffinity=cookie-of-the-provider'],
    ['anthropic-ratelimit-requests-limit', '4000'],
    ['anthropic-ratelimit-unified-status', 'allowed'],
    ['anthropic-organization-id', 'org-1'],
    ['anthropic-workspace-id', 'wrkspc_1'],
    ['anthropic-fast-requests-remaining', '3'],
    ['x-request-id', 'of-the-provider'],
  ];

  test('the two lists are dropped, all else arrives', async () => {
    house.foundry.answer = json(message('claude-haiku-4-5', 'hi'), [
      ...passing.slice(1),
      ...dropped,
    ]);
    const reply = await house.ask(token, question('claude-haiku-4-5'));
    assert.equal(reply.status, 200);
    const id = value(reply.head, 'x-request-id') ?? '';
    assert.match(id, uuid7);
    assert.deepEqual(
      normal(reply.head.fields).filter((line) => line !== 'connection: keep-alive'),
      normal([...passing, ['content-length', String(reply.body.length)], ['x-request-id', id]]),
    );
  });

  test('and so it is for a stream', async () => {
    house.foundry.answer = stream(sample('02-stream.response.sse'), {
      fields: [
        ['Content-Type', 'text/event-stream; charset=utf-8'],
        ...passing.slice(1),
        ...dropped,
        ['Transfer-Encoding', 'chunked'],
      ],
    });
    const reply = await house.ask(token, streamQuestion());
    assert.deepEqual(
      normal(reply.head.fields).filter((line) => line !== 'connection: keep-alive'),
      normal([
        ['Content-Type', 'text/event-stream; charset=utf-8'],
        ...passing.slice(1),
        ['transfer-encoding', 'chunked'],
        ['x-request-id', value(reply.head, 'x-request-id') ?? ''],
      ]),
    );
  });

  test('what the client called itself is in the record', async () => {
    house.foundry.answer = json(message('sonnet-prod', 'hi'));
    const reply = await house.ask(token, question(), [
      ['User-Agent', 'claude-cli/2.1.329 (external, claude-desktop-3p)'],
      ['X-Claude-Code-Session-Id', '5b0e6c1e-7f0a-4e0e-9a55-3d6a5b7f2c10'],
      ['anthropic-beta', 'context-1m-2025-08-07'],
    ]);
    const { opened } = await house.closed(value(reply.head, 'x-request-id') ?? '');
    assert.equal(opened.client.program, 'claude-cli');
    assert.equal(opened.client.version, '2.1.329');
    assert.equal(opened.client.surface, 'claude-desktop-3p');
    const text = JSON.stringify(opened);
    for (const part of [
      '5b0e6c1e-7f0a-4e0e-9a55-3d6a5b7f2c10',
      'context-1m-2025-08-07',
      '127.0.0.1',
    ]) {
      assert.ok(text.includes(part), `${part} is not in ${text}`);
    }
  });
});
