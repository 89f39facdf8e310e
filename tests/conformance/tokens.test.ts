// Nothing but a verified person reaches a provider: every wrong kind of token, and every place and
// manner of presenting one.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { forgeries } from '../harness/forge.ts';
import { House, question } from '../harness/house.ts';
import { lineWhere } from '../harness/records.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { people } from '../harness/tenant.ts';
import { type Fields, value } from '../harness/wire.ts';

describe('a token', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open();
    await house.ready();
    token = await house.token();
  });
  beforeEach(() => {
    house.foundry.requests.length = 0;
  });
  after(() => house.close());

  const send = async (fields: Fields, body: string = question()) => {
    const client = await house.connect();
    try {
      return await client.request(
        'POST',
        '/v1/messages',
        [['Content-Type', 'application/json'], ...fields],
        body,
      );
    } finally {
      client.close();
    }
  };

  test('of every wrong kind is refused, and the 401s do not tell one from another', async (t) => {
    const sentences = new Set<string>();
    for (const { what, token: bad, status } of await forgeries(house.tenant)) {
      await t.test(what, async () => {
        const reply = await send([['Authorization', `Bearer ${bad}`]]);
        const sentence = assertRefusal(reply, status, { what });
        assert.equal(house.foundry.requests.length, 0, `${what} reached the provider`);
        if (status === 401 && !/expired|sign/i.test(sentence)) sentences.add(sentence);
        const models = await house.get('/v1/models', [['Authorization', `Bearer ${bad}`]]);
        assert.equal(models.status, status, `${what}: the list of models`);
      });
    }
    assert.ok(
      sentences.size <= 2,
      `several sentences for strangers: ${[...sentences].join(' | ')}`,
    );
  });

  test('that is refused for the person is one line in the record with the cause', async () => {
    const reply = await send([['Authorization', `Bearer ${await house.token('mallory')}`]]);
    assertRefusal(reply, 403);
    const line = await lineWhere(
      house.auditDirectory,
      (one) => one.type === 'refused' && one.id === value(reply.head, 'x-request-id'),
    );
    assert.equal(line.status, 403);
    assert.equal(line.person.object_id, people.mallory.oid);
    assert.match(line.reason, /role/);
  });

  test('that names no person writes no line in the chains', async () => {
    const reply = await send([['Authorization', 'Bearer opensesame']]);
    assertRefusal(reply, 401);
    assert.ok(!house.records().some((line) => line.id === value(reply.head, 'x-request-id')));
  });

  test('that names keys elsewhere makes nobody fetch them', () => {
    assert.ok(
      ![...house.tenant.asked.keys()].some((path) => path.includes('/not/a/')),
      [...house.tenant.asked.keys()].join(),
    );
  });

  test('is found where clients put it', async () => {
    for (const fields of [
      [['Authorization', `Bearer ${token}`]],
      [['authorization', `bearer ${token}`]],
      [['Authorization', `BEARER  ${token}`]],
      [['x-api-key', token]],
      [
        ['Authorization', 'Bearer dummy'],
        ['x-api-key', token],
      ],
      [
        ['Authorization', `Bearer ${token}`],
        ['x-api-key', token],
      ],
      [
        ['Authorization', `Bearer ${token}`],
        ['x-api-key', 'sk-ant-not-a-token'],
      ],
    ] as Fields[]) {
      assert.equal((await send(fields)).status, 200, JSON.stringify(fields.map(([n]) => n)));
    }
  });

  test('is not looked for where it has no business', async () => {
    for (const [what, fields, path] of [
      ['nowhere', [], '/v1/messages'],
      ['an empty bearer, as a failed helper sends', [['Authorization', 'Bearer ']], '/v1/messages'],
      ['no scheme', [['Authorization', token]], '/v1/messages'],
      ['another scheme', [['Authorization', `Basic ${token}`]], '/v1/messages'],
      ['a cookie', [['Cookie', `token=${token}`]], '/v1/messages'],
      ['the query', [], `/v1/messages?access_token=${token}`],
      ['a header of another product', [['x-ms-client-principal', token]], '/v1/messages'],
      ['a static key', [['x-api-key', house.foundry.key]], '/v1/messages'],
    ] as [string, Fields, string][]) {
      const client = await house.connect();
      const reply = await client.request(
        'POST',
        path,
        [['Content-Type', 'application/json'], ...fields],
        question(),
      );
      client.close();
      assertRefusal(reply, 401, { what });
      assert.equal(house.foundry.requests.length, 0, what);
    }
  });

  test('beside another token is refused: nobody can tell who is meant', async () => {
    const other = await house.token('grace');
    assertRefusal(
      await send([
        ['Authorization', `Bearer ${token}`],
        ['x-api-key', other],
      ]),
      401,
    );
    assertRefusal(
      await send([
        ['Authorization', `Bearer ${token}`],
        ['Authorization', `Bearer ${token}`],
      ]),
      401,
    );
    assertRefusal(await send([['Authorization', `Bearer ${token}, Bearer ${token}`]]), 401);
    assert.equal(house.foundry.requests.length, 0);
  });

  test('no longer than the head may be', async () => {
    const reply = await send([['Authorization', `Bearer ${'a'.repeat(20_000)}.b.c`]]);
    assert.ok([401, 431].includes(reply.status), reply.head.start);
  });

  test('that expires is refused from then on, also when it was verified before', async () => {
    const now = Math.floor(Date.now() / 1000);
    // skew is 60 s: this one is past its end but inside of that for two seconds more
    const brief = await house.tenant.mint('ada', { iat: now - 600, nbf: now - 600, exp: now - 58 });
    assert.equal((await send([['Authorization', `Bearer ${brief}`]])).status, 200);
    const end = performance.now() + 6000;
    let reply = await send([['Authorization', `Bearer ${brief}`]]);
    while (reply.status === 200 && performance.now() < end)
      reply = await send([['Authorization', `Bearer ${brief}`]]);
    assertRefusal(reply, 401);
  });

  test('is not believed by its custom headers or by the body', async () => {
    const reply = await send(
      [
        ['Authorization', `Bearer ${token}`],
        ['X-MS-CLIENT-PRINCIPAL-ID', people.grace.oid],
        ['X-Forwarded-For', '203.0.113.77'],
        ['x-user', 'grace'],
      ],
      question('claude-sonnet-5', { metadata: { user_id: people.grace.oid } }),
    );
    assert.equal(reply.status, 200);
    const { opened } = await house.closed(value(reply.head, 'x-request-id') ?? '');
    assert.equal(opened.person.object_id, people.ada.oid);
    assert.equal(opened.source.address, '127.0.0.1');
  });
});

describe('the address of a person', () => {
  test('is what a trusted proxy says, and what the others say is only noise', async () => {
    const house = await House.open({
      change: (config) => (config.listen.trusted_proxies = ['127.0.0.1', '10.1.0.0/16']),
    });
    try {
      await house.ready();
      const token = await house.token();
      for (const [said, source, proxies] of [
        ['203.0.113.9', '203.0.113.9', ['127.0.0.1']],
        ['198.51.100.1, 203.0.113.9, 10.1.2.3', '203.0.113.9', ['127.0.0.1', '10.1.2.3']],
        ['not an address', '127.0.0.1', []],
      ] as [string, string, string[]][]) {
        const reply = await house.ask(token, question(), [['X-Forwarded-For', said]]);
        assert.equal(reply.status, 200);
        const { opened } = await house.closed(value(reply.head, 'x-request-id') ?? '');
        assert.equal(opened.source.address, source, said);
        assert.deepEqual([...(opened.source.proxies ?? [])].sort(), [...proxies].sort(), said);
        assert.equal(value(house.foundry.last.head, 'x-forwarded-for'), undefined);
      }
    } finally {
      await house.close();
    }
  });
});

describe('the keys of the tenant', () => {
  test('a token of a new key is admitted without a restart, and so is one of the old key', async () => {
    const house = await House.open();
    try {
      await house.ready();
      const old = await house.token();
      assert.equal((await house.ask(old, question())).status, 200);
      await house.tenant.rotate();
      const fresh = await house.token();
      const end = performance.now() + 5000;
      let status = (await house.ask(fresh, question())).status;
      while (status !== 200 && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        status = (await house.ask(fresh, question())).status;
      }
      assert.equal(status, 200);
      assert.equal((await house.ask(old, question())).status, 200);
      assert.ok(house.records().some((line) => line.type === 'event' && line.event === 'keys'));
    } finally {
      await house.close();
    }
  });

  test('unknown key ids do not make the gateway hammer the tenant', async () => {
    const house = await House.open();
    try {
      await house.ready();
      const before = house.tenant.asked.get('/jwks') ?? 0;
      const good = await house.token();
      const client = await house.connect();
      for (let n = 0; n < 50; n += 1) {
        const odd = await house.tenant.mint('ada', {}, { kid: `kid-${n}` });
        const reply = await client.request('GET', '/v1/models', [
          ['Authorization', `Bearer ${odd}`],
        ]);
        assert.ok([401, 429].includes(reply.status));
      }
      client.close();
      assert.ok(
        (house.tenant.asked.get('/jwks') ?? 0) - before <= 2,
        'at most one look, and one that was due',
      );
      assert.equal((await house.ask(good, question())).status, 200);
    } finally {
      await house.close();
    }
  });
});
