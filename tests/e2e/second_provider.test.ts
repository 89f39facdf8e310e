// The same commands against Glewlwyd, a provider that is nothing like the tenant of the other
// tests: discovery, code with PKCE on a fixed port, refresh with rotation; and its ID
// token where a gateway wants that.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Desk } from '../harness/desk.ts';
import { freePort, Glewlwyd, isInstalled } from '../harness/glewlwyd.ts';
import { House } from '../harness/house.ts';
import type { Run } from '../harness/gateway.ts';

describe('with Glewlwyd', { skip: isInstalled ? false : 'glewlwyd is not installed' }, () => {
  let provider: Glewlwyd;
  let desk: Desk;
  let redirectPort: number;
  before(async () => {
    redirectPort = await freePort();
    provider = await Glewlwyd.open(`http://127.0.0.1:${redirectPort}/callback`, 2);
    desk = await Desk.open();
  });
  after(async () => {
    await desk?.close();
    await provider?.close();
  });

  async function signIn(args: string[]): Promise<Run> {
    const command = desk.start(['sign-in', '--json', ...args]);
    const [, event] = await command.said(/^(\{"event":"browser".*\})$/m);
    await provider.arrive(JSON.parse(event).url);
    return command.done;
  }

  test('a person signs in, and the sign-in is renewed with a new refresh token each time', async () => {
    const done = await signIn([
      ...['--issuer', provider.issuer, '--client', provider.clientId, '--scope', provider.scope],
      ...['--redirect-port', String(redirectPort)],
    ]);
    assert.equal(done.code, 0, done.stderr);
    const said = JSON.parse(done.stdout);
    assert.equal(said.issuer, provider.issuer);
    assert.equal(said.renewable, true);
    const tokens = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      await desk.tokenEnded();
      const token = await desk.run(['token']);
      assert.equal(token.code, 0, token.stderr);
      tokens.add(token.stdout);
    }
    assert.equal(tokens.size, 3);
  });

  test('the gateway tells the fixed port and that it wants the ID token, and that is what it gets', async () => {
    const house = await House.open({
      change: (config) => {
        config.issuers = [
          {
            name: 'second',
            issuer: provider.issuer,
            audiences: [provider.clientId],
            token: 'id_token',
            sign_in: {
              client: provider.clientId,
              scopes: ['openid', provider.scope],
              redirect_port: redirectPort,
            },
          },
        ];
      },
    });
    try {
      await house.ready();
      const done = await signIn(['--gateway', house.url]);
      assert.equal(done.code, 0, done.stderr);
      const token = await desk.run(['token']);
      assert.equal(token.code, 0, token.stderr);
      const claims = JSON.parse(Buffer.from(token.stdout.split('.')[1], 'base64url').toString());
      assert.equal(claims.iss, provider.issuer);
      assert.equal(claims.aud, provider.clientId, 'the ID token, not the access token');
      assert.equal(claims.login, 'ada');
    } finally {
      await house.close();
    }
  });
});
