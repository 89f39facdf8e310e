// From the sign-in at the identity provider to the first answer, with nothing minted by the test.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { refreshTokenGrant } from 'openid-client';
import { House, question } from '../harness/house.ts';
import { signIn } from '../harness/sign_in.ts';
import { people } from '../harness/tenant.ts';

describe('a person of the tenant', () => {
  let house: House;
  before(async () => {
    house = await House.open();
    await house.ready();
  });
  after(() => house.close());

  test('signs in by authorization code with PKCE and is admitted by name', async () => {
    const { accessToken } = await signIn(house.tenant, 'grace');
    const reply = await house.ask(accessToken, question());
    assert.equal(reply.status, 200, reply.body.toString());
    const { opened } = await house.closed(house.foundry.last.id);
    assert.ok(JSON.stringify(opened).includes(people.grace.oid));
    assert.ok(
      !JSON.stringify(opened).includes(people.grace.mail),
      'the chain holds no name or address',
    );
  });

  test('refreshes and is admitted again', async () => {
    const first = await signIn(house.tenant, 'ada');
    const next = await refreshTokenGrant(first.config, first.refreshToken);
    assert.notEqual(next.access_token, first.accessToken);
    assert.equal((await house.ask(next.access_token, question())).status, 200);
  });

  test('is refused with the ID token where the access token is wanted', async () => {
    const { idToken } = await signIn(house.tenant, 'ada');
    assert.equal((await house.ask(idToken, question())).status, 401);
  });

  test('is refused without the role, in words that say so', async () => {
    const { accessToken } = await signIn(house.tenant, 'mallory');
    const reply = await house.ask(accessToken, question());
    assert.equal(reply.status, 403);
    assert.equal(reply.json.error.type, 'permission_error');
    assert.match(reply.json.error.message, /\w+ .*\.$/);
  });
});
