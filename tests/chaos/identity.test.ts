// The identity provider is down: nobody is let in on trust, and nobody who is known is put out.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { type Yaml } from '../harness/gateway.ts';
import { House, question } from '../harness/house.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { publicPart } from '../harness/smith.ts';
import { Tenant } from '../harness/tenant.ts';
import { value } from '../harness/wire.ts';

describe('an identity provider that is down', () => {
  test('at the start: the gateway runs, is not ready, says 503, tries again, and then serves', async () => {
    const tenant = await Tenant.open();
    const token = await tenant.mint('ada');
    await tenant.stop();
    const house = await House.open({ tenant });
    try {
      assert.equal((await house.get('/healthz')).status, 200);
      assert.equal((await house.get('/readyz')).status, 503);
      const reply = await house.ask(token, question());
      assertRefusal(reply, 503);
      assert.ok(value(reply.head, 'retry-after') !== undefined);
      assert.equal(house.foundry.requests.length, 0);
      await tenant.start();
      await house.ready(30_000);
      assert.equal((await house.ask(token, question())).status, 200);
    } finally {
      await house.close();
      await tenant.close();
    }
  });

  test('at the start: it is not asked a hundred times a second', async () => {
    const tenant = await Tenant.open();
    const token = await tenant.mint('ada');
    const asked = () => [...tenant.asked.values()].reduce((sum, n) => sum + n, 0);
    // up, but with nothing to say: every path is 404
    const real = tenant.issuer;
    const house = await House.open({
      tenant,
      change: (config) => (config.issuers[0].issuer = real.replace('/v2.0', '/v3.0')),
    });
    try {
      const client = await house.connect();
      const at = performance.now();
      while (performance.now() - at < 3000) {
        const reply = await client.request('GET', '/v1/models', [
          ['Authorization', `Bearer ${token}`],
        ]);
        assert.ok([401, 429, 503].includes(reply.status), reply.head.start); // 429: past a hundred a second
      }
      client.close();
      assert.ok(asked() <= 8, `asked ${asked()} times in three seconds`);
    } finally {
      await house.close();
      await tenant.close();
    }
  });

  test('later: those whose keys are known go on, and strangers stay out', async () => {
    const tenant = await Tenant.open();
    const house = await House.open({ tenant });
    try {
      await house.ready();
      const token = await house.token();
      assert.equal((await house.ask(token, question())).status, 200);
      await tenant.stop();
      await sleep(100);
      assert.equal((await house.ask(token, question())).status, 200);
      assert.equal(
        (await house.ask(await house.token('grace'), question())).status,
        200,
        'a token not seen before, of a known key',
      );
      const unknown = await tenant.mint('ada', {}, { kid: 'key-nobody-knows' });
      assertRefusal(await house.ask(unknown, question()), 401);
      assert.equal((await house.get('/readyz')).status, 200);
    } finally {
      await house.close();
      await tenant.close();
    }
  });
});

describe('a site without a way to the identity provider', () => {
  test('takes the keys from a file, and its word counts at the reload', async () => {
    const tenant = await Tenant.open();
    const file = join(mkdtempSync(join(tmpdir(), 'sallyport-keys-')), 'keys.json');
    const write = () =>
      writeFileSync(file, JSON.stringify({ keys: [publicPart(tenant.keys[0].jwk)] }));
    write();
    const house = await House.open({
      tenant,
      change: (config) => (config.issuers[0].jwks_file = file),
    });
    try {
      await house.ready();
      await tenant.stop();
      const old = await house.token();
      assert.equal((await house.ask(old, question())).status, 200);
      await tenant.rotate({ drop: true });
      write();
      house.gateway.reload(house.config as Yaml);
      await house.gateway.logged('keys.changed', { skip: 1 });
      assert.equal((await house.ask(await house.token(), question())).status, 200);
      assertRefusal(await house.ask(old, question()), 401);
      assert.equal(tenant.asked.get('/jwks') ?? 0, 0);
    } finally {
      await house.close();
      await tenant.close();
      rmSync(dirname(file), { recursive: true });
    }
  });
});
