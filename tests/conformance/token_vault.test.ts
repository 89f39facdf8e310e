// Where tokens rest on the person's machine, and where no secret may be.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { adasDesk, withDesk } from '../harness/adas_desk.ts';
import { filesUnder, leaks, type Place } from '../harness/canary.ts';
import { Desk } from '../harness/desk.ts';
import { binary } from '../harness/gateway.ts';
import { House } from '../harness/house.ts';

let house: House;
before(async () => {
  house = await House.open();
  await house.ready();
});
after(() => house?.close());

/** What a desk adds to its environment where libsystemd, which reads the key ring, does not load. */
const withoutLibsystemd = (desk: Desk) => {
  const folder = join(desk.directory, 'lib');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'libsystemd.so.0'), 'no library');
  return { LD_LIBRARY_PATH: folder };
};

/** The libraries that `sallyport token` loads. */
async function loaded(desk: Desk, env: Record<string, string> = {}): Promise<string> {
  const log = join(desk.directory, 'loaded');
  mkdirSync(log);
  await desk.run(['token'], { ...env, LD_DEBUG: 'files', LD_DEBUG_OUTPUT: join(log, 'by') });
  const all = filesUnder(log).map((file) => file.bytes.toString());
  rmSync(log, { recursive: true });
  return all.join('');
}

describe('the vault', () => {
  test("is the desktop's key ring where there is one", () =>
    withDesk(house, adasDesk(house, { keyRing: true, ended: true }), async (desk) => {
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
    withDesk(house, adasDesk(house, { keyRing: true }), async (desk) => {
      const secrets = 'org.freedesktop.secrets';
      const rings = 'array:objpath:/org/freedesktop/secrets/collection/login';
      const lock = ['/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.Lock', rings];
      const send = ['--session', '--print-reply', `--dest=${secrets}`, ...lock];
      execFileSync('dbus-send', send, { env: desk.env, timeout: 10_000 });
      for (const env of [{}, withoutLibsystemd(desk)]) {
        const locked = await desk.run(['token'], env as Record<string, string>);
        assert.equal(locked.code, 3, locked.stdout);
        assert.equal(locked.stdout, '');
        assert.match(locked.stderr, /key ring is locked\. Next: unlock it/);
      }
    }));

  test('is read by libsecret where libsystemd is not there, or does not take the address', () =>
    withDesk(house, adasDesk(house, { keyRing: true }), async (desk) => {
      const ours = await desk.run(['token']);
      assert.equal(ours.code, 0, ours.stderr);
      const bus = desk.env.DBUS_SESSION_BUS_ADDRESS;
      for (const env of [
        withoutLibsystemd(desk),
        { DBUS_SESSION_BUS_ADDRESS: `tcp:host=127.0.0.1,port=1;${bus}` },
      ]) {
        const theirs = await desk.run(['token'], env as Record<string, string>);
        assert.equal(theirs.code, 0, theirs.stderr);
        assert.equal(theirs.stdout, ours.stdout);
        assert.match(await loaded(desk, env as Record<string, string>), /libsecret/);
      }
      // An address in another spelling is the library's to understand.
      const spelt = { DBUS_SESSION_BUS_ADDRESS: bus.replace(/(unix:path=.*)\//, '$1%2f') };
      assert.equal((await desk.run(['token'], spelt)).stdout, ours.stdout);
      assert.doesNotMatch(await loaded(desk, spelt), /libsecret/);
    }));

  test('needs libsystemd for itself alone: all else starts and works without it', () =>
    withDesk(house, adasDesk(house), async (desk) => {
      const env = withoutLibsystemd(desk);
      assert.equal((await desk.run(['--version'], env)).code, 0);
      assert.equal((await desk.run(['token'], env)).code, 0);
      assert.doesNotMatch(await loaded(desk), /libsystemd/);
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
    withDesk(house, adasDesk(house), async (desk) => {
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
      const kept = await withDesk(house, adasDesk(house, { ended: true }), async (desk) => {
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
      return withDesk(house, made, async (desk) => {
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
