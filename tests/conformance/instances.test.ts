// Which gateway of a machine is meant: by name, by its configuration, by its socket; and the list of
// all. /etc/sallyport, /run/sallyport and /var/lib/sallyport are those of a mount namespace of the
// test's own.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { binary, type Run, run, yaml } from '../harness/gateway.ts';
import { House, question } from '../harness/house.ts';

// Mounts that nobody else sees; who is not root is one in a namespace of users.
const space = ['unshare', process.getuid?.() === 0 ? '-m' : '-Urm'];
const mountable =
  spawnSync('unshare', [...space.slice(1), 'mount', '-t', 'tmpfs', 'none', '/run']).status === 0;
const skip = mountable ? false : 'needs a mount namespace';

const folders = ['/etc/sallyport', '/run/sallyport', '/var/lib/sallyport'];

/** A machine's folders, and the program as it runs among them. */
class Machine {
  readonly path: string;
  constructor(parent: string) {
    this.path = mkdtempSync(join(parent, 'machine-'));
    for (const folder of folders) this.folder(folder);
  }
  folder(path: string): void {
    mkdirSync(join(this.path, path), { recursive: true });
  }
  write(file: string, text: string): void {
    this.folder(dirname(file));
    writeFileSync(join(this.path, file), text);
  }
  words(args: string[]): string[] {
    const mounts = folders.map((folder) => {
      const above = dirname(folder);
      return `mount -t tmpfs none ${above} && mkdir ${folder} && mount --bind ${this.path}${folder} ${folder}`;
    });
    return [...space.slice(1), 'sh', '-c', `${mounts.join(' && ')} && exec "$0" "$@"`, binary, ...args];
  }
  run(...args: string[]): Run {
    const done = spawnSync(space[0] as string, this.words(args), { timeout: 30_000, env: {} });
    return {
      code: done.status ?? -1,
      stdout: done.stdout.toString(),
      stderr: done.stderr.toString(),
    };
  }
  list(): { code: number; instances: Map<string, any> } {
    const listed = this.run('instances', '--json');
    const rows = JSON.parse(listed.stdout).instances as any[];
    return { code: listed.code, instances: new Map(rows.map((row) => [row.instance ?? '-', row])) };
  }
}

describe('a gateway of a machine', { skip }, () => {
  let house: House;
  let machine: Machine;
  /** The house's configuration without the places of its socket, record and store. */
  let placeless: string;
  before(async () => {
    house = await House.open();
    await house.ready();
    await house.ask(await house.token(), question());
    const { audit, store, admin, ...rest } = house.config;
    placeless = yaml({ ...rest, audit: { sync: '100ms' } });
    machine = new Machine(house.directory);
  });
  after(() => house?.close());

  test('is found by its configuration as by its socket and its directory', async () => {
    const config = ['--config', house.gateway.configFile];
    const status = await run(['status', '--json', ...config]);
    assert.equal(status.code, 0, status.stderr);
    assert.equal(JSON.parse(status.stdout).pid, house.gateway.pid);
    assert.equal((await run(['revoke', 'list', ...config])).stdout, 'nothing is revoked\n');
    const shown = await run(['audit', 'show', '--json', ...config]);
    assert.equal(JSON.parse(shown.stdout).rows.length > 0, true, shown.stderr);
    assert.equal((await run(['audit', 'verify', ...config])).code, 0);
    assert.equal((await run(['config', 'check', ...config])).code, 0);
  });

  test('is found where its secrets may not be read', async () => {
    const file = join(house.directory, 'without-key.yaml');
    writeFileSync(file, yaml(house.config).replace(/\S*foundry-key/, '"${file:/nowhere/key'));
    assert.equal((await run(['config', 'check', file])).code, 2);
    const status = await run(['status', '--config', file]);
    assert.equal(status.code, 0, status.stderr);
  });

  test('is named in one way at a time, by a name that is one, in a file that says it rightly', async () => {
    const { configFile } = house.gateway;
    const socket = join(house.directory, 'admin.sock');
    const wrong = join(house.directory, 'wrong-places.yaml');
    writeFileSync(wrong, yaml(house.config).replace('socket:', 'sokket:'));
    const cases: [string[], RegExp][] = [
      [['status', '--config', configFile, '--socket', socket], /--(config|socket) excludes --/],
      [['status', '--instance', 'a', '--config', configFile], /--(config|instance) excludes --/],
      [['audit', 'show', '--config', configFile, '--directory', '/x'], /excludes/],
      [['config', 'check', configFile, '--instance', 'a'], /excludes/],
      [['gateway', '--instance', 'a', '--config', configFile], /excludes/],
      [['status', '--instance', '../x'], /no name of an instance.*small letters/],
      [['revoke', 'list', '--instance', 'Contoso'], /no name of an instance/],
      [['status', '--config', wrong], /admin\.sokket.*did you mean socket/],
      [['revoke', 'all', '--config', wrong], /admin\.sokket/],
      [['audit', 'verify', '--config', '/nowhere/x.yaml'], /\/nowhere\/x\.yaml/],
    ];
    for (const [args, says] of cases) {
      const found = await run(args);
      assert.equal(found.code, 2, `${args.join(' ')}: ${found.stdout}${found.stderr}`);
      assert.match(found.stderr, says);
    }
  });

  test('runs by its name, with all that is its own in the folders of its name', async () => {
    machine.write('/etc/sallyport/contoso-eu.yaml', placeless);
    machine.folder('/run/sallyport/contoso-eu');
    machine.folder('/var/lib/sallyport/contoso-eu');
    const gateway = spawn(
      space[0] as string,
      machine.words(['gateway', '--instance', 'contoso-eu', '--log', 'json']),
      { stdio: ['ignore', 'ignore', 'pipe'], env: {} },
    );
    let log = '';
    gateway.stderr.on('data', (bytes: Buffer) => (log += bytes));
    try {
      while (!log.includes('gateway.listening')) {
        assert.equal(gateway.exitCode, null, log);
        await once(gateway.stderr, 'data');
      }
      const socket = join(machine.path, '/run/sallyport/contoso-eu/admin.sock');
      const status = JSON.parse((await run(['status', '--socket', socket, '--json'])).stdout);
      assert.equal(status.configuration.path, '/etc/sallyport/contoso-eu.yaml');
      assert.equal(status.audit.directory, '/var/lib/sallyport/contoso-eu/audit');
      assert.ok(existsSync(join(machine.path, '/var/lib/sallyport/contoso-eu/state.db')));
      assert.equal(machine.run('revoke', 'list', '--instance', 'contoso-eu').code, 0);
      const verified = machine.run('audit', 'verify', '--instance', 'contoso-eu');
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
      const { instances } = machine.list();
      assert.equal(instances.get('contoso-eu').state, 'ready');
      assert.equal(instances.get('contoso-eu').pid, status.pid);
    } finally {
      gateway.kill('SIGTERM');
      assert.equal((await once(gateway, 'close'))[0], 0, log);
    }
    const stopped = machine.run('status', '--instance', 'contoso-eu');
    assert.equal(stopped.code, 3, stopped.stdout);
    rmSync(join(machine.path, '/etc/sallyport/contoso-eu.yaml'));
  });

  test('is listed, whether it is configured, runs, or both', async () => {
    const own = new Machine(house.directory);
    assert.deepEqual([own.list().code, own.list().instances.size], [0, 0]);
    assert.match(own.run('instances').stdout, /no gateway is configured in \/etc\/sallyport/);

    own.write('/etc/sallyport/default.yaml', yaml(house.config));
    let listed = own.list();
    assert.equal(listed.code, 0, 'all that is configured is ready');
    const ready = listed.instances.get('default');
    assert.deepEqual(
      [ready.state, ready.ready, ready.configured, ready.pid, ready.requests >= 1],
      ['ready', true, true, house.gateway.pid, true],
    );
    assert.equal(ready.configuration, '/etc/sallyport/default.yaml');
    assert.equal(ready.runs_with, house.gateway.configFile);
    assert.ok(ready.version && ready.uptime_s >= 0 && ready.started, JSON.stringify(ready));

    own.folder('/run/sallyport/stray');
    symlinkSync(join(house.directory, 'admin.sock'), join(own.path, '/run/sallyport/stray/admin.sock'));
    listed = own.list();
    assert.deepEqual([listed.code, listed.instances.get('stray').configured], [0, false]);

    own.write('/etc/sallyport/down.yaml', placeless);
    own.write('/etc/sallyport/Odd.yaml', placeless);
    own.write('/etc/sallyport/broken.yaml', 'admin: 7\n');
    listed = own.list();
    assert.equal(listed.code, 1, 'one is configured and does not run');
    const states = [...listed.instances].map(([name, row]) => `${name} ${row.state}`).sort();
    assert.deepEqual(states, ['- wrong', 'broken wrong', 'default ready', 'down stopped', 'stray ready']);
    const page = own.run('instances');
    assert.equal(page.code, 1);
    assert.match(page.stdout, /^INSTANCE +STATE +VERSION/);
    assert.match(page.stdout, /^down +stopped/m);
    assert.match(page.stdout, /Odd.* is no name of an instance\. Next: /);
  });

  test('that says nothing is not waited for longer than the others together', async () => {
    const own = new Machine(house.directory);
    const silent = net.createServer(() => {});
    for (let n = 0; n < 8; n += 1) {
      own.folder(`/run/sallyport/silent-${n}`);
      own.write(`/etc/sallyport/silent-${n}.yaml`, placeless);
    }
    const path = join(house.directory, 'silent.sock');
    silent.listen(path);
    await once(silent, 'listening');
    for (let n = 0; n < 8; n += 1) {
      symlinkSync(path, join(own.path, `/run/sallyport/silent-${n}/admin.sock`));
    }
    const begun = performance.now();
    const child = spawn(space[0] as string, own.words(['instances', '--json']), { env: {} });
    let out = '';
    child.stdout.on('data', (bytes: Buffer) => (out += bytes));
    const [code] = await once(child, 'close');
    assert.equal(code, 1, out);
    assert.ok(performance.now() - begun < 6_000, 'one after the other they would take eight seconds');
    for (const row of JSON.parse(out).instances) {
      assert.deepEqual([row.state, row.problem.code], ['unknown', 'status.timeout']);
    }
    silent.close();
  });

  test('of before instances had names is pointed to, and what it remembers is not left behind', () => {
    const own = new Machine(house.directory);
    own.folder('/run/sallyport/default');
    own.folder('/var/lib/sallyport/default');
    own.write('/etc/sallyport/sallyport.yaml', placeless);
    own.write('/var/lib/sallyport/state.db', '');
    own.folder('/var/lib/sallyport/audit');
    symlinkSync(join(house.directory, 'admin.sock'), join(own.path, '/run/sallyport/admin.sock'));
    const cases: [string[], number, RegExp][] = [
      [['status'], 3, /Next: .*--socket \/run\/sallyport\/admin\.sock/],
      [['revoke', 'list'], 3, /Next: .*--socket \/run\/sallyport\/admin\.sock/],
      [['audit', 'show'], 2, /Next: .*--directory \/var\/lib\/sallyport\/audit/],
      [['upstream', 'check'], 2, /Next: .*--config \/etc\/sallyport\/sallyport\.yaml/],
      [['gateway'], 2, /default\.yaml.*--instance sallyport/],
      [['config', 'check'], 2, /default\.yaml.*--instance sallyport/],
      [['gateway', '--instance', 'sallyport'], 2, /store:.*\/state\.db is there from before; move it/],
    ];
    for (const [args, code, says] of cases) {
      const found = own.run(...args);
      assert.equal(found.code, code, `${args.join(' ')}: ${found.stdout}${found.stderr}`);
      assert.match(found.stderr, says);
    }
  });
});
