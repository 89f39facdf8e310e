// The provider's credential that nobody holds: every source against an endpoint that is as strict as
// its documentation, and what a request sees while a token is fetched, renewed, refused or missing.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { fromFile, wellBehaved } from '../harness/answers.ts';
import { AzureIdentity, type Fault, gatewayClient, gatewayTenant } from '../harness/azure_identity.ts';
import { filesUnder, leaks, type Place } from '../harness/canary.ts';
import { Authority } from '../harness/certificates.ts';
import { Foundry } from '../harness/foundry.ts';
import { run } from '../harness/gateway.ts';
import { House, type HouseOptions, question, streamQuestion } from '../harness/house.ts';
import { lineWhere } from '../harness/records.ts';
import { value } from '../harness/wire.ts';

// Mounts that nobody else sees: needs root, and a root folder that is a mount of its own (no chroot).
const mountable = spawnSync('unshare', ['-m', 'true']).status === 0;
const managed = { managed_identity: { source: 'auto' } };

/** A house whose provider takes the tokens of `identity` alone. */
async function houseOf(
  identity: AzureIdentity,
  credential: object,
  env: Record<string, string>,
  options: HouseOptions = {},
): Promise<House> {
  return House.open({
    foundry: { bearer: (token) => identity.takes(token) },
    ...options,
    change: (config, house) => {
      config.upstreams[0].credential = credential;
      options.change?.(config, house);
    },
    gateway: { env, ...options.gateway },
  }).catch(async (error: unknown) => {
    await identity.close();
    throw error;
  });
}
function application(identity: AzureIdentity, how: object): object {
  return { tenant: gatewayTenant, client_id: gatewayClient, authority: identity.origin, ...how };
}
async function status(house: House): Promise<any> {
  const got = await run(['status', '--socket', join(house.directory, 'admin.sock'), '--json']);
  return JSON.parse(got.stdout);
}
async function check(house: House, env: Record<string, string> = {}, ...more: string[]) {
  const got = await run(
    ['upstream', 'check', '--config', house.gateway.configFile, '--json', ...more],
    { env },
  );
  return { code: got.code, ...JSON.parse(got.stdout || got.stderr) };
}
/** A certificate and its RSA key, as an application has them. */
function certificate(folder: string): { certificate: string; key: string } {
  const made = { certificate: join(folder, 'app.pem'), key: join(folder, 'app.key') };
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '90', '-subj', '/CN=gateway'].concat(
      ['-keyout', made.key, '-out', made.certificate],
    ),
    { stdio: 'ignore' },
  );
  return made;
}
/** Shell words that give the gateway a folder of Azure Arc's agent that nobody else sees. */
function withArcFolder(folder: string): string {
  const mounts =
    'mount -t tmpfs none /var/opt && mkdir -p /var/opt/azcmagent/tokens && ' +
    `mount --bind ${folder} /var/opt/azcmagent/tokens`;
  return `exec unshare -m /bin/sh -c '${mounts} && exec "$0" "$@"' "$0" "$@";`;
}

describe('a token', () => {
  const work = mkdtempSync(join(tmpdir(), 'sallyport-cred-'));
  after(() => rmSync(work, { recursive: true, force: true }));

  const sources: Record<string, (identity: AzureIdentity) => [object, Record<string, string>]> = {
    'managed_identity.imds': (identity) => [managed, identity.imdsEnv()],
    'managed_identity.app_service': (identity) => [managed, identity.appServiceEnv()],
    workload_identity: (identity) => {
      identity.federatedToken = 'service.account.token';
      const file = join(work, 'federated');
      writeFileSync(file, identity.federatedToken);
      return [
        { workload_identity: { client_id: gatewayClient } },
        identity.clusterEnv(file),
      ];
    },
    client_secret: (identity) => {
      const file = join(work, 'secret');
      writeFileSync(file, identity.secret, { mode: 0o600 });
      return [
        { client_secret: application(identity, { secret: `\${file:${file}}` }) },
        {},
      ];
    },
    client_certificate: (identity) => {
      const files = certificate(work);
      identity.certificate = readFileSync(files.certificate, 'utf8');
      return [{ client_certificate: application(identity, files) }, {}];
    },
  };
  for (const [source, setUp] of Object.entries(sources)) {
    test(`comes from ${source} as its page says, and the provider sees it alone`, async () => {
      const identity = await AzureIdentity.open();
      const [credential, env] = setUp(identity);
      const house = await houseOf(identity, credential, env);
      try {
        await house.ready();
        const reply = await house.ask(await house.token(), question());
        assert.equal(reply.status, 200, reply.body.toString());
        assert.deepEqual(identity.wrong, []);
        assert.equal(identity.requests.length, 1);
        assert.equal(value(house.foundry.last.head, 'authorization'), `Bearer ${identity.issued[0]}`);
        const line = await lineWhere(
          house.auditDirectory,
          (one) => one.event === 'credential' && one.details?.what === 'credential.obtained',
        );
        assert.equal(line.details.source, source);
        const upstream = (await status(house)).upstreams[0];
        assert.equal(upstream.source, source);
        assert.ok(upstream.ready && upstream.obtained && upstream.expires);
        const found = await check(house, env);
        assert.equal(found.code, 0, JSON.stringify(found));
        assert.equal(found.upstreams[0].token.audience, 'https://ai.azure.com');
        assert.deepEqual(identity.wrong, []);
      } finally {
        await house.close();
        await identity.close();
      }
    });
  }

  test(
    "comes from Azure Arc's agent, and no challenge makes the gateway send another file",
    { skip: mountable ? false : 'needs root and mounts of its own, for a folder at /var/opt' },
    async () => {
      const identity = await AzureIdentity.open();
      const folder = (identity.arcFolder = join(work, 'arc'));
      mkdirSync(folder);
      const house = await houseOf(identity, managed, identity.arcEnv(), {
        gateway: { before: withArcFolder(folder) },
      });
      try {
        await house.ready();
        assert.equal((await house.ask(await house.token(), question())).status, 200);
        assert.deepEqual(identity.wrong, []);
        assert.equal(identity.requests.length, 2);
      } finally {
        await house.close();
        await identity.close();
      }
      const stolen = 'stolen-canary-stolen-canary';
      const outside = join(work, 'outside.key');
      writeFileSync(outside, stolen);
      writeFileSync(join(folder, 'large.key'), 'x'.repeat(4097));
      writeFileSync(join(folder, 'plain.txt'), stolen);
      symlinkSync(outside, join(folder, 'link.key'));
      const agent = '/var/opt/azcmagent/tokens';
      for (const realm of [
        outside,
        '/etc/shadow',
        `${agent}/../../../..${outside}`,
        `${agent}/link.key`,
        `${agent}/large.key`,
        `${agent}/plain.txt`,
      ]) {
        const attacker = await AzureIdentity.open();
        attacker.arcRealm = realm;
        const attacked = await houseOf(attacker, managed, attacker.arcEnv(), {
          gateway: { before: withArcFolder(folder) },
        });
        try {
          const line = await attacked.gateway.logged('credential.fetch_failed');
          assert.match(String(line.message), /credential\.(challenge|file)/, realm);
          for (const request of attacker.requests)
            assert.equal(request.headers.authorization, undefined, realm);
          assert.equal(attacker.issued.length, 0);
          assert.ok(!attacked.gateway.stderr.includes(stolen));
        } finally {
          await attacked.close();
          await attacker.close();
        }
      }
    },
  );
});

describe('without a credential', () => {
  test('a person is told whose fault it is, the gateway is not ready, and a reload mends it', async () => {
    const identity = await AzureIdentity.open();
    identity.always = {
      status: 400,
      body: JSON.stringify({ error: 'invalid_request', error_description: 'Identity not found' }),
    };
    const house = await houseOf(identity, managed, identity.imdsEnv());
    try {
      const line = await house.gateway.logged('credential.fetch_failed');
      assert.match(String(line.message), /no such managed identity.*assign/);
      await house.gateway.logged('keys.changed');
      const token = await house.token();
      const reply = await house.ask(token, question());
      assert.equal(reply.status, 503);
      assert.match(reply.json.error.message, /Your sign-in is fine/);
      assert.equal(value(reply.head, 'retry-after'), '5');
      assert.equal(house.foundry.requests.length, 0);
      const refused = await lineWhere(house.auditDirectory, (one) => one.type === 'refused');
      assert.equal(refused.reason, 'upstream.no_credential');
      const ready = await house.get('/readyz');
      assert.deepEqual([ready.status, ready.json.reason], [503, 'upstream.no_credential']);
      const shown = await status(house);
      assert.deepEqual([shown.ready, shown.reason], [false, 'upstream.no_credential']);
      assert.match(shown.upstreams[0].problem, /no such managed identity/);
      const asked = identity.requests.length;
      for (let i = 0; i < 20; ++i) await house.ask(token, question());
      assert.equal(identity.requests.length, asked, 'requests of people make it ask no more often');
      identity.always = undefined;
      house.gateway.reload(house.config as any);
      await house.ready();
      assert.equal((await house.ask(token, question())).status, 200);
    } finally {
      await house.close();
      await identity.close();
    }
  });

  test('a request that comes while the first one is fetched waits for it', async () => {
    const identity = await AzureIdentity.open();
    identity.faults.push({ delay: 1500 });
    const house = await houseOf(identity, managed, identity.imdsEnv());
    try {
      await house.gateway.logged('keys.changed');
      const token = await house.token();
      const replies = await Promise.all(
        Array.from({ length: 50 }, () => house.ask(token, question())),
      );
      assert.deepEqual([...new Set(replies.map((reply) => reply.status))], [200]);
      assert.equal(identity.requests.length, 1);
    } finally {
      await house.close();
      await identity.close();
    }
  });

  test('every fault that an endpoint can have is survived, said, and tried again', async () => {
    const identity = await AzureIdentity.open();
    const canary = 'half-a-token-canary-half-a-token-canary';
    const faults: Fault[] = [
      { status: 200, body: `{"access_token":"${canary}"` },
      { status: 200, body: `{"access_token":"${canary}","expires_on":"1"}` },
      { status: 200, body: `{"access_token":"${canary} x","expires_in":"3600"}` },
      { status: 200, body: '<html>sign in</html>' },
      { status: 200, body: 'x'.repeat(70_000) },
      { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      { status: 500, body: '{"statusCode":500,"message":"An unexpected error"}' },
      { status: 404, body: '' },
      { status: 410, body: '' },
      { status: 429, headers: { 'retry-after': '1' } },
      { cut: true },
    ];
    try {
      for (const fault of faults) {
        identity.faults.length = 0;
        identity.faults.push(fault);
        const house = await houseOf(identity, managed, identity.imdsEnv());
        try {
          const line = await house.gateway.logged('credential.fetch_failed');
          assert.ok(String(line.message).length > 20);
          if (fault.status !== 302) {
            await house.ready(15_000);
            assert.equal((await house.ask(await house.token(), question())).status, 200);
          }
          assert.ok(!house.gateway.stderr.includes(canary));
        } finally {
          await house.close();
        }
      }
    } finally {
      await identity.close();
    }
  });
});

describe('a running gateway', () => {
  let identity: AzureIdentity;
  let house: House;
  let token: string;
  before(async () => {
    identity = await AzureIdentity.open();
    house = await houseOf(identity, managed, identity.imdsEnv());
    await house.ready();
    token = await house.token();
  });
  after(async () => {
    await house.close();
    await identity.close();
  });

  test('renews once for 200 refused requests at once, sends each again once, and all are answered', async () => {
    identity.withdraw();
    identity.faults.push({ delay: 700 });
    const asked = identity.requests.length;
    const seen = house.foundry.requests.length;
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        house.ask(token, n % 2 ? question() : streamQuestion()),
      ),
    );
    const statuses = replies.map((reply) => reply.status);
    assert.deepEqual([...new Set(statuses)], [200]);
    assert.equal(identity.requests.length, asked + 1);
    assert.ok(house.foundry.requests.length <= seen + 400);
    const id = value(replies[0].head, 'x-request-id') as string;
    const { closed } = await house.closed(id);
    assert.deepEqual(
      closed.attempts.map((one: { status: number }) => one.status),
      [401, 200],
    );
    await lineWhere(
      house.auditDirectory,
      (one) => one.event === 'credential' && one.details?.what === 'credential.refused_by_provider',
    );
  });

  test('never sends a request a third time: a provider that refuses every token gets 502 through', async () => {
    house.foundry.bearer = () => false;
    const asked = identity.requests.length;
    for (let i = 0; i < 5; ++i) {
      const seen = house.foundry.requests.length;
      const reply = await house.ask(token, question());
      assert.equal(reply.status, 502);
      assert.equal(value(reply.head, 'x-should-retry'), 'false');
      assert.ok(house.foundry.requests.length - seen <= 2);
    }
    assert.ok(identity.requests.length <= asked + 1, 'one renewal in 30 s');
    house.foundry.bearer = (one) => identity.takes(one);
    const shown = await status(house);
    assert.equal(shown.upstreams[0].refused_status, 401);
    assert.equal((await house.ask(token, question())).status, 200);
  });

  test("does not try again after 403: the role is missing, and 'upstream check' says so", async () => {
    house.foundry.answer = fromFile('errors/403-foundry-rbac.http');
    const seen = house.foundry.requests.length;
    assert.equal((await house.ask(token, question())).status, 502);
    assert.equal(house.foundry.requests.length, seen + 1);
    const found = await check(house, identity.imdsEnv());
    assert.equal(found.code, 1);
    assert.equal(found.upstreams[0].code, 'upstream.role_missing');
    assert.match(found.upstreams[0].next_step, /Foundry User/);
    assert.equal(found.upstreams[0].token.object_id, '9a8b7c6d-1111-4222-8333-ddddeeeeffff');
    house.foundry.answer = wellBehaved();
  });

  test('shows its age and end in /metrics, by the name of the upstream alone', async () => {
    const page = (await house.scrape('/metrics')).body.toString();
    assert.match(page, /sallyport_upstream_credential_ready\{upstream="foundry"\} 1/);
    const ends = /credential_expires_timestamp_seconds\{upstream="foundry"\} (\d+)/.exec(page);
    assert.ok(Math.abs(Number(ends?.[1]) - Date.now() / 1000 - identity.life) < 60);
    assert.match(page, /credential_fetches_total\{upstream="foundry",result="ok"\} \d/);
    assert.match(page, /credential_refused_total\{upstream="foundry"\} \d/);
  });
});

describe('a token that ends soon', () => {
  test('is renewed ahead of time, kept while that fails, and nobody notices', async () => {
    const identity = await AzureIdentity.open();
    identity.life = 8;
    const house = await houseOf(identity, managed, identity.imdsEnv());
    try {
      await house.ready();
      const token = await house.token();
      const statuses = new Map<number, number>();
      const ask = async () => {
        const reply = await house.ask(token, question());
        statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      };
      while (identity.issued.length < 2) await ask();
      identity.always = { cut: true };
      await house.gateway.logged('credential.fetch_failed');
      const failing = identity.requests.length;
      while (identity.requests.length < failing + 2) await ask();
      assert.ok((await status(house)).upstreams[0].ready);
      identity.always = undefined;
      identity.life = 86_400;
      await house.gateway.logged('credential.recovered', { timeout: 15_000 });
      await ask();
      assert.deepEqual([...statuses.keys()], [200], JSON.stringify([...statuses]));
    } finally {
      await house.close();
      await identity.close();
    }
  });

  test('and cannot be renewed until its end is used no more', async () => {
    const identity = await AzureIdentity.open();
    identity.life = 3;
    const house = await houseOf(identity, managed, identity.imdsEnv());
    try {
      await house.ready();
      const token = await house.token();
      identity.always = { cut: true };
      await house.gateway.logged('credential.expired', { timeout: 15_000 });
      assert.equal((await house.ask(token, question())).status, 503);
      assert.equal((await house.get('/readyz')).status, 503);
      identity.always = undefined;
      identity.life = 86_400;
      await house.ready(40_000);
      assert.equal((await house.ask(token, question())).status, 200);
    } finally {
      await house.close();
      await identity.close();
    }
  });
});

describe('an application secret', () => {
  test('is rotated by a reload without a gap, and none of it is anywhere afterwards', async () => {
    const identity = await AzureIdentity.open();
    const work = mkdtempSync(join(tmpdir(), 'sallyport-cred-'));
    const file = join(work, 'secret');
    writeFileSync(file, identity.secret, { mode: 0o600 });
    const secrets: Record<string, string> = { 'the first secret': identity.secret };
    const house = await houseOf(
      identity,
      { client_secret: application(identity, { secret: `\${file:${file}}` }) },
      {},
    );
    try {
      await house.ready();
      const token = await house.token();
      assert.equal((await house.ask(token, question())).status, 200);
      // a wrong one: it is said, and the old token goes on
      const wrong = `wrong~${'w'.repeat(40)}`;
      writeFileSync(file, wrong);
      house.gateway.reload(house.config as any);
      const failed = await house.gateway.logged('credential.fetch_failed');
      assert.match(String(failed.message), /secret is wrong.*AADSTS7000215/);
      assert.equal((await house.ask(token, question())).status, 200);
      const found = await check(house);
      assert.equal(found.code, 1);
      assert.match(found.upstreams[0].meaning, /secret is wrong/);
      // the right one
      identity.secret = secrets['the second secret'] = `next~${'n'.repeat(20)}${Date.now()}`;
      writeFileSync(file, identity.secret);
      house.gateway.reload(house.config as any);
      await house.gateway.logged('credential.recovered');
      identity.withdraw();
      house.foundry.bearer = (one) => one === identity.issued.at(-1);
      assert.equal((await house.ask(token, question())).status, 200);
      // a provider that repeats what it was sent
      house.foundry.answer = (call) =>
        call.whole(
          'HTTP/1.1 403 Forbidden',
          [['Content-Type', 'application/json']],
          Buffer.from(
            JSON.stringify({ error: { code: 'x', message: value(call.head, 'authorization') } }),
          ),
        );
      const echoed = await house.ask(token, question());
      const repeated = await check(house);
      const metrics = (await house.scrape('/metrics')).body;
      const shown = JSON.stringify(await status(house));
      assert.equal(await house.gateway.stop(), 0);
      identity.issued.forEach((one, n) => (secrets[`token ${n}`] = one));
      secrets['a wrong secret'] = wrong;
      assert.ok(identity.issued.length >= 3);
      const places: Place[] = [
        { name: 'stderr', bytes: Buffer.from(house.gateway.stderr + house.gateway.stdout) },
        { name: 'metrics', bytes: metrics },
        { name: 'status', bytes: Buffer.from(shown) },
        { name: 'check', bytes: Buffer.from(JSON.stringify([found, repeated])) },
        { name: 'answer', bytes: Buffer.concat([echoed.head.raw, echoed.body]) },
        ...filesUnder(house.directory),
      ];
      assert.deepEqual(leaks(places, secrets), []);
    } finally {
      await house.close();
      await identity.close();
      rmSync(work, { recursive: true, force: true });
    }
  });
});

describe('sallyport upstream check', () => {
  test('explains each way in which a provider can say no', async () => {
    const house = await House.open();
    const untrusted = await Foundry.open({ tls: new Authority().leaf('provider') });
    try {
      await house.ready();
      assert.equal((await check(house)).code, 0);
      const cases: [string, string, number][] = [
        ['errors/401-foundry-bad-key.http', 'upstream.key_refused', 1],
        ['errors/404-foundry-deployment.http', 'upstream.deployment_not_found', 1],
        ['errors/429-foundry-rate-limit.http', 'upstream.works', 0],
        ['errors/500-upstream.http', 'upstream.failing', 1],
      ];
      for (const [file, code, exit] of cases) {
        house.foundry.answer = fromFile(file);
        const found = await check(house);
        assert.deepEqual([found.upstreams[0].code, found.code], [code, exit], file);
        assert.ok(found.upstreams[0].meaning);
      }
      const unknown = await check(house, {}, 'nobody');
      assert.deepEqual([unknown.code, unknown.error.code], [2, 'upstream.unknown']);
      for (const [base, code] of [
        ['https://no-such-name.invalid/anthropic', 'fetch.resolve'],
        ['http://127.0.0.1:1/anthropic', 'fetch.connect'],
        [untrusted.base, 'fetch.tls'],
      ]) {
        const config = structuredClone(house.config);
        config.upstreams[0].base_url = base;
        house.gateway.reload(config as any);
        const found = await check(house);
        assert.deepEqual([found.upstreams[0].code, found.code], [code, 3], JSON.stringify(found));
      }
    } finally {
      await untrusted.close();
      await house.close();
    }
  });

  test('finds the audience that the provider takes', async () => {
    const identity = await AzureIdentity.open();
    const house = await houseOf(
      identity,
      { ...managed, scope: 'https://cognitiveservices.azure.com/.default' },
      identity.imdsEnv(),
    );
    try {
      identity.resources.push('https://cognitiveservices.azure.com');
      house.foundry.bearer = (one) => decodeJwt(one).aud === 'https://ai.azure.com';
      const found = await check(house, identity.imdsEnv());
      assert.equal(found.code, 1);
      assert.equal(found.upstreams[0].scope_that_works, 'https://ai.azure.com/.default');
      assert.match(found.upstreams[0].next_step, /ai\.azure\.com/);
    } finally {
      await house.close();
      await identity.close();
    }
  });
});
