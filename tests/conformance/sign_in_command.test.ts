// `sallyport sign-in` beyond a person in a browser: which provider it asks, and machines.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exportJWK, importX509 } from 'jose';
import { Desk } from '../harness/desk.ts';
import { House, issuerConfig, question } from '../harness/house.ts';
import { clientId, scope, Tenant } from '../harness/tenant.ts';

let house: House;
before(async () => {
  house = await House.open();
  await house.ready();
});
after(() => house?.close());

describe('which identity provider', () => {
  test('has to be named where the gateway knows several', async () => {
    const second = await Tenant.open();
    const other = await House.open({
      change: (config) =>
        config.issuers.push({ ...issuerConfig(second), name: 'fabrikam', audiences: ['fabrikam'] }),
    });
    const desk = await Desk.open();
    try {
      await other.ready();
      const open = await desk.run(['sign-in', '--gateway', other.url]);
      assert.equal(open.code, 2);
      assert.match(
        open.stderr,
        /several identity providers\. Next: name one with --issuer: contoso, fabrikam\./,
      );
      const done = await desk.signInAtOnce(['--gateway', other.url, '--issuer', 'fabrikam']);
      assert.equal(JSON.parse(done.stdout).issuer, second.issuer);
    } finally {
      await desk.close();
      await other.close();
      await second.close();
    }
  });

  test('can be given without a gateway', async () => {
    const desk = await Desk.open();
    try {
      const done = await desk.signInAtOnce([
        '--issuer',
        house.tenant.issuer,
        '--client',
        clientId,
        '--scope',
        scope,
      ]);
      assert.equal(done.code, 0, done.stderr);
      const token = (await desk.run(['token'])).stdout.trim();
      assert.equal((await house.ask(token, question())).status, 200);
    } finally {
      await desk.close();
    }
  });

  test('is not asked of somebody who is no gateway', async () => {
    const desk = await Desk.open();
    const foreign = await desk.run(['sign-in', '--gateway', house.foundry.base]);
    assert.equal(foreign.code, 3);
    assert.match(foreign.stderr, /does not say how to sign in: it answers \d+\. Next: /);
    await desk.close();
  });

  test('stands in a document that everybody may read, where RFC 9728 puts it', async () => {
    const reply = await house.get('/.well-known/oauth-protected-resource', [
      ['Host', house.url.slice(7)],
    ]);
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.json, {
      resource: house.url,
      authorization_servers: [house.tenant.issuer],
      scopes_supported: [scope, 'offline_access'],
      bearer_methods_supported: ['header'],
      sallyport_sign_in: [
        {
          name: 'contoso',
          issuer: house.tenant.issuer,
          client: clientId,
          scopes: [scope, 'offline_access'],
          token: 'access_token',
        },
      ],
    });
  });
});

describe('a vault that does not work', () => {
  test('is found before a person signs in for nothing', async () => {
    const desk = await Desk.open();
    try {
      for (const [args, said] of [
        [['--passphrase-file', join(desk.directory, 'nowhere')], /cannot open .*nowhere/],
        [['--vault', 'desktop'], /no desktop session.*--vault kernel/],
      ] as const) {
        const done = await desk.run(['sign-in', '--gateway', house.url, ...args]);
        assert.notEqual(done.code, 0);
        assert.match(done.stderr, said);
        assert.doesNotMatch(done.stderr, /browser/);
      }
    } finally {
      await desk.close();
    }
  });
});

describe('a machine', () => {
  test('signs in with a secret, a certificate, or the token of its platform', async () => {
    const desk = await Desk.open();
    const file = (name: string) => join(desk.directory, name);
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        '/CN=ci',
        '-days',
        '1',
        '-keyout',
        file('ci.key'),
        '-out',
        file('ci.pem'),
      ],
      { stdio: 'ignore' },
    );
    const jwk = await exportJWK(await importX509(readFileSync(file('ci.pem'), 'utf8'), 'PS256'));
    const tenant = await Tenant.open();
    const machine = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] };
    tenant.machines = [
      {
        ...machine,
        client_id: 'ci-secret',
        client_secret: 'canary-secret-of-the-machine-0123456789',
        token_endpoint_auth_method: 'client_secret_post',
      },
      {
        ...machine,
        client_id: 'ci-certificate',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'PS256',
        jwks: { keys: [{ ...jwk, alg: 'PS256', use: 'sig' }] },
      },
    ];
    await tenant.stop();
    await tenant.start();
    const other = await House.open({
      tenant,
      change: (config) => {
        config.issuers[0].clients.push('ci-secret', 'ci-certificate');
        config.issuers[0].require = { roles: ['Claude.User'] };
        config.issuers[0].app_only = 'allow';
      },
    });
    try {
      await other.ready();
      writeFileSync(file('secret'), 'canary-secret-of-the-machine-0123456789\n', { mode: 0o600 });
      for (const [client, args] of [
        ['ci-secret', ['--client-secret-file', file('secret')]],
        ['ci-certificate', ['--certificate', file('ci.pem'), '--key', file('ci.key')]],
      ] as const) {
        const done = await desk.run([
          'sign-in',
          '--json',
          '--gateway',
          other.url,
          '--issuer',
          tenant.issuer,
          '--client',
          client,
          '--scope',
          scope,
          ...args,
        ]);
        assert.equal(done.code, 0, done.stderr);
        const token = await desk.run(['token']);
        assert.equal(token.code, 0, token.stderr);
        const reply = await other.ask(token.stdout.trim(), question());
        assert.equal(reply.status, 200, reply.body.toString() + other.gateway.stderr);
        assert.equal(JSON.parse((await desk.run(['whoami', '--json'])).stdout).kind, 'machine');
      }
      other.config.issuers[0].app_only = 'refuse';
      other.gateway.reload(other.config as never);
      await other.gateway.logged('config.reloaded');
      const token = (await desk.run(['token'])).stdout.trim();
      assert.equal((await other.ask(token, question())).status, 403);
      writeFileSync(file('wrong'), 'another-secret-than-the-machine-has\n', { mode: 0o600 });
      const wrong = await desk.run([
        'sign-in',
        '--gateway',
        other.url,
        '--issuer',
        tenant.issuer,
        '--client',
        'ci-secret',
        '--scope',
        scope,
        '--client-secret-file',
        file('wrong'),
      ]);
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /does not accept the client .*Next: /);
    } finally {
      await desk.close();
      await other.close();
      await tenant.close();
    }
  });
});
