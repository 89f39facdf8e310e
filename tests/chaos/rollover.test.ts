// The tenant changes its keys while people work: nobody with a good token is turned away, also while
// somebody floods the gateway with names of keys that do not exist, and a key that is withdrawn is
// soon worth nothing. `key_refresh: 12s` stands for the hour: a second for the five minutes.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { Flood } from '../harness/flood.ts';
import { House, question, requestFields } from '../harness/house.ts';
import { RawClient } from '../harness/raw_client.ts';
import { size } from '../harness/size.ts';
import { assembled, Smith } from '../harness/smith.ts';

const long = size === 'long';
const early = 1000; // ms between two fetches for an unknown key: a twelfth of key_refresh

const open = () =>
  House.open({
    foundry: { keep: false },
    change: (config) => (config.issuers[0].key_refresh = '12s'),
  });
/** Ends it; a program built with a sanitizer must have had nothing to say. */
async function close(house: House): Promise<void> {
  const { gateway } = house;
  const code = await gateway.stop(60_000);
  await house.close();
  assert.equal(code, 0, gateway.stderr.slice(-3000));
  assert.ok(!/Sanitizer|data race/.test(gateway.stderr), gateway.stderr.slice(0, 8000));
}
const fetches = (house: House) => house.tenant.asked.get('/jwks') ?? 0;

/** People who ask without a pause until they are told to stop; each token is new to the gateway. */
class Crowd {
  readonly statuses: Record<string, number> = {};
  readonly waits: number[] = [];
  private readonly running: Promise<void>[] = [];
  private stopped = false;

  constructor(house: House, mint: () => Promise<string>, people = 4) {
    for (let n = 0; n < people; n += 1)
      this.running.push(this.ask(house, mint, `127.66.0.${n + 1}`));
  }
  private async ask(house: House, mint: () => Promise<string>, localAddress: string) {
    const client = await RawClient.connect({ port: house.gateway.port, localAddress });
    while (!this.stopped) {
      const token = await mint();
      const at = performance.now();
      const reply = await client.request('POST', '/v1/messages', requestFields(token), question());
      this.waits.push(performance.now() - at);
      this.statuses[reply.status] = (this.statuses[reply.status] ?? 0) + 1;
      await sleep(reply.status === 200 ? 5 : 25); // a source that hammers is damped with 429
    }
    client.close();
  }
  get asked(): number {
    return this.waits.length;
  }
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
  }
}

/** Random key ids from twelve addresses, each below the limit of a source. */
function floods(house: House, seconds: number) {
  const claims = house.tenant.claims('ada');
  const odd = (n: number) =>
    assembled(
      { alg: 'RS256', kid: `odd-${n}-${Math.random()}`, typ: 'JWT' },
      claims,
      Buffer.alloc(256, 5),
    );
  return Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      new Flood({
        port: house.gateway.port,
        localAddress: `127.67.0.${n + 1}`,
        tokens: Array.from({ length: 95 * seconds }, () => odd(n)),
        perSecond: 90,
        connections: 2,
      }).run(seconds),
    ),
  );
}

describe('a tenant that changes its keys under load', () => {
  test('turns nobody away whose token is of a key that was just published', async (t) => {
    const house = await open();
    try {
      await house.ready();
      const crowd = new Crowd(house, () => house.token());
      const changes = long ? 20 : 4;
      const before = fetches(house);
      const started = performance.now();
      for (let n = 0; n < changes; n += 1) {
        await sleep(2 * early);
        await house.tenant.rotate();
      }
      await sleep(early);
      await crowd.stop();
      const hours = (performance.now() - started) / 10_800;
      assert.deepEqual(Object.keys(crowd.statuses), ['200'], JSON.stringify(crowd.statuses));
      assert.ok(Math.max(...crowd.waits) < 2000, 'one fetch is all that a request waits for');
      assert.ok(fetches(house) - before >= changes, 'the keys were fetched');
      assert.ok(
        fetches(house) - before <= changes + 1 + hours,
        'once a change, beside the hourly ones',
      );
      t.diagnostic(
        `${changes} changes, ${crowd.asked} new tokens, ${fetches(house) - before} fetches, ` +
          `the longest wait ${Math.max(...crowd.waits).toFixed(0)} ms`,
      );
    } finally {
      await close(house);
    }
  });

  test('waits at most two seconds for a tenant that is slow, and asks it once', async () => {
    const house = await open();
    try {
      await house.ready();
      await house.tenant.rotate();
      const token = await house.token();
      house.tenant.delay = 3500;
      const before = fetches(house);
      const at = performance.now();
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => house.ask(token, question())),
      );
      const waited = performance.now() - at;
      assert.ok(
        replies.every((reply) => reply.status === 401),
        'not on trust',
      );
      assert.ok(waited > 1500 && waited < 3400, `${waited} ms`);
      assert.ok(fetches(house) - before <= 1, 'twenty wait for one fetch');
      house.tenant.delay = 0;
      const end = performance.now() + 10_000;
      let { status } = await house.ask(await house.token(), question());
      while (status !== 200 && performance.now() < end) {
        await sleep(50);
        ({ status } = await house.ask(await house.token(), question()));
      }
      assert.equal(status, 200);
    } finally {
      await close(house);
    }
  });

  test('under a flood of unknown key ids: one fetch an interval, known keys never suffer', async (t) => {
    const house = await open();
    try {
      await house.ready();
      const old = new Smith(house.tenant.keys[0].jwk);
      const oldKid = house.tenant.keys[0].kid;
      const ofOldKey = async () =>
        old.token({ alg: 'RS256', kid: oldKid, typ: 'JWT' }, house.tenant.claims('grace'));
      const crowd = new Crowd(house, ofOldKey);
      const seconds = long ? 60 : 8;
      const before = fetches(house);
      const started = performance.now();
      const flood = floods(house, seconds);
      await sleep(2500);
      await house.tenant.rotate();
      const published = performance.now();
      let taken = 0;
      while (taken === 0 && performance.now() - published < 10_000) {
        if ((await house.ask(await house.token(), question())).status === 200)
          taken = performance.now() - published;
        else await sleep(20);
      }
      const results = await flood;
      await crowd.stop();
      const intervals = (performance.now() - started) / early;
      const refused = results.reduce((sum, one) => sum + (one.statuses['401'] ?? 0), 0);
      assert.ok(refused > seconds * 500, `${refused} refused`);
      assert.deepEqual(Object.keys(crowd.statuses), ['200'], JSON.stringify(crowd.statuses));
      assert.ok(taken > 0 && taken < 2 * early + 2000, `the new key was taken after ${taken} ms`);
      // The hourly ones come on top; one interval is cut at either end.
      assert.ok(
        fetches(house) - before <= intervals + intervals / 10 + 2,
        `${fetches(house) - before}`,
      );
      t.diagnostic(
        `${refused} unknown key ids refused in ${seconds} s, ${fetches(house) - before} fetches in ` +
          `${intervals.toFixed(1)} intervals, new key taken after ${taken.toFixed(0)} ms, ` +
          `${crowd.asked} new tokens of the known key all admitted`,
      );
    } finally {
      await close(house);
    }
  });

  test('a key withdrawn is accepted once more at most, and never after the second fetch', async () => {
    const house = await open();
    try {
      await house.ready();
      const stolen = new Smith(house.tenant.keys[0].jwk);
      const { kid } = house.tenant.keys[0];
      const forge = () =>
        stolen.token({ alg: 'RS256', kid, typ: 'JWT' }, house.tenant.claims('ada'));
      const seen = forge(); // verified before: the cache must forget it, too
      assert.equal((await house.ask(seen, question())).status, 200);
      await house.tenant.rotate({ drop: true });
      const before = fetches(house);
      assert.equal((await house.ask(await house.token(), question())).status, 200);
      const end = performance.now() + 10_000;
      while (fetches(house) - before < 2 && performance.now() < end) await sleep(5);
      assert.ok(performance.now() < end, 'the second fetch follows by itself');
      await house.gateway.logged('keys.changed', { skip: 2 }); // first, added, removed
      for (const token of [seen, forge(), forge()])
        assert.equal((await house.ask(token, question())).status, 401);
      assert.ok(fetches(house) - before <= 3);
    } finally {
      await close(house);
    }
  });

  // With a program built for it, this is where races would show: everything that is published to the
  // workers, at once, under load.
  test('with reloads and a flood at the same time', async (t) => {
    const house = await open();
    try {
      await house.ready();
      const crowd = new Crowd(house, () => house.token());
      const seconds = long ? 60 : 8;
      const flood = floods(house, seconds);
      const end = performance.now() + seconds * 1000;
      let reloads = 0;
      while (performance.now() < end) {
        const config = structuredClone(house.config) as any;
        reloads += 1;
        config.issuers[0].skew = `${60 + (reloads % 2)}s`; // a new generation
        config.issuers[0].header = reloads % 3 === 0 ? 'x-token' : undefined;
        if (reloads % 2 === 0)
          config.issuers.push({
            ...config.issuers[0],
            name: 'other',
            audiences: ['other'],
            header: undefined,
          });
        house.gateway.reload(config);
        if (reloads % 4 === 0) await house.tenant.rotate();
        await house.scrape('/metrics');
        await sleep(350);
      }
      await flood;
      await crowd.stop();
      const { 200: good, ...others } = crowd.statuses;
      assert.ok(good > 20, JSON.stringify(crowd.statuses));
      // Under a flood a key that was just published may have to wait for its interval.
      assert.deepEqual(
        Object.keys(others).filter((status) => status !== '401'),
        [],
      );
      t.diagnostic(`${reloads} reloads, ${JSON.stringify(crowd.statuses)}`);
    } finally {
      await close(house);
    }
  });
});
