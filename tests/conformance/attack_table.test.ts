// Every row of the attack table about tokens and keys, by its id, against the running gateway. The
// statuses are the table's, the codes ours (attack_codes.ts).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type Attack, groupId, rogueClaims, rogueKeys } from '../harness/attack_bench.ts';
import { attacks } from '../harness/attack_rows.ts';
import { Authority } from '../harness/certificates.ts';
import { Flood } from '../harness/flood.ts';
import { House, issuerConfig, question } from '../harness/house.ts';
import { memory } from '../harness/proc.ts';
import { RawClient, type Reply } from '../harness/raw_client.ts';
import { lineWhere, readSide } from '../harness/records.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { exponentOne, oddKeys, smallKey } from '../harness/odd_keys.ts';
import { assembled, hmacToken, Rogue, Smith } from '../harness/smith.ts';
import { clientId, people, Tenant } from '../harness/tenant.ts';
import { type Fields, value, values } from '../harness/wire.ts';
import { elsewhere, ours, rows } from './attack_codes.ts';

describe('the attack table', () => {
  let house: House;
  let rogue: Rogue;
  let fabrikam: Tenant;
  let listener: http.Server;
  let knocks = 0;
  let sources = 0;
  /** What is to be found in the side journal: refusals by the address that they came from. */
  const expected = new Map<string, { what: string; code: string }>();
  const covered = new Set<string>();

  before(async () => {
    listener = http.createServer((_, res) => res.end('{"keys":[]}'));
    listener.on('connection', () => (knocks += 1));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    rogue = await Rogue.open();
    rogue.keys = oddKeys();
    fabrikam = await Tenant.open();
    house = await House.open({
      change: (config, { tenant }) => {
        const contoso = issuerConfig(tenant);
        contoso.header = 'x-gateway-token';
        contoso.require.groups = [groupId];
        const { require: _, sign_in: __, ...plain } = issuerConfig(tenant);
        config.issuers = [
          contoso,
          {
            ...plain,
            name: 'contoso-id',
            audiences: [clientId],
            token: 'id_token',
            clients: undefined,
          },
          { ...plain, name: 'fabrikam', issuer: fabrikam.issuer },
          {
            ...plain,
            name: 'rogue',
            issuer: rogue.issuer,
            algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'EdDSA'],
            key_refresh: '12s',
          },
        ];
      },
    });
    await house.ready();
    await until(
      'all keys are there',
      async () => (await house.scrape('/metrics')).status === 200 && rogue.keyFetches > 0,
    );
    assert.equal(
      (await sendToken(rogueToken())).status,
      200,
      'a token of the rogue issuer that is right',
    );
  });
  after(async () => {
    await house.close();
    await rogue.close();
    await fabrikam.close();
    listener.closeAllConnections();
    listener.close();
  });

  /** Each request comes from an address of its own, so that the side journal keeps them apart. */
  const send = async (fields: Fields, query = ''): Promise<{ reply: Reply; source: string }> => {
    sources += 1;
    const source = `127.77.${sources >> 8}.${sources & 255}`;
    const client = await RawClient.connect({ port: house.gateway.port, localAddress: source });
    try {
      const path = `/v1/messages${query ? `?${query}` : ''}`;
      const all: Fields = [['Content-Type', 'application/json'], ...fields];
      return { reply: await client.request('POST', path, all, question()), source };
    } finally {
      client.close();
    }
  };
  const sendToken = async (token: string) =>
    (await send([['Authorization', `Bearer ${token}`]])).reply;
  const rogueToken = (kid = 'free', alg = 'RS256', smith = new Smith(rogueKeys.free)) =>
    smith.token(
      { alg, kid, typ: 'JWT' },
      rogueClaims({ claims: house.tenant.claims('ada') }, rogue),
      alg,
    );

  const attack = async (one: Attack, sentences: Set<string>) => {
    const { reply, source } = await send(one.fields, one.query);
    const what = `${one.row}, ${one.what}`;
    assert.ok(one.status.includes(reply.status), `${what}: ${reply.head.start} ${reply.body}`);
    if (reply.status === 200) return;
    const sentence = assertRefusal(reply, reply.status, { what });
    if (reply.status === 401) {
      sentences.add(sentence);
      const challenge = value(reply.head, 'www-authenticate');
      assert.equal(challenge?.includes('invalid_token'), one.code !== 'token.missing', what);
    }
    if (one.code === '') return;
    assert.ok(
      ours[rows[one.row]].includes(one.code),
      `${what}: ${one.code} is no ${rows[one.row]}`,
    );
    if (reply.status === 401) return void expected.set(source, { what, code: one.code });
    const id = value(reply.head, 'x-request-id');
    const line = await lineWhere(house.auditDirectory, (l) => l.id === id);
    assert.equal(line.reason, one.code, what);
    assert.ok(line.next_step, `${what}: the record says what to do`);
  };

  test('single requests', async (t) => {
    const { port } = listener.address() as AddressInfo;
    const list = attacks(house.tenant, rogue, `http://127.0.0.1:${port}`);
    const sentences = new Set<string>();
    const fetches = house.tenant.asked.get('/jwks') ?? 0;
    for (const row of new Set(list.map((one) => one.row))) {
      covered.add(row);
      const here = list.filter((one) => one.row === row);
      await t.test(`${row}: ${rows[row] || 'admitted'} (${here.length})`, async () => {
        for (const one of here) await attack(one, sentences);
      });
    }
    t.diagnostic(`${list.length} requests, ${sentences.size} sentence for every 401`);
    assert.equal(sentences.size, 1, [...sentences].join(' | '));
    assert.equal(knocks, 0, 'an address in a token was asked');
    assert.ok(
      (house.tenant.asked.get('/jwks') ?? 0) - fetches <= 1,
      'K1: one fetch for all unknown keys',
    );
    const good = list.filter((one) => one.status.includes(200)).length;
    assert.equal(
      house.foundry.requests.length,
      good + 1,
      'nothing that was refused reached the provider',
    );
  });

  test('K2: a thousand random key ids a second', async () => {
    covered.add('K2');
    const claims = house.tenant.claims('ada');
    const before = {
      fetches: house.tenant.asked.get('/jwks') ?? 0,
      memory: memory(house.gateway.pid),
    };
    const floods = await Promise.all(
      Array.from({ length: 12 }, (_, n) => {
        const tokens = Array.from({ length: 300 }, (_, i) =>
          assembled(
            { alg: 'RS256', kid: `r-${n}-${i}-${Math.random()}`, typ: 'JWT' },
            claims,
            Buffer.alloc(256, 7),
          ),
        );
        const localAddress = `127.88.0.${n + 1}`;
        return new Flood({
          port: house.gateway.port,
          localAddress,
          tokens,
          perSecond: 95,
          connections: 2,
        }).run(3);
      }),
    );
    const statuses: Record<string, number> = {};
    for (const flood of floods)
      for (const [status, n] of Object.entries(flood.statuses))
        statuses[status] = (statuses[status] ?? 0) + n;
    assert.ok((statuses['401'] ?? 0) > 1500, JSON.stringify(statuses));
    assert.deepEqual(
      Object.keys(statuses).filter((s) => !['401', '429'].includes(s)),
      [],
    );
    assert.ok((house.tenant.asked.get('/jwks') ?? 0) - before.fetches <= 1, 'a storm of fetches');
    assert.ok(memory(house.gateway.pid) - before.memory < 64 << 20, 'memory grew with the names');
    assert.equal((await sendToken(await house.token())).status, 200, 'a known key goes on');
  });

  test('K6: keys that no careful reader uses', async (t) => {
    covered.add('K6');
    const claims = rogueClaims({ claims: house.tenant.claims('ada') }, rogue);
    const free = new Smith(rogueKeys.free);
    const by = (kid: string, smith = free, alg = 'RS256') =>
      smith.token({ alg, kid, typ: 'JWT' }, claims, alg);
    const small = new Smith(smallKey);
    const cases: [string, string, string?][] = [
      ['twice', by('twice')],
      ['private', by('private')],
      ['encryption', by('encryption')],
      ['signing-only', by('signing-only')],
      ['another-type', by('another-type')],
      ['another-algorithm', by('another-algorithm'), 'token.alg_mismatch'],
      ['off-the-curve', by('off-the-curve', new Smith(rogueKeys.curve), 'ES256')],
      ['small', by('small', small)],
      ['exponent-1', exponentOne(claims)],
      ['exponent-even', by('exponent-even')],
      ['consumers', by('consumers')], // K7: a key of another tenant, listed in a common document
    ];
    for (const [kid, token, code] of cases) {
      const status = 401;
      const one = {
        row: 'K6',
        what: kid,
        fields: [['Authorization', `Bearer ${token}`]] as Fields,
        status: [status],
        code: code ?? 'token.unknown_key',
      };
      await attack(one, new Set());
    }
    await attack(
      {
        row: 'A2',
        what: 'K6: HMAC under a published symmetric key',
        fields: [
          [
            'Authorization',
            `Bearer ${hmacToken({ alg: 'HS256', kid: 'symmetric', typ: 'JWT' }, claims, 'a published secret')}`,
          ],
        ],
        status: [401],
        code: 'token.alg_not_allowed',
      },
      new Set(),
    );
    const alarm = house.gateway.log.find((line) => line.event === 'keys.rejected');
    for (const kid of [
      'twice',
      'private',
      'symmetric',
      'small',
      'exponent-1',
      'exponent-even',
      'off-the-curve',
    ])
      assert.match(String(alarm?.message), new RegExp(`'${kid}'`), 'the alarm names it');
    t.diagnostic(String(alarm?.message));
  });

  test('K7: keys of one tenant for tokens of another', async () => {
    covered.add('K7');
    const theirs = new Smith(fabrikam.keys[0].jwk);
    const claims = house.tenant.claims('ada');
    assert.equal(
      (await sendToken(await fabrikam.mint('ada'))).status,
      200,
      'theirs by itself is right',
    );
    // Both tenants call their key key-1, so it is found, and does not verify.
    for (const [what, token, code] of [
      [
        'their key, our name',
        theirs.token({ alg: 'RS256', kid: house.tenant.keys[0].kid, typ: 'JWT' }, claims),
        'token.bad_signature',
      ],
      [
        'the rogue key',
        new Smith(rogueKeys.free).token({ alg: 'RS256', kid: 'free', typ: 'JWT' }, claims),
        'token.unknown_key',
      ],
    ])
      await attack(
        {
          row: code === 'token.unknown_key' ? 'K7' : 'S2',
          what,
          fields: [['Authorization', `Bearer ${token}`]],
          status: [401],
          code,
        },
        new Set(),
      );
  });

  test('K8: a key that is withdrawn', async () => {
    covered.add('K8');
    const fresh = () => rogueToken('curve', 'ES256', new Smith(rogueKeys.curve));
    assert.equal((await sendToken(fresh())).status, 200);
    rogue.keys = rogue.keys.filter((key: any) => key.kid !== 'curve');
    const first = rogue.keyFetches;
    const end = performance.now() + 20_000;
    // Another unknown name makes the first look; the second follows by itself, a twelfth of the hour
    // later, because a key is missing: a second here.
    await sendToken(rogueToken('who-looks-first'));
    let reply = await sendToken(fresh());
    while (reply.status === 200 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      reply = await sendToken(fresh());
      if (reply.status === 401) break;
    }
    assertRefusal(reply, 401);
    assert.ok(rogue.keyFetches - first >= 2, 'one fetch without it is not enough');
    assert.ok(rogue.keyFetches - first <= 4, 'and two are');
    assert.equal((await sendToken(rogueToken())).status, 200, 'the others stay');
  });

  test('K9: a key set that cannot be used', async (t) => {
    covered.add('K9');
    const never: http.ServerResponse[] = [];
    const answers: [string, (res: http.ServerResponse) => void][] = [
      ['a redirect', (res) => res.writeHead(302, { location: `${rogue.origin}/elsewhere` }).end()],
      ['10 MB', (res) => res.end(Buffer.alloc(10 << 20, ' '))],
      ['HTML', (res) => res.setHeader('content-type', 'text/html').end('<html>sign in</html>')],
      ['an empty set', (res) => res.end('{"keys":[]}')],
      ['not found', (res) => res.writeHead(404).end()],
      ['half an answer', (res) => res.writeHead(200, { 'content-length': '1000' }).end('{')],
      ['a byte now and then', (res) => (res.writeHead(200).write('{'), never.push(res))],
    ];
    for (const [what, answer] of answers) {
      rogue.answerKeys = answer;
      const asked = rogue.keyFetches;
      const end = performance.now() + 15_000;
      while (rogue.keyFetches === asked && performance.now() < end) {
        await sendToken(rogueToken(`nobody-${Math.random()}`));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.ok(rogue.keyFetches > asked, `${what}: it was asked`);
      assert.equal(
        (await sendToken(rogueToken())).status,
        200,
        `${what}: the last good set is kept`,
      );
      assert.equal((await house.get('/readyz')).status, 200, what);
    }
    for (const res of never) res.destroy();
    rogue.answerKeys = (res) => {
      res.setHeader('date', 'Thu, 01 Jan 1970 00:00:00 GMT');
      res.end(JSON.stringify({ keys: rogue.keys }));
    };
    await until(
      'a stale Date is no reason',
      async () => {
        await sendToken(rogueToken(`nobody-${Math.random()}`));
        return house.gateway.log.some((line) => line.event === 'keys.recovered');
      },
      20_000,
    );
    t.diagnostic(`${answers.length} bad answers kept the last good set`);
  });

  // From the start there is no last good set: HTML in its place, and TLS in another's name.
  test('K9: no key set at all', async () => {
    const authority = new Authority();
    for (const [names, code] of [
      [undefined, 'keys.rejected'],
      [['DNS:other.example'], 'keys.fetch_failed'],
    ] as const) {
      const bare = await Rogue.open(names && authority.leaf('other', [...names]));
      bare.answerKeys = (res) => res.end('<html>sign in</html>');
      const empty = await House.open({
        tenant: house.tenant,
        change: ({ issuers: [issuer] }) =>
          Object.assign(issuer, { issuer: bare.issuer, ca_file: authority.caFile }),
      });
      try {
        const token = new Smith(rogueKeys.free).token(
          { alg: 'RS256', kid: 'free', typ: 'JWT' },
          { ...house.tenant.claims('ada'), iss: bare.issuer, tid: bare.tenantId },
        );
        await empty.gateway.logged(code);
        assertRefusal(await empty.ask(token, question()), 503);
        assert.equal((await empty.get('/readyz')).status, 503);
        const { reason } = await empty.gateway.logged('request.refused');
        assert.ok(ours[rows.K9].includes(String(reason)), String(reason));
      } finally {
        await empty.close();
        await bare.close();
      }
    }
  });

  test('H5: a caller who says who he is', async () => {
    covered.add('H5');
    const { reply } = await send([
      ['Authorization', `Bearer ${await house.token()}`],
      ['x-caller-oid', people.grace.oid],
      ['X-MS-CLIENT-PRINCIPAL', 'e30='],
      ['X-MS-CLIENT-PRINCIPAL-ID', people.grace.oid],
      ['X-Forwarded-User', 'grace'],
    ]);
    assert.equal(reply.status, 200);
    const { opened } = await house.closed(value(reply.head, 'x-request-id') ?? '');
    assert.equal(opened.person.object_id, people.ada.oid);
    const names = house.foundry.last.head.fields.map(([name]) => name.toLowerCase());
    assert.deepEqual(
      names.filter((name) => /^x-ms-client-principal|^x-forwarded/.test(name)),
      [],
    );
  });

  test('H6: what reaches the provider has no credential of the person', async () => {
    covered.add('H6');
    const token = await house.token();
    for (const place of [
      [['Authorization', `Bearer ${token}`]],
      [['x-api-key', token]],
      [['x-gateway-token', token]],
    ] as Fields[]) {
      const { reply } = await send([
        ...place,
        ['Cookie', 'session=canary-1'],
        ['Proxy-Authorization', 'Basic canary-2'],
        ['api-key', 'canary-3'],
      ]);
      assert.equal(reply.status, 200);
      const { head, body } = house.foundry.last;
      const said = JSON.stringify(head.fields) + body;
      for (const secret of [token, token.split('.')[2], 'canary-'])
        assert.ok(!said.includes(secret));
      assert.deepEqual(values(head, 'x-api-key'), [house.foundry.key]);
      assert.deepEqual([...values(head, 'authorization'), ...values(head, 'x-gateway-token')], []);
    }
  });

  // A forger could learn from the time of an answer how far his token got. What differs is at most
  // one signature check, some 20 us; a network, even a local one, hides more. So: the middle of 400
  // interleaved answers of each kind may not be apart by more than half a millisecond or half of the
  // whole, whichever is more. That is wide enough for a busy machine and would still show a fetch, a
  // look-up or a wait (2 s) that one kind gets and another does not. The one answer that does wait,
  // the first unknown key id in five minutes, is no secret: it is K1's.
  test('T1: the time of an answer does not tell a forger how far he got', async (t) => {
    covered.add('T1');
    const good = await house.token();
    const [head, claims] = good.split('.');
    const kinds: Record<string, () => Promise<string>> = {
      'unknown key': () => house.tenant.mint('ada', {}, { kid: 'key-of-nobody' }),
      'bad signature': async () =>
        `${head}.${claims}.${Buffer.alloc(256, 9).toString('base64url')}`,
      'bad audience': () => house.tenant.mint('ada', { aud: 'other' }),
    };
    const times: Record<string, number[]> = {
      'unknown key': [],
      'bad signature': [],
      'bad audience': [],
    };
    const answers = new Set<string>();
    for (let round = 0; round < 40; round += 1) {
      const localAddress = `127.99.0.${round + 1}`; // below the limit of a source
      const client = await RawClient.connect({ port: house.gateway.port, localAddress });
      for (let n = 0; n < 33; n += 1) {
        const kind = Object.keys(kinds)[n % 3];
        const token = await kinds[kind]();
        const at = performance.now();
        const reply = await client.request('GET', '/v1/models', [
          ['Authorization', `Bearer ${token}`],
        ]);
        if (n >= 3) times[kind].push(performance.now() - at);
        assert.equal(reply.status, 401);
        const fields = reply.head.fields.map(([name, text]) =>
          /^(date|x-request-id)$/i.test(name) ? name : `${name}: ${text}`,
        );
        answers.add(JSON.stringify([fields, reply.json.error]));
      }
      client.close();
    }
    assert.equal(answers.size, 1, 'the answers differ');
    const middle = (list: number[]) => list.toSorted((a, b) => a - b)[list.length >> 1];
    const middles = Object.entries(times).map(([kind, list]) => [kind, middle(list)] as const);
    t.diagnostic(middles.map(([kind, ms]) => `${kind} ${(ms * 1000).toFixed(0)} us`).join(', '));
    const [least, most] = [
      Math.min(...middles.map(([, ms]) => ms)),
      Math.max(...middles.map(([, ms]) => ms)),
    ];
    assert.ok(most - least < Math.max(0.5, most / 2), JSON.stringify(middles));
  });

  test('every refusal of a stranger was counted under its code', async (t) => {
    await house.gateway.stop();
    const counted = new Map(
      readSide(house.auditDirectory).map((line) => [String(line.source), String(line.reason)]),
    );
    for (const [source, { what, code }] of expected) assert.equal(counted.get(source), code, what);
    assert.ok(expected.size > 180, `${expected.size} codes`);
    t.diagnostic(`${expected.size} codes of 401s as expected, by the side journal`);
  });

  test(`left to others: ${Object.entries(elsewhere)
    .map(([id, why]) => `${id} (${why})`)
    .join('; ')}`, () => {
    const all = [...Object.keys(rows), ...Object.keys(elsewhere)];
    const whole = 'A6 S6 K9 C3 P18 R4 H6 D1 T1 F1'
      .split(' ')
      .flatMap((last) =>
        Array.from({ length: Number(last.slice(1)) }, (_, n) => `${last[0]}${n + 1}`),
      );
    assert.deepEqual(all.toSorted(), whole.toSorted(), 'rows of the table');
    assert.deepEqual(
      [...covered].toSorted(),
      Object.keys(rows).toSorted(),
      'rows that were attacked',
    );
  });
});

async function until(what: string, done: () => Promise<boolean>, timeout = 10_000): Promise<void> {
  const end = performance.now() + timeout;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`not within ${timeout} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
