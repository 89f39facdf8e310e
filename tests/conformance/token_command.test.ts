// `sallyport token` and its link `sallyport-token`: what Claude Desktop, Claude Code and curl may
// rely on. Vaults, renewal, sign-out, machines, and where no secret may be.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exportJWK, importX509 } from 'jose';
import { filesUnder, leaks, type Place } from '../harness/canary.ts';
import { Desk, Running } from '../harness/desk.ts';
import { binary } from '../harness/gateway.ts';
import { House, issuerConfig, question } from '../harness/house.ts';
import { clientId, scope, Tenant } from '../harness/tenant.ts';

let house: House;
before(async () => {
  house = await House.open();
  await house.ready();
});
after(() => house?.close());

/** A desk where Ada has signed in; her token has run out if `ended`. */
async function adasDesk(
  options: {
    keyRing?: boolean;
    ended?: boolean;
    args?: string[];
    env?: Record<string, string>;
  } = {},
): Promise<Desk> {
  const desk = await Desk.open({ keyRing: options.keyRing, env: options.env });
  try {
    house.tenant.tokenSeconds = options.ended ? 1 : 3600;
    const done = await desk.signInAtOnce(['--gateway', house.url, ...(options.args ?? [])]);
    house.tenant.tokenSeconds = 3600;
    assert.equal(done.code, 0, done.stderr);
    if (options.ended) await desk.tokenEnded();
    return desk;
  } catch (error) {
    await desk.close();
    throw error;
  }
}

async function withDesk<T>(made: Promise<Desk>, work: (desk: Desk) => Promise<T>): Promise<T> {
  const desk = await made;
  try {
    return await work(desk);
  } finally {
    house.tenant.intercept = undefined;
    await desk.close();
  }
}

/** The same session bus under a name that only libsecret understands. */
const byAnotherWay = (desk: Desk) =>
  desk.env.DBUS_SESSION_BUS_ADDRESS.replace(/(unix:path=.*)\//, '$1%2f');

const renewals = () => house.tenant.asked.get('/token') ?? 0;

describe('the credential helper', () => {
  test('prints a bare token without arguments, or JSON, and nothing else', () =>
    withDesk(adasDesk(), async (desk) => {
      const link = join(desk.directory, 'bin', 'sallyport-token');
      symlinkSync(binary, link);
      const bare = await new Running([], desk.env, link).done;
      assert.equal(bare.code, 0, bare.stderr);
      assert.match(bare.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      assert.equal(bare.stderr, '');
      const json = await new Running(['--json'], desk.env, link).done;
      assert.deepEqual(JSON.parse(json.stdout), { token: bare.stdout.trim() });
      assert.equal((await house.ask(bare.stdout.trim(), question())).status, 200);
    }));

  test('prints nothing on stdout and a sentence with the next step when nobody is signed in', async () => {
    const desk = await Desk.open();
    const none = await desk.run(['token']);
    assert.deepEqual(none, {
      code: 1,
      stdout: '',
      stderr: 'sallyport: nobody is signed in here. Next: run `sallyport sign-in --gateway URL`.\n',
    });
    assert.ok(!existsSync(desk.state), 'and makes no folder');
    await desk.close();
  });

  test('renews a token that has run out, and the refresh token is another one then', () =>
    withDesk(adasDesk({ ended: true }), async (desk) => {
      const before = renewals();
      for (let round = 1; round <= 3; round += 1) {
        const token = await desk.run(['token']);
        assert.equal(token.code, 0, token.stderr);
        assert.equal((await house.ask(token.stdout.trim(), question())).status, 200);
      }
      assert.equal(renewals() - before, 1);
    }));

  test('renews once when fifty ask at the same time', () =>
    withDesk(adasDesk({ ended: true }), async (desk) => {
      const before = renewals();
      const all = await Promise.all(Array.from({ length: 50 }, () => desk.run(['token'])));
      assert.deepEqual(
        all.filter((one) => one.code !== 0),
        [],
      );
      assert.equal(new Set(all.map((one) => one.stdout)).size, 1, 'all got the same token');
      assert.equal(renewals() - before, 1);
    }));

  test('says "sign in again" when the provider takes the sign-in no more, and asks it once a minute', () =>
    withDesk(adasDesk({ ended: true }), async (desk) => {
      house.tenant.forgetGrants();
      const before = renewals();
      const all = await Promise.all(Array.from({ length: 10 }, () => desk.run(['token'])));
      for (const one of all) {
        assert.equal(one.code, 1);
        assert.equal(one.stdout, '');
        assert.match(
          one.stderr,
          /does not take this sign-in any more.*Next: run `sallyport sign-in --gateway/,
        );
      }
      assert.equal(renewals() - before, 1);
      const who = await desk.run(['whoami']);
      assert.equal(who.code, 1);
      assert.match(
        who.stdout,
        /refused +the identity provider does not take this sign-in any more/,
      );
      assert.equal((await desk.signInAtOnce(['--gateway', house.url])).code, 0);
      assert.equal((await desk.run(['token'])).code, 0);
    }));

  for (const [what, status, body, code, words] of [
    [
      'a disabled account',
      400,
      {
        error: 'invalid_grant',
        error_description: 'AADSTS50057: The user account is disabled.',
        error_codes: [50057],
      },
      1,
      /your account is disabled/,
    ],
    [
      'Conditional Access',
      400,
      {
        error: 'invalid_grant',
        error_description: 'AADSTS53003: Access has been blocked.',
        error_codes: [53003],
      },
      1,
      /Conditional Access policy/,
    ],
    ['a provider in trouble', 503, 'Service Unavailable', 3, /has trouble at the moment/],
    ['a page instead of an answer', 200, '<html>proxy</html>', 3, /answer is not usable/],
  ] as const) {
    test(`tells of ${what}`, () =>
      withDesk(adasDesk({ ended: true }), async (desk) => {
        house.tenant.intercept = (path, res) => {
          if (path !== '/token') return false;
          res.writeHead(status, { 'content-type': 'application/json' });
          res.end(typeof body === 'string' ? body : JSON.stringify(body));
          return true;
        };
        const told = await desk.run(['token']);
        assert.equal(told.stdout, '');
        assert.match(told.stderr, words);
        assert.equal(told.code, code, told.stderr);
        house.tenant.intercept = undefined;
        if (code === 3)
          assert.equal((await desk.run(['token'])).code, 0, 'and all is well after it');
      }));
  }

  test('gives a token that still lives while the provider is away', () =>
    withDesk(adasDesk(), async (desk) => {
      house.tenant.tokenSeconds = 200; // within five minutes of its end, and more than half a minute
      assert.equal((await desk.signInAtOnce(['--gateway', house.url])).code, 0);
      await house.tenant.stop();
      try {
        assert.equal((await desk.run(['token'])).code, 0);
      } finally {
        await house.tenant.start();
      }
    }));

  test('ends within 20 seconds when the provider takes the connection and says nothing', () =>
    withDesk(adasDesk({ ended: true }), async (desk) => {
      house.tenant.intercept = (path) => path === '/token';
      const started = performance.now();
      const told = await desk.run(['token']);
      assert.ok(performance.now() - started < 20_000);
      assert.equal(told.code, 3);
      assert.equal(told.stdout, '');
      assert.match(told.stderr, /did not answer in time|Next: /);
    }));

  test('keeps to the gateway that is named', () =>
    withDesk(adasDesk(), async (desk) => {
      assert.equal((await desk.run(['token', '--gateway', `${house.url}/`])).code, 0);
      assert.equal((await desk.run(['token'], { SALLYPORT_GATEWAY: house.url })).code, 0);
      const other = await desk.run(['token', '--gateway', 'https://other.example']);
      assert.equal(other.code, 1);
      assert.match(other.stderr, /nobody is signed in to https:\/\/other\.example/);
      assert.equal((await desk.run(['token', '--gateway', 'http://other.example'])).code, 2);
    }));
});

describe('the time that it takes', () => {
  // The figure is 15 ms on a quiet machine; the test holds it to ten times that on any.
  for (const keyRing of [false, true]) {
    test(`from ${keyRing ? "the desktop's key ring" : 'a file'} is next to nothing`, (t) =>
      withDesk(adasDesk({ keyRing }), async (desk) => {
        const times: number[] = [];
        for (let round = 0; round < 40; round += 1) {
          const started = performance.now();
          const got = spawnSync(binary, ['token'], { env: desk.env });
          times.push(performance.now() - started);
          assert.equal(got.status, 0);
        }
        times.sort((a, b) => a - b);
        t.diagnostic(`least ${times[0].toFixed(1)} ms, median ${times[20].toFixed(1)} ms`);
        assert.ok(times[0] < 150, `${times[0]} ms`);
      }));
  }

  for (const keyRing of [false, true]) {
    const from = keyRing ? 'the key ring' : 'a file';
    test(`brings neither libcurl nor libsecret with it from ${from}`, () =>
      withDesk(adasDesk({ keyRing }), async (desk) => {
        const got = await desk.run(['token'], { LD_DEBUG: 'files', LD_DEBUG_OUTPUT: desk.opened });
        assert.equal(got.code, 0);
        const logs = filesUnder(desk.directory).filter((file) => file.name.includes('opened.'));
        const loaded = logs.map((file) => file.bytes.toString()).join('');
        assert.match(loaded, /libcrypto/);
        assert.doesNotMatch(loaded, /libcurl|libsecret|libglib|gnutls/);
      }));
  }
});

describe('signing out', () => {
  test('takes the refresh token back at the provider and forgets everything here', () =>
    withDesk(adasDesk(), async (desk) => {
      const files = () => readdirSync(desk.state).filter((name) => name.endsWith('.vault'));
      assert.equal(files().length, 1);
      const revoked = () => house.tenant.asked.get('/token/revocation') ?? 0;
      const before = revoked();
      const out = await desk.run(['sign-out', '--json']);
      assert.deepEqual(JSON.parse(out.stdout), { signed_out: true, revoked_at_provider: 'yes' });
      assert.equal(revoked() - before, 1);
      assert.deepEqual(files(), []);
      assert.equal((await desk.run(['token'])).code, 1);
      assert.equal((await desk.run(['sign-out'])).code, 1);
    }));

  test('signs out here when the provider is away, and says so', () =>
    withDesk(adasDesk(), async (desk) => {
      await house.tenant.stop();
      try {
        const out = await desk.run(['sign-out']);
        assert.equal(out.code, 0);
        assert.match(out.stdout, /^Signed out here\. At the identity provider: .*cannot reach/);
      } finally {
        await house.tenant.start();
      }
      assert.equal((await desk.run(['whoami'])).code, 1);
    }));
});

describe('the vault', () => {
  test("is the desktop's key ring where there is one", () =>
    withDesk(adasDesk({ keyRing: true, ended: true }), async (desk) => {
      const who = JSON.parse((await desk.run(['whoami', '--json'])).stdout);
      assert.equal(who.vault, 'desktop');
      const all = await Promise.all(Array.from({ length: 10 }, () => desk.run(['token'])));
      assert.deepEqual(
        all.filter((one) => one.code !== 0),
        [],
      );
      assert.equal(readdirSync(desk.state).filter((name) => name.endsWith('.vault')).length, 0);
      const rings = filesUnder(join(desk.directory, 'data', 'keyrings'));
      assert.ok(rings.length > 0);
      assert.deepEqual(leaks(rings, { token: all[0].stdout.trim() }), []);
      assert.equal((await desk.run(['token'], { DBUS_SESSION_BUS_ADDRESS: '' })).code, 3);
    }));

  test('that is locked is not unlocked by a window in the face of somebody', () =>
    withDesk(adasDesk({ keyRing: true }), async (desk) => {
      const secrets = 'org.freedesktop.secrets';
      const rings = 'array:objpath:/org/freedesktop/secrets/collection/login';
      const lock = ['/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.Lock', rings];
      const send = ['--session', '--print-reply', `--dest=${secrets}`, ...lock];
      execFileSync('dbus-send', send, { env: desk.env, timeout: 10_000 });
      for (const env of [{}, { DBUS_SESSION_BUS_ADDRESS: byAnotherWay(desk) }]) {
        const locked = await desk.run(['token'], env as Record<string, string>);
        assert.equal(locked.code, 3, locked.stdout);
        assert.equal(locked.stdout, '');
        assert.match(locked.stderr, /key ring is locked\. Next: unlock it/);
      }
    }));

  test('is read by libsecret where the bus has an address that we do not read', () =>
    withDesk(adasDesk({ keyRing: true }), async (desk) => {
      const ours = await desk.run(['token']);
      const theirs = await desk.run(['token'], { DBUS_SESSION_BUS_ADDRESS: byAnotherWay(desk) });
      assert.equal(theirs.code, 0, theirs.stderr);
      assert.equal(theirs.stdout, ours.stdout);
    }));

  test('is a file that a passphrase opens, of mode 0600, where one is given', async () => {
    const desk = await Desk.open();
    try {
      const file = join(desk.directory, 'passphrase');
      writeFileSync(file, 'correct horse battery staple\n', { mode: 0o600 });
      const args = ['--gateway', house.url, '--passphrase-file', file];
      const done = await desk.signInAtOnce(args);
      assert.equal(JSON.parse(done.stdout).vault, 'passphrase');
      const [name] = readdirSync(desk.state).filter((entry) => entry.endsWith('.vault'));
      assert.equal(statSync(join(desk.state, name)).mode & 0o777, 0o600);
      assert.equal(statSync(desk.state).mode & 0o777, 0o700);
      assert.equal((await desk.run(['token'])).code, 0);
    } finally {
      await desk.close();
    }
  });

  test('that was damaged says so, and a new sign-in mends it', () =>
    withDesk(adasDesk(), async (desk) => {
      const [name] = readdirSync(desk.state).filter((entry) => entry.endsWith('.vault'));
      const path = join(desk.state, name);
      const bytes = readFileSync(path);
      bytes[bytes.length - 20] ^= 1;
      writeFileSync(path, bytes);
      const broken = await desk.run(['token']);
      assert.equal(broken.code, 3);
      assert.match(broken.stderr, /does not open with this key\. Next: sign in again/);
      assert.equal((await desk.signInAtOnce(['--gateway', house.url])).code, 0);
      assert.equal((await desk.run(['token'])).code, 0);
    }));
});

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
        file('ci.pem'),
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

describe('no secret', () => {
  test('is in arguments, environments, files or what is printed: only in the vault, encrypted', async () => {
    const places: Place[] = [];
    const watch = setInterval(() => {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        for (const part of ['cmdline', 'environ']) {
          try {
            places.push({
              name: `/proc/${pid}/${part}`,
              bytes: readFileSync(`/proc/${pid}/${part}`),
            });
          } catch {
            // it has ended, or does not let itself be read
          }
        }
      }
    }, 3);
    const secrets: Record<string, string> = {};
    try {
      const kept = await withDesk(adasDesk({ ended: true }), async (desk) => {
        let seen = 0;
        house.tenant.issued = (tokens) => {
          seen += 1;
          for (const [name, value] of Object.entries(tokens)) secrets[`${name} ${seen}`] = value;
        };
        const said = [
          await desk.signInAtOnce(['--gateway', house.url]),
          await desk.run(['whoami']),
          await desk.run(['whoami', '--json']),
        ];
        house.tenant.tokenSeconds = 1;
        await desk.signInAtOnce(['--gateway', house.url]);
        house.tenant.tokenSeconds = 3600;
        await desk.tokenEnded();
        for (const one of await Promise.all(Array.from({ length: 20 }, () => desk.run(['token']))))
          assert.equal(one.code, 0);
        said.push(await desk.run(['token', '--gateway', 'https://other.example']));
        said.push(await desk.run(['sign-out', '--gateway', 'https://other.example']));
        const files = filesUnder(desk.directory);
        said.forEach((one, n) =>
          files.push({ name: `said ${n}`, bytes: Buffer.from(one.stdout + one.stderr) }),
        );
        return files;
      });
      clearInterval(watch);
      assert.ok(Object.keys(secrets).length >= 6, 'there is something to search for');
      assert.ok(
        places.some((place) => place.bytes.includes('--renew')),
        'the renewal was seen',
      );
      assert.ok(kept.some((place) => place.name.endsWith('.vault')));
      places.push(...kept, { name: 'gateway log', bytes: Buffer.from(house.gateway.stderr) });
      assert.deepEqual(leaks(places, secrets), []);
    } finally {
      clearInterval(watch);
      house.tenant.issued = undefined;
    }
  });

  test(
    'can be had from a core file or by a look into the memory',
    { skip: process.getuid?.() === 0 ? false : 'needs root, to be another user' },
    () => {
      const made = Desk.open();
      return withDesk(made, async (desk) => {
        const nobody = 65534;
        const passphrase = join(desk.directory, 'passphrase');
        writeFileSync(passphrase, 'correct horse\n');
        house.tenant.tokenSeconds = 1;
        const args = ['--gateway', house.url, '--passphrase-file', passphrase];
        assert.equal((await desk.signInAtOnce(args)).code, 0);
        house.tenant.tokenSeconds = 3600;
        await desk.tokenEnded();
        const program = join(desk.directory, 'sallyport');
        copyFileSync(binary, program);
        chmodSync(program, 0o755);
        execFileSync('chown', ['-R', `${nobody}`, desk.directory]);
        house.tenant.intercept = (path) => path === '/token'; // it waits, with the tokens in memory
        const options = { uid: nobody, gid: nobody, cwd: desk.directory, env: desk.env };
        const asking = spawn('/bin/sh', ['-c', `ulimit -c unlimited; exec ${program} token`], {
          ...options,
          stdio: 'ignore',
        });
        const ended = new Promise((resolve) => asking.on('close', resolve));
        const renewing = await until(() =>
          readdirSync('/proc')
            .filter((name) => /^\d+$/.test(name))
            .find((pid) => {
              try {
                return (
                  statSync(`/proc/${pid}`).isDirectory() &&
                  readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0--renew\0') &&
                  readFileSync(`/proc/${pid}/environ`, 'utf8').includes(desk.directory) &&
                  (house.tenant.asked.get('/token') ?? 0) > 0
                );
              } catch {
                return false;
              }
            }),
        );
        for (const pid of [String(asking.pid), renewing]) {
          for (const file of ['mem', 'environ', 'maps']) {
            const got = spawnSync(
              '/bin/sh',
              ['-c', `exec 3< /proc/${pid}/${file} && echo opened`],
              {
                uid: nobody,
                gid: nobody,
                encoding: 'utf8',
              },
            );
            assert.doesNotMatch(got.stdout, /opened/, `/proc/${pid}/${file} can be opened`);
          }
          process.kill(Number(pid), 'SIGABRT');
        }
        await ended;
        assert.deepEqual(
          readdirSync(desk.directory).filter((name) => name.startsWith('core')),
          [],
        );
      });
    },
  );
});

async function until<T>(found: () => T | undefined): Promise<T> {
  const end = performance.now() + 10_000;
  for (;;) {
    const value = found();
    if (value !== undefined) return value;
    if (performance.now() > end) throw new Error('it does not come to that');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
