// A full disk: what is not recorded is not sent, and what was let in is recorded to its end.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sendEvents, textEvents, wellBehaved } from '../harness/answers.ts';
import { run } from '../harness/gateway.ts';
import { House, question, streamQuestion } from '../harness/house.ts';
import { readLines } from '../harness/records.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { value } from '../harness/wire.ts';

/** A small disk of its own, in memory. */
class SmallDisk {
  readonly path = mkdtempSync(join(tmpdir(), 'sallyport-disk-'));
  constructor(megabytes: number) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', this.path]);
  }
  get free(): number {
    const info = statfsSync(this.path);
    return info.bavail * info.bsize;
  }
  fill(): void {
    for (let n = 0; this.free > 0 && n < 4096; n += 1) {
      try {
        writeFileSync(join(this.path, `filler-${n}`), Buffer.alloc(Math.min(this.free, 8 << 20)));
      } catch {
        return; // full before the last byte: that is what was wanted
      }
    }
  }
  empty(): void {
    for (let n = 0; n < 4096; n += 1) {
      const file = join(this.path, `filler-${n}`);
      if (existsSync(file)) rmSync(file);
    }
  }
  close(): void {
    execFileSync('umount', [this.path]);
    rmSync(this.path, { recursive: true });
  }
}

function mountable(): string | false {
  if (process.getuid?.() !== 0) return 'needs root, to mount a small disk';
  try {
    new SmallDisk(1).close();
    return false;
  } catch {
    return 'mounting is not allowed here';
  }
}

const skip = mountable();

describe('a disk that is full', { skip }, () => {
  let disk: SmallDisk;
  before(() => {
    disk = new SmallDisk(400);
  });
  after(() => disk?.close());

  const open = (directory: string, workers = 1) =>
    House.open({
      change: (config) => {
        mkdirSync(directory, { recursive: true });
        config.audit.directory = directory;
        config.listen.workers = workers;
      },
    });

  test('before the start: it does not start, and says why', async () => {
    const directory = join(disk.path, 'audit-full');
    mkdirSync(directory);
    disk.fill();
    await assert.rejects(open(directory), (error: Error) => {
      assert.match(error.message, /ended with 3/);
      assert.match(error.message, /space|disk/i);
      return true;
    });
    disk.empty();
  });

  test('in the middle of an answer: it ends whole, its record is closed, the chain verifies', async () => {
    const directory = join(disk.path, 'audit-middle');
    const house = await open(directory);
    try {
      await house.ready();
      const token = await house.token();
      let release = () => {};
      const gate = new Promise<void>((resolve) => (release = resolve));
      const events = textEvents('sonnet-prod', 'to the very end');
      house.foundry.answer = async (call) => {
        await gate;
        await sendEvents(call, events);
      };
      const arrived = house.foundry.next();
      const running = house.ask(token, streamQuestion());
      const call = await arrived;
      disk.fill();
      release();
      const reply = await running;
      assert.ok(reply.complete && reply.body.includes('message_stop'));
      const end = performance.now() + 5000;
      const closed = () =>
        readLines(directory).find((line) => line.type === 'closed' && line.id === call.id);
      while (!closed() && performance.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(closed()?.outcome, 'complete');
    } finally {
      disk.empty();
      await house.close();
    }
    assert.equal((await run(['audit', 'verify', '--directory', directory])).code, 0);
  });

  test(
    'under load: requests that cannot be recorded get 503 and reach nobody; with room again, it goes on',
    { timeout: 180_000 },
    async () => {
      const directory = join(disk.path, 'audit-load');
      const house = await open(directory);
      try {
        await house.ready();
        const token = await house.token();
        house.foundry.answer = wellBehaved();
        disk.fill(); // the segments that were made ready are what is left
        const received = new Set<string>();
        house.foundry.requests.length = 0;
        house.foundry.seen = (call) => {
          received.add(call.id);
          house.foundry.requests.length = 0;
        };
        // tool names are recorded: they make the lines long and the segment short
        const body = question('claude-sonnet-5', {
          tools: Array.from({ length: 64 }, (_, n) => ({
            name: `tool_${n}_`.padEnd(64, 'x'),
            input_schema: {},
          })),
        });
        let refused = 0;
        let admitted = 0;
        await Promise.all(
          Array.from({ length: 16 }, async () => {
            let client = await house.connect();
            while (refused < 50) {
              if (client.closed) client = await house.connect();
              const reply = await client.request(
                'POST',
                '/v1/messages',
                [
                  ['Authorization', `Bearer ${token}`],
                  ['Content-Type', 'application/json'],
                ],
                body,
              );
              if (reply.status === 200) admitted += 1;
              else {
                assertRefusal(reply, 503);
                assert.ok(
                  !received.has(value(reply.head, 'x-request-id') ?? ''),
                  'a request without a record reached the provider',
                );
                refused += 1;
              }
            }
            client.close();
          }),
        );
        assert.ok(admitted > 100, `${admitted} were let in before the disk was full`);
        assert.equal((await house.get('/healthz')).status, 200);
        disk.empty();
        const end = performance.now() + 15_000;
        let status = 0;
        while (status !== 200 && performance.now() < end) {
          status = (await house.ask(token, question())).status;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        assert.equal(status, 200, 'it takes up its work when there is room again');
        assert.equal(await house.gateway.stop(), 0, house.gateway.stderr);
        const opened = new Set(
          readLines(directory)
            .filter((line) => line.type === 'opened')
            .map((line) => line.id),
        );
        for (const id of received) assert.ok(opened.has(id), `${id} was sent without its record`);
      } finally {
        disk.empty();
        await house.close();
      }
      assert.equal((await run(['audit', 'verify', '--directory', directory])).code, 0);
    },
  );
});
