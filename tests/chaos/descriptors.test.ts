// The process runs out of descriptors, or the kernel out of room to watch one: connections wait or
// are refused, the processor stays idle, one line says so, and it serves again afterwards.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { binary } from '../harness/gateway.ts';
import { House, question, requestFields } from '../harness/house.ts';
import { cpuSeconds } from '../harness/proc.ts';
import { RawClient } from '../harness/raw_client.ts';
import { assertRefusal } from '../harness/refusal.ts';

// UBSan's check of virtual tables probes memory through a pipe, and takes an object for none where no
// descriptor is left for one (compiler-rt, IsAccessibleMemoryRange).
const blind = binary.includes('/check/') && 'UBSan needs two descriptors to see';

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(what);
    await sleep(20);
  }
}

describe('no descriptor is left', () => {
  test('it waits without spinning, says so once, refuses what it cannot do, and recovers', { skip: blind }, async () => {
    const most = 96;
    const house = await House.open({
      gateway: { before: `ulimit -n ${most};` },
      change: (config) => (config.limits = { head: '60s', keep_alive: '60s', connect: '1s' }),
    });
    try {
      await house.ready();
      const token = await house.token();
      const early = await house.connect(); // has its descriptor, its provider has none
      const held: RawClient[] = [];
      const failed = () => house.gateway.log.filter((l) => l.event === 'connection.accept_failed');
      while (held.length < 2 * most && failed().length === 0) {
        held.push(await house.connect());
        if (held.length > most) await sleep(20); // the kernel takes them; the gateway cannot
      }
      await eventually('nothing was said', () => failed().length > 0);

      const reply = await early.request('POST', '/v1/messages', requestFields(token), question());
      assertRefusal(reply, 502);

      const before = cpuSeconds(house.gateway.pid);
      await sleep(2000); // long enough for a loop that spins to show itself
      const used = cpuSeconds(house.gateway.pid) - before;
      assert.ok(used < 0.4, `${used} s of processor time in two seconds of waiting`);
      assert.equal(failed().length, 1, 'one line a minute');

      for (const client of held) client.close();
      await eventually('it does not serve again', async () => {
        const after = await house.ask(token, question()).catch(() => undefined);
        return after?.status === 200;
      });
      const again = await early.request('POST', '/v1/messages', requestFields(token), question());
      assert.equal(again.status, 200);
      early.close();
      assert.equal(await house.gateway.stop(), 0);
    } finally {
      await house.close();
    }
  });
});

// A shared object that makes epoll_ctl say ENOSPC while a file exists: the limit itself
// (fs.epoll.max_user_watches) is one of the whole machine.
const shim = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
int epoll_ctl(int epfd, int op, int fd, struct epoll_event* event) {
  static int (*real)(int, int, int, struct epoll_event*);
  if (real == NULL) real = dlsym(RTLD_NEXT, "epoll_ctl");
  const char* file = getenv("NO_ROOM_WHILE");
  if (op == EPOLL_CTL_ADD && file != NULL && access(file, F_OK) == 0) {
    errno = ENOSPC;
    return -1;
  }
  return real(epfd, op, fd, event);
}
`;

describe('the kernel has no room to watch one more', () => {
  test('a connection is closed, a call to the provider is refused, and it goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-shim-'));
    const file = join(folder, 'no-room');
    const object = join(folder, 'shim.so');
    writeFileSync(join(folder, 'shim.c'), shim);
    execFileSync('clang-19', ['-shared', '-fPIC', '-o', object, join(folder, 'shim.c')]);
    const asan = { ASAN_OPTIONS: 'verify_asan_link_order=0' };
    const house = await House.open({
      gateway: { env: { LD_PRELOAD: object, NO_ROOM_WHILE: file, ...asan } },
    });
    try {
      await house.ready();
      const token = await house.token();
      const early = await house.connect();
      assert.equal((await early.request('GET', '/healthz', [])).status, 200);

      writeFileSync(file, '');
      const reply = await early.request('POST', '/v1/messages', requestFields(token), question());
      assertRefusal(reply, 502);
      for (let n = 0; n < 20; n += 1) {
        const client = await house.connect();
        await assert.rejects(client.request('GET', '/healthz', []));
      }
      assert.ok(house.gateway.running);
      await house.gateway.logged('connection.unwatched');
      const said = house.gateway.log.filter((line) => line.event === 'connection.unwatched');
      assert.equal(said.length, 1, 'one line a minute');

      rmSync(file);
      assert.equal((await house.ask(token, question())).status, 200);
      early.close();
      assert.equal(await house.gateway.stop(), 0);
    } finally {
      await house.close();
      rmSync(folder, { recursive: true });
    }
  });
});
