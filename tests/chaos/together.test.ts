// Everything at once: traffic of many kinds while the configuration is swapped again and again, the
// keys roll over, strangers knock and the metrics are read. Meant for checked builds as well (TSan).

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { sendEvents, textEvents, wellBehaved } from '../harness/answers.ts';
import { broken } from '../harness/forge.ts';
import { House, question, requestFields, streamQuestion } from '../harness/house.ts';
import { run } from '../harness/gateway.ts';
import { RawClient } from '../harness/raw_client.ts';
import { bySize } from '../harness/size.ts';

const seconds = bySize({ quick: 2, ci: 4, long: 60 });

describe('traffic, reloads, a new key and strangers together', () => {
  test('no good request is refused, and the chains verify', async () => {
    const house = await House.open({ change: (config) => (config.listen.workers = 4) });
    try {
      await house.ready();
      const answer = wellBehaved();
      house.foundry.answer = (call) =>
        call.streaming
          ? sendEvents(call, textEvents('sonnet-prod', 'word '.repeat(20)), 2)
          : answer(call);
      const tokens = await Promise.all(['ada', 'ada', 'ada'].map((name) => house.token(name)));
      const end = performance.now() + seconds * 1000;
      const going = () => performance.now() < end;
      const bad: string[] = [];
      let good = 0;

      const asks = async (n: number) => {
        const client = await house.connect();
        while (going()) {
          const body = n % 2 === 0 ? question() : streamQuestion();
          const fields = requestFields(tokens[n % tokens.length]);
          const reply = await client.request('POST', '/v1/messages', fields, body);
          if (reply.status === 200 && reply.complete) good += 1;
          else bad.push(`${reply.head.start} ${reply.body.toString().slice(0, 300)}`);
        }
        client.close();
      };
      const leaves = async () => {
        while (going()) {
          const client = await house.connect();
          const fields = requestFields(tokens[0]);
          void client.request('POST', '/v1/messages', fields, streamQuestion()).catch(() => {});
          await sleep(5);
          client.socket.resetAndDestroy();
        }
      };
      const knocks = async () => {
        const from = { ...house.target, localAddress: '127.0.0.2' };
        const client = await RawClient.connect(from);
        for (let n = 0; going(); n += 1) {
          const token = broken(tokens[0], n);
          const reply = await client.request('GET', '/v1/models', [
            ['Authorization', `Bearer ${token}`],
          ]);
          assert.ok([401, 429].includes(reply.status));
        }
        client.close();
      };
      const reloads = async () => {
        for (let n = 0; going(); n += 1) {
          const next = structuredClone(house.config);
          next.limits = { verified_tokens: 1000 + (n % 3) };
          next.audit.sync = ['each', '10s', '50ms'][n % 3];
          next.audit.segment_bytes = 65536 << (n % 3);
          next.issuers[0].skew = `${30 + (n % 2)}s`;
          if (n % 2 === 0) next.models.push({ id: 'another', deployments: { foundry: 'another' } });
          house.gateway.reload(next);
          await house.gateway.logged('config.reloaded', { skip: n });
        }
      };
      const watches = async () => {
        while (going()) {
          assert.equal((await house.scrape('/metrics')).status, 200);
          const socket = house.config.admin.socket as string;
          assert.equal((await run(['status', '--socket', socket])).code, 0);
        }
      };
      const rolls = async () => {
        await sleep(seconds * 300);
        await house.tenant.rotate();
        tokens[0] = await house.token();
      };
      await Promise.all([
        ...[0, 1, 2, 3, 4, 5, 6, 7].map(asks),
        leaves(),
        knocks(),
        reloads(),
        watches(),
        rolls(),
      ]);
      assert.deepEqual(bad, []);
      assert.ok(good > 50, `${good} answers`);
      assert.equal(await house.gateway.stop(), 0);
      const verified = await run(['audit', 'verify', '--directory', house.auditDirectory]);
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    } finally {
      await house.close();
    }
  });
});
