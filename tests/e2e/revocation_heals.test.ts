// What heals the sign-ins that were revoked where it is not `auth_time`: the time of issue, for
// issuers with `heal_by: iat`, and always for an application, which proves who it is each time.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../harness/gateway.ts';
import { House, question } from '../harness/house.ts';
import { refreshedAccessToken, signIn } from '../harness/sign_in.ts';
import { machineId, people, tenantId } from '../harness/tenant.ts';

/** Sign-ins are told apart by the second. */
const nextSecond = () => sleep(1050 - (Date.now() % 1000));

async function revoke(house: House, ...args: string[]): Promise<string> {
  const socket = join(house.directory, 'admin.sock');
  const done = await run(['revoke', ...args, '--json', '--socket', socket]);
  assert.equal(done.code, 0, done.stderr);
  return JSON.parse(done.stdout).revocations?.[0]?.id;
}

const statusOf = async (house: House, token: string) =>
  (await house.ask(token, question())).status;

describe('heal_by: iat', () => {
  let house: House;
  before(async () => {
    house = await House.open({ change: (config) => (config.issuers[0].heal_by = 'iat') });
    await house.ready();
  });
  after(() => house.close());

  test('lets a token in that was issued after the revocation, even by a silent refresh', async () => {
    const grace = await signIn(house.tenant, 'grace');
    assert.equal(await statusOf(house, grace.accessToken), 200);
    await nextSecond(); // or the sign-in could be of the revocation's own second
    const key = `contoso/${tenantId}/${people.grace.oid}`;
    const id = await revoke(house, 'sign-ins', key, '--reason', 'lost laptop');
    assert.equal(await statusOf(house, grace.accessToken), 401);
    await nextSecond();
    const renewed = await refreshedAccessToken(grace.config, grace.refreshToken);
    assert.equal(await statusOf(house, renewed.accessToken), 200);
    assert.equal(await statusOf(house, grace.accessToken), 401, 'the old token stays out');
    await revoke(house, 'lift', id);
    assert.equal(await statusOf(house, grace.accessToken), 200);
  });

  test('does not soften what holds until it is lifted', async () => {
    const id = await revoke(house, 'user', `contoso/${tenantId}/${people.grace.oid}`);
    await nextSecond();
    const again = await signIn(house.tenant, 'grace');
    assert.equal(await statusOf(house, again.accessToken), 401);
    await revoke(house, 'lift', id);
  });
});

describe('an application of its own, where heal_by is auth_time', () => {
  let house: House;
  before(async () => {
    house = await House.open({
      change: (config) => {
        config.issuers[0].clients.push('ci');
        config.issuers[0].require = { roles: ['Claude.User'] };
        config.issuers[0].app_only = 'allow';
      },
    });
    await house.ready();
  });
  after(() => house.close());

  /** A token as the provider gives it to a machine: it never has auth_time. */
  const machineToken = () =>
    house.tenant.mint('ada', {
      scp: undefined,
      name: undefined,
      preferred_username: undefined,
      groups: undefined,
      sid: undefined,
      ...house.tenant.machineClaims('ci'),
    });

  for (const [what, args] of [
    ['its own', ['sign-ins', `contoso/${tenantId}/${machineId}`]],
    ["everybody's", ['all']],
  ] as const) {
    test(`comes back with a token issued after ${what} sign-ins were revoked`, async () => {
      const token = await machineToken();
      assert.equal(await statusOf(house, token), 200);
      const id = await revoke(house, ...args);
      assert.equal(await statusOf(house, token), 401);
      await nextSecond();
      assert.equal(await statusOf(house, await machineToken()), 200);
      assert.equal(await statusOf(house, token), 401);
      const person = await house.tenant.mint('grace', { auth_time: undefined });
      assert.equal(
        await statusOf(house, person),
        args[0] === 'all' ? 401 : 200,
        'a person without auth_time does not come back by a fresh token',
      );
      await revoke(house, 'lift', id);
    });
  }

  test('stays out when it is revoked itself, or as a client', async () => {
    for (const args of [['user', `contoso/${tenantId}/${machineId}`], ['client', 'ci']]) {
      const id = await revoke(house, ...args);
      await nextSecond();
      assert.equal(await statusOf(house, await machineToken()), 401);
      assert.equal(await statusOf(house, await house.token()), 200, 'and nobody else');
      await revoke(house, 'lift', id);
    }
  });
});
