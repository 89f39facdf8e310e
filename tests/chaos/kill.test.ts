// kill -9 at random moments under load: every request that the provider received has its opened
// record, the chains verify after each restart, and what was running is closed as interrupted.
// Five kills, 25 or 300, as the size of the run says.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { sendEvents, textEvents, wellBehaved } from '../harness/answers.ts';
import { run } from '../harness/gateway.ts';
import { House, question, requestFields, streamQuestion } from '../harness/house.ts';
import { RawClient } from '../harness/raw_client.ts';
import { exchanges, readLines } from '../harness/records.ts';
import { bySize, kills } from '../harness/size.ts';

const withEach = Math.max(2, kills / 5);

for (const sync of ['100ms', 'each']) {
  const mine = sync === 'each' ? withEach : kills - withEach;
  test(
    `killed ${mine} times under load with sync ${sync}: nothing was sent without its record`,
    { timeout: bySize({ quick: 5, ci: 20, long: 55 }) * 60_000 },
    async () => {
      const house = await House.open({
        foundry: { keep: false },
        change: (config) => (config.audit.sync = sync),
      });
      const received = new Set<string>();
      const opened = new Set<string>();
      const known = new Set<string>();
      let answered = 0;
      try {
        house.foundry.seen = (call) => received.add(call.id);
        const whole = wellBehaved();
        house.foundry.answer = (call) =>
          call.streaming
            ? sendEvents(call, textEvents('sonnet-prod', 'word '.repeat(20)), 3)
            : whole(call);
        const token = await house.token();
        for (let round = 0; round < mine; round += 1) {
          if (round > 0) await house.start();
          await house.ready();
          const target = house.target;
          let running = true;
          const load = Promise.all(
            Array.from({ length: 12 }, async (_, n) => {
              const client = await RawClient.connect(target).catch(() => undefined);
              while (running && client && !client.closed) {
                const reply = await client
                  .request(
                    'POST',
                    '/v1/messages',
                    requestFields(token),
                    n % 3 ? question() : streamQuestion(),
                  )
                  .catch(() => undefined);
                if (reply?.complete) answered += 1;
              }
              client?.close();
            }),
          );
          await sleep(randomInt(5, 250));
          await house.gateway.kill();
          running = false;
          await load;
          // each start begins new files: those of earlier rounds have been read
          const lines = readLines(house.auditDirectory, (file) => !known.has(file));
          for (const line of lines) {
            known.add(line.file);
            if (line.type === 'opened') opened.add(line.id ?? '');
          }
          for (const id of received)
            assert.ok(
              opened.has(id),
              `round ${round}: ${id} reached the provider without its record`,
            );
          if (round % 10 !== 0 && mine > 25) continue; // all chains are verified again at the end
          const found = await run(['audit', 'verify', '--directory', house.auditDirectory]);
          if (found.code !== 0) {
            // requests that were open at the kill are closed by the next start, not before
            assert.match(
              `${found.stdout}${found.stderr}`,
              /open|running|interrupted/i,
              `round ${round}: ${found.stdout}${found.stderr}`,
            );
          }
        }
        await house.start();
        await house.ready();
        assert.equal(await house.gateway.stop(), 0);
        const found = await run(['audit', 'verify', '--directory', house.auditDirectory]);
        assert.equal(found.code, 0, `${found.stdout}${found.stderr}`);
        let interrupted = 0;
        for (const [id, { opened, closed }] of exchanges(readLines(house.auditDirectory))) {
          assert.ok(opened && closed, `${id} is not closed`);
          if (closed.outcome === 'interrupted') interrupted += 1;
        }
        assert.ok(
          received.size > mine * 5 && answered > mine,
          `${received.size} requests, ${answered} answers: too little load to mean anything`,
        );
        assert.ok(interrupted > 0, 'no request was running at any kill');
      } finally {
        await house.close();
      }
    },
  );
}
