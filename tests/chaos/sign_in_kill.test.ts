// `sallyport token` is killed at a random moment while it renews, as a client that has waited long
// enough does. Nobody may be signed out by that. Five kills, 25
// or 300, as the size of the run says.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Desk } from '../harness/desk.ts';
import { House } from '../harness/house.ts';
import { kills } from '../harness/size.ts';

/** The processes that renew a sign-in of this desk. */
function renewing(desk: Desk): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0--renew\0') &&
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(
            `XDG_STATE_HOME=${desk.env.XDG_STATE_HOME}`,
          )
        );
      } catch {
        return false;
      }
    });
}

describe('killed while renewing', () => {
  let house: House;
  let desk: Desk;
  before(async () => {
    house = await House.open();
    await house.ready();
    desk = await Desk.open();
    house.tenant.tokenSeconds = 1; // each call finds a token that has run out
    assert.equal((await desk.signInAtOnce(['--gateway', house.url])).code, 0);
  });
  after(async () => {
    await desk?.close();
    await house?.close();
  });

  test('the client that asked: a refresh token that works once only is not lost', async (t) => {
    let killed = 0;
    let within = 90; // ms: about as long as one takes on this machine
    let round = 0;
    for (; killed < kills; round += 1) {
      assert.ok(round < 10 * kills, `${killed} of ${round} were killed before they had ended`);
      await desk.tokenEnded();
      const began = performance.now();
      const asking = desk.start(['token']);
      const moment = Math.random() * within;
      const before = killed;
      const timer = setTimeout(() => {
        if (asking.process.exitCode === null && asking.process.kill('SIGKILL')) killed += 1;
      }, moment);
      await asking.done;
      clearTimeout(timer);
      if (killed === before) within = performance.now() - began;
      const next = await desk.run(['token']);
      assert.equal(next.code, 0, `round ${round}, killed after ${moment} ms: ${next.stderr}`);
    }
    t.diagnostic(`${killed} of ${round} were killed before they had ended`);
  });

  test('also the process that renews, where the provider takes a refresh token twice within a minute', async (t) => {
    house.tenant.reuseSeconds = 60; // as Okta, Auth0 and Entra ID do
    let killed = 0;
    await desk.tokenEnded();
    const began = performance.now();
    assert.equal((await desk.run(['token'])).code, 0);
    const within = performance.now() - began; // about as long as one takes on this machine
    let round = 0;
    for (; round < kills || killed === 0; round += 1) {
      assert.ok(round < 20 * kills, `no renewal was killed in ${round} rounds`);
      await desk.tokenEnded();
      const asking = desk.start(['token']);
      const moment = Math.random() * within;
      await new Promise((resolve) => setTimeout(resolve, moment));
      for (const pid of renewing(desk)) {
        try {
          process.kill(pid, 'SIGKILL');
          killed += 1;
        } catch {
          // it has just ended
        }
      }
      asking.process.kill('SIGKILL');
      await asking.done;
      const next = await desk.run(['token']);
      assert.equal(next.code, 0, `round ${round}, killed after ${moment} ms: ${next.stderr}`);
    }
    t.diagnostic(`${killed} renewals were killed in ${round} rounds`);
  });
});

describe('killed after the provider has taken the refresh token, and before its answer is stored', () => {
  let house: House;
  let desk: Desk;
  before(async () => {
    house = await House.open();
    await house.ready();
    desk = await Desk.open();
  });
  after(async () => {
    await desk?.close();
    await house?.close();
  });

  /** Signs in, and loses the answer of the first renewal at its worst moment. */
  async function interrupted(): Promise<void> {
    house.tenant.tokenSeconds = 1;
    assert.equal((await desk.signInAtOnce(['--gateway', house.url])).code, 0);
    await desk.tokenEnded();
    house.tenant.tokenSeconds = 3600;
    let killed = 0;
    house.tenant.issued = () => {
      for (const pid of renewing(desk)) {
        process.kill(pid, 'SIGKILL');
        killed += 1;
      }
    };
    const asking = await desk.run(['token']);
    house.tenant.issued = undefined;
    assert.equal(killed, 1, 'it was killed while it waited for the answer');
    assert.notEqual(asking.code, 0);
    assert.equal(asking.stdout, '');
  }

  test('nobody notices where the provider takes it again', async () => {
    house.tenant.reuseSeconds = 60;
    await interrupted();
    const next = await desk.run(['token']);
    assert.equal(next.code, 0, next.stderr);
    assert.match(next.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });

  test('the person is told why, and signs in again, where it does not', async () => {
    house.tenant.reuseSeconds = 0;
    await interrupted();
    const next = await desk.run(['token']);
    assert.equal(next.code, 1);
    assert.equal(next.stdout, '');
    assert.match(
      next.stderr,
      /renewal of [\d-]{10} [\d:]{8} UTC was interrupted .*Next: run `sallyport sign-in --gateway/,
    );
    assert.match((await desk.run(['whoami'])).stdout, /refused .*was interrupted/);
    assert.equal((await desk.signInAtOnce(['--gateway', house.url])).code, 0);
    assert.equal((await desk.run(['token'])).code, 0);
  });
});
