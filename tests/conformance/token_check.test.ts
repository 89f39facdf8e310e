// `sallyport token check`: every check of a token, explained, without a running gateway. It must say
// what the gateway would say, and never repeat the token.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { rogueKeys } from '../harness/attack_bench.ts';
import { Authority } from '../harness/certificates.ts';
import { ConnectProxy } from '../harness/connect_proxy.ts';
import { forgeries } from '../harness/forge.ts';
import { run, writeConfig, type Yaml } from '../harness/gateway.ts';
import { House, issuerConfig } from '../harness/house.ts';
import { publicPart, Rogue, Smith } from '../harness/smith.ts';
import { people } from '../harness/tenant.ts';
import { value } from '../harness/wire.ts';

describe('sallyport token check', () => {
  let house: House;
  let file: string;
  let token: string;
  before(async () => {
    house = await House.open({ start: false });
    file = join(house.directory, 'sallyport.yaml');
    writeConfig(file, house.config as Yaml);
    token = await house.token();
  });
  after(() => house.close());

  const check = async (input: string, ...more: string[]) => {
    const done = await run(['token', 'check', '--config', file, ...more], { input });
    for (const part of input.trim().split('.'))
      if (part.length > 60)
        assert.ok(
          !`${done.stdout}${done.stderr}`.includes(part.slice(0, 60)),
          'the token came back',
        );
    return done;
  };

  test('lets a good token in and shows what each check has seen', async () => {
    for (const input of [token, `  ${token}\n\n`, `Authorization: Bearer ${token}\r\n`]) {
      const done = await check(input);
      assert.equal(done.code, 0, done.stdout + done.stderr);
      assert.match(done.stdout, /^ACCEPTED/m);
      assert.match(done.stdout, /^passed +signature/m);
      assert.match(done.stdout, /aud: b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55/);
      assert.match(done.stdout, /key set +1 keys from http.*openid-configuration: key-1/);
    }
    const json = JSON.parse((await check(token, '--json')).stdout);
    assert.equal(json.accepted, true);
    assert.equal(json.person.key, `contoso/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/${people.ada.oid}`);
    assert.ok(json.checks.every((one: { result: string }) => one.result === 'passed'));
  });

  test('says of every wrong kind of token what the gateway says', async () => {
    await house.start();
    await house.ready();
    const said = new Map<string, { what: string; code: string; next_step: string }>();
    for (const { what, token: bad, status } of await forgeries(house.tenant)) {
      const done = await check(bad, '--json');
      assert.equal(done.code, 1, `${what}: ${done.stdout}${done.stderr}`);
      const json = JSON.parse(done.stdout);
      assert.equal(json.status, status, `${what}: ${json.code}`);
      assert.ok(json.next_step.length > 20, what);
      const reply = await house.get('/v1/models', [['Authorization', `Bearer ${bad}`]]);
      assert.equal(reply.status, status, what);
      said.set(value(reply.head, 'x-request-id') ?? '', { what, ...json });
    }
    await house.gateway.stop();
    const logged = house.gateway.log.filter((line) => line.event === 'request.refused');
    for (const line of logged) {
      const here = said.get(String(line.id));
      assert.equal(line.reason, here?.code, here?.what);
      assert.equal(line.next_step, here?.next_step, here?.what);
    }
    assert.ok(logged.length >= 10, 'the log has at most ten such lines a second, but not none');
  });

  test('names every check that fails and those that were not reached', async () => {
    const twice = await check(
      await house.tenant.mint('mallory', { acct: 1, idp: 'https://other.example/' }),
    );
    assert.equal(twice.code, 1);
    assert.match(twice.stdout, /^FAILED +guest/m);
    assert.match(twice.stdout, /^FAILED +roles/m);
    assert.match(twice.stdout, /expected +Claude.User/);
    assert.match(twice.stdout, /Enterprise applications, the API application/);
    const broken = await check('not.a.token');
    assert.match(broken.stdout, /^FAILED +form/m);
    assert.match(broken.stdout, /^not reached +signature/m);
  });

  test('needs no network with a key set in a file, and says why it has none', async () => {
    const keys = join(house.directory, 'keys.json');
    writeFileSync(keys, JSON.stringify({ keys: [publicPart(house.tenant.keys[0].jwk)] }));
    await house.tenant.stop();
    try {
      const cut = await check(token);
      assert.equal(cut.code, 3, cut.stdout);
      assert.match(cut.stdout, /key set +none: .*cannot reach/);
      assert.match(cut.stdout, /keys\.unavailable/);
      const wrong = await check(await house.tenant.mint('ada', { aud: 'other' }));
      assert.equal(wrong.code, 1, 'what is wrong without any key is a no');
      const offline = await check(token, '--jwks', keys);
      assert.equal(offline.code, 0, offline.stdout);
      const missing = await check(token, '--jwks', join(house.directory, 'nothing'));
      assert.equal(missing.code, 2);
      assert.match(missing.stderr, /cannot open .*nothing/);
    } finally {
      await house.tenant.start();
    }
  });

  test('judges by one issuer when told so', async () => {
    const two = join(house.directory, 'two.yaml');
    const other = {
      ...issuerConfig(house.tenant),
      name: 'fabrikam',
      issuer: 'https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0',
    };
    writeConfig(two, { ...house.config, issuers: [...house.config.issuers, other] } as Yaml);
    const judged = (...more: string[]) =>
      run(['token', 'check', '--config', two, '--json', ...more], { input: token });
    assert.equal((await judged()).code, 0);
    assert.equal((await judged('--issuer', 'contoso')).code, 0);
    const foreign = await judged('--issuer', 'fabrikam');
    assert.equal(foreign.code, 1);
    assert.equal(JSON.parse(foreign.stdout).code, 'token.issuer_unknown');
    const nobody = await judged('--issuer', 'nobody');
    assert.equal(nobody.code, 2);
    assert.match(nobody.stderr, /contoso, fabrikam/);
  });

  test('needs nothing of the configuration but the issuers', async () => {
    const shy = join(house.directory, 'shy.yaml');
    const upstreams = structuredClone(house.config.upstreams);
    upstreams[0].credential.api_key = '${file:/nowhere/at/all}';
    writeConfig(shy, { ...house.config, upstreams } as Yaml);
    const done = await run(['token', 'check', '--config', shy], { input: token });
    assert.equal(done.code, 0, done.stderr);
  });

  test('asks over TLS of a private authority, and through the proxy', async () => {
    const authority = new Authority();
    const rogue = await Rogue.open(authority.leaf('issuer'));
    const proxy = await ConnectProxy.open();
    try {
      rogue.keys = [{ ...publicPart(rogueKeys.free), kid: 'free' }];
      const mine = new Smith(rogueKeys.free).token(
        { alg: 'RS256', kid: 'free', typ: 'JWT' },
        { ...house.tenant.claims('ada'), iss: rogue.issuer, tid: rogue.tenantId },
      );
      const judged = (issuer: object) => {
        const there = join(house.directory, 'tls.yaml');
        const block = { ...issuerConfig(house.tenant), issuer: rogue.issuer, ...issuer };
        writeConfig(there, { ...house.config, issuers: [block] } as Yaml);
        return run(['token', 'check', '--config', there], { input: mine });
      };
      const stranger = await judged({});
      assert.equal(stranger.code, 3, stranger.stdout);
      assert.match(stranger.stdout, /no trusted TLS connection.*\n.*ca_file/);
      const known = await judged({ ca_file: authority.caFile });
      assert.equal(known.code, 0, known.stdout + known.stderr);
      assert.deepEqual(proxy.tunnels, []);
      const proxied = await judged({ ca_file: authority.caFile, proxy: proxy.url });
      assert.equal(proxied.code, 0, proxied.stdout + proxied.stderr);
      assert.equal(new Set(proxy.tunnels).size, 1);
      assert.match(proxy.tunnels[0], /^localhost:/);
    } finally {
      await proxy.close();
      await rogue.close();
    }
  });

  test('says what is wrong with its input', async () => {
    for (const [input, args] of [
      ['', ['--config', file]],
      [token, ['--config', '/nowhere/sallyport.yaml']],
      [token, ['--config', file, '--no-such-option']],
    ] as [string, string[]][]) {
      const done = await run(['token', 'check', ...args], { input });
      assert.equal(done.code, 2, args.join(' '));
      assert.equal(done.stdout, '');
      assert.ok(done.stderr.length > 20);
    }
  });
});
