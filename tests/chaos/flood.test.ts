// Ten thousand bad tokens a second: people who are known go on, and neither memory nor disk nor log
// fills up. Once from another address, once from the very address of a good token that is cached;
// there the settings of the issuer change in the middle, so that the token has to be verified anew.

import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { Flood } from '../harness/flood.ts';
import { broken } from '../harness/forge.ts';
import { House, question, requestFields } from '../harness/house.ts';
import { memory } from '../harness/proc.ts';
import { ask } from '../harness/raw_client.ts';
import { readSide, written } from '../harness/records.ts';

const perSecond = 10_000;
const seconds = 10;

describe(`${perSecond} bad tokens a second for ${seconds} seconds`, () => {
  for (const [where, source] of [
    ['from another address', '127.0.0.2'],
    ['from the address of people whose tokens are known', '127.0.0.1'],
  ]) {
    test(where, { timeout: 120_000 }, async () => {
      const house = await House.open({ foundry: { keep: false } });
      try {
        await house.ready();
        const token = await house.token();
        const clients = await Promise.all([1, 2, 3, 4].map(() => house.connect())); // so that each worker has seen it
        for (const client of clients) {
          for (let n = 0; n < 3; n += 1) {
            assert.equal(
              (await client.request('POST', '/v1/messages', requestFields(token), question()))
                .status,
              200,
            );
          }
        }
        const tokens = Array.from({ length: 20_000 }, (_, n) => broken(token, n * 7919));
        const before = {
          memory: memory(house.gateway.pid),
          log: house.gateway.stderr.length,
          disk: diskUse(house),
        };
        const flood = new Flood({
          port: house.gateway.port,
          localAddress: source,
          tokens,
          perSecond,
        }).run(seconds);
        const waits: number[] = [];
        const end = performance.now() + seconds * 1000;
        let fresh = 0;
        let reloaded = false;
        while (performance.now() < end) {
          if (source === '127.0.0.1' && !reloaded && end - performance.now() < (seconds * 1000) / 2) {
            const config = structuredClone(house.config);
            config.issuers[0].skew = '61s';
            house.gateway.reload(config);
            await house.gateway.logged('config.reloaded');
            reloaded = true;
          }
          for (const client of clients) {
            const at = performance.now();
            const reply = await client.request(
              'POST',
              '/v1/messages',
              requestFields(token),
              question(),
            );
            waits.push(performance.now() - at);
            assert.equal(reply.status, 200, `a good request was refused: ${reply.body}`);
          }
          await sleep(10);
          if (source === '127.0.0.2' && waits.length % 100 === 0) {
            // a person who was never seen, from an address that did nothing wrong
            const reply = await ask(house.target, 'GET', '/v1/models', [
              ['Authorization', `Bearer ${await house.token('grace')}`],
            ]);
            assert.equal(reply.status, 200, `a new person was refused: ${reply.body}`);
            fresh += 1;
          }
        }
        const result = await flood;
        waits.sort((a, b) => a - b);
        const p99 = waits[Math.floor(waits.length * 0.99)];
        console.log(
          `  ${Math.round(result.answered / result.seconds)} refusals a second ${JSON.stringify(result.statuses)}, ${result.reconnects} reconnects; ` +
            `${waits.length} good requests, p50 ${waits[waits.length >> 1].toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; ${fresh} new people`,
        );
        assert.ok(
          result.answered >= perSecond * seconds * 0.9,
          `only ${result.answered} bad tokens were answered: too little to mean anything`,
        );
        assert.deepEqual(
          Object.keys(result.statuses).filter((status) => status !== '401' && status !== '429'),
          [],
        );
        assert.ok(
          (result.statuses['429'] ?? 0) > result.answered / 2,
          'past a hundred a second they are not even verified',
        );
        assert.ok(
          (result.statuses['401'] ?? 0) <= 100 * (seconds + 3),
          `${result.statuses['401']} were verified: the limit is one of all workers together`,
        );
        assert.ok(waits.length > 200 && p99 < 500, `p99 ${p99} ms over ${waits.length} requests`);
        const grown = memory(house.gateway.pid) - before.memory;
        assert.ok(grown < 32 << 20, `memory grew by ${grown}`);
        const logged = house.gateway.stderr.length - before.log;
        assert.ok(logged < 200_000, `${logged} bytes of log`);
        for (const client of clients) client.close();
        const disk = diskUse(house) - before.disk;
        assert.ok(
          disk < (1 << 20) + (waits.length + fresh) * 2048,
          `${disk} bytes of disk for ${waits.length} good requests`,
        );
        assert.equal(await house.gateway.stop(), 0);
        const lines = house.records().filter((line) => line.type === 'refused');
        assert.deepEqual(lines, [], 'a stranger writes nothing in the chains');
        const side = readSide(house.auditDirectory);
        const counted = side
          .filter((line) => line.source === source)
          .reduce((sum, line) => sum + line.count, 0);
        assert.ok(
          side.length < 50 && counted >= result.answered * 0.99,
          `${side.length} lines count ${counted} of ${result.answered}`,
        );
      } finally {
        await house.close();
      }
    });
  }
});

/** Bytes that were written: segments are made ready as zeros before. */
function diskUse(house: House): number {
  const names = readdirSync(house.directory, { recursive: true }) as string[];
  return names
    .map((name) => join(house.directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .reduce(
      (sum, path) => sum + (path.endsWith('.jsonl') ? written(path).length : statSync(path).size),
      0,
    );
}
