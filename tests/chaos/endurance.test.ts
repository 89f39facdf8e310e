// Waves of traffic of every kind, and the gateway's memory after each: whole answers and streams,
// clients that leave or stand still, bad tokens, reloads, new keys. What one wave left behind and
// the next did not take up again would show as growth. In a long run
// thirty waves of a minute.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { sendEvents, stalls, textEvents, wellBehaved } from '../harness/answers.ts';
import { broken } from '../harness/forge.ts';
import { run } from '../harness/gateway.ts';
import { House, question, requestFields, streamQuestion } from '../harness/house.ts';
import { RawClient } from '../harness/raw_client.ts';
import { size } from '../harness/size.ts';

const long = size === 'long';
const waves = long ? 30 : 7;
const seconds = long ? 60 : 3;
const allowedMiB = long ? 6 : 4;

/** The process's share of memory, in MiB. */
function memory(pid: number): number {
  const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(pss?.[1]) / 1024;
}

function descriptors(house: House): Promise<number> {
  return house.scrape('/metrics').then((reply) => {
    const open = /^sallyport_connections (\d+)/m.exec(reply.body.toString());
    return Number(open?.[1]);
  });
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

async function wave(house: House, number: number, token: string): Promise<number> {
  const end = performance.now() + seconds * 1000;
  const going = () => performance.now() < end;
  let good = 0;

  const asks = async (n: number) => {
    const client = await house.connect();
    while (going()) {
      const length = n === 0 ? 200_000 : 100;
      const body = n % 2 === 0 ? question('claude-sonnet-5', { system: 'x'.repeat(length) }) : streamQuestion();
      const reply = await client.request('POST', '/v1/messages', requestFields(token), body);
      assert.ok(reply.status === 200 && reply.complete, reply.body.toString().slice(0, 300));
      good += 1;
    }
    client.close();
  };
  const leaves = async () => {
    while (going()) {
      const client = await house.connect();
      void client.request('POST', '/v1/messages', requestFields(token), streamQuestion()).catch(() => {});
      await sleep(4);
      client.socket.resetAndDestroy();
    }
  };
  const standsStill = async () => {
    const client = await house.connect();
    client.socket.pause();
    const path = '/v1/messages?large=1';
    void client.request('POST', path, requestFields(token), streamQuestion()).catch(() => {});
    await sleep(seconds * 900);
    client.close();
  };
  const knocks = async () => {
    const client = await RawClient.connect({ ...house.target, localAddress: '127.0.0.2' });
    for (let n = 0; going(); n += 1) {
      const fields: [string, string][] = [['Authorization', `Bearer ${broken(token, n)}`]];
      const reply = await client.request('GET', '/v1/models', fields);
      assert.ok([401, 429].includes(reply.status));
      await sleep(2);
    }
    client.close();
  };
  const reloads = async () => {
    const next = structuredClone(house.config);
    next.limits.verified_tokens = 1000 + (number % 3);
    next.issuers[0].skew = `${30 + (number % 2)}s`;
    await sleep(seconds * 300);
    house.gateway.reload(next);
    await house.gateway.logged('config.reloaded', { skip: number });
  };
  await Promise.all([
    ...[0, 1, 2, 3, 4, 5].map(asks),
    leaves(),
    standsStill(),
    standsStill(),
    knocks(),
    reloads(),
  ]);
  return good;
}

describe('wave after wave', () => {
  test('memory stays where it was, and the chains verify', async (context) => {
    const house = await House.open({
      foundry: { keep: false },
      change: (config) => (config.limits = { silence: '1s' }),
    });
    try {
      await house.ready();
      const answer = wellBehaved();
      let streams = 0;
      const words = textEvents('sonnet-prod', 'word '.repeat(40));
      house.foundry.answer = (call) => {
        if (!call.streaming) return answer(call);
        streams += 1;
        const large = call.head.start.includes('large');
        const events = large ? textEvents('sonnet-prod', 'x'.repeat(4 << 20)) : words;
        if (streams % 50 === 0) return stalls(Buffer.concat(events), 300)(call);
        return sendEvents(call, events);
      };
      const after: number[] = [];
      let good = 0;
      for (let number = 0; number < waves; number += 1) {
        if (number % 10 === 2) await house.tenant.rotate();
        good += await wave(house, number, await house.token());
        while ((await descriptors(house)) > 0) await sleep(20); // what was cut has been noticed
        after.push(memory(house.gateway.pid));
      }
      // The first waves fill what is kept for the next ones, up to the first change of keys.
      const settled = after.slice(Math.min(3, after.length - 2));
      const half = Math.floor(settled.length / 2);
      const growth = median(settled.slice(-half)) - median(settled.slice(0, half));
      context.diagnostic(`${good} answers; MiB after each wave: ${after.map((one) => one.toFixed(1)).join(' ')}`);
      assert.ok(growth < allowedMiB, `${growth.toFixed(1)} MiB more after ${waves} waves`);
      assert.ok(good > waves * 20, `${good} answers`);
      assert.equal(await house.gateway.stop(), 0);
      const verified = await run(['audit', 'verify', '--directory', house.auditDirectory]);
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    } finally {
      await house.close();
    }
  });
});
