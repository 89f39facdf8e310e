// The configuration: what is wrong is said with its place and the next step, and nothing starts.

import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Gateway, run, yaml } from '../harness/gateway.ts';
import { House } from '../harness/house.ts';
import { Tenant } from '../harness/tenant.ts';

describe('the configuration', () => {
  let house: House;
  let tenant: Tenant;
  let good: string;
  before(async () => {
    tenant = await Tenant.open();
    house = await House.open({ tenant, start: false });
    good = yaml(house.config);
  });
  after(async () => {
    await house.close();
    await tenant.close();
  });

  async function check(
    text: string,
  ): Promise<{ code: number; stdout: string; stderr: string; file: string }> {
    const file = join(house.directory, 'checked.yaml');
    writeFileSync(file, text);
    return { ...(await run(['config', 'check', file])), file };
  }

  test('a good one passes the check, and the key is not on the screen', async () => {
    const found = await check(good);
    assert.equal(found.code, 0, found.stderr);
    assert.match(found.stdout, /claude-sonnet-5/);
    assert.ok(!`${found.stdout}${found.stderr}`.includes(house.foundry.key));
    const asJson = await run(['config', 'check', '--json', found.file]);
    assert.equal(JSON.parse(asJson.stdout).ok, true);
  });

  const change = (from: string | RegExp, to: string) => {
    const changed = good.replace(from, to);
    assert.notEqual(changed, good, `${from} is not in the configuration`);
    return changed;
  };
  const bad: [what: string, text: () => string, says: RegExp][] = [
    [
      'an unknown key names its place and the nearest right one',
      () => change('upstreams:', 'upstream:'),
      /:\d+:\d+: .*upstream\b[\s\S]*upstreams/,
    ],
    [
      'an unknown key inside a list',
      () => change('audiences:', 'audience:'),
      /:\d+:\d+: .*audiences/,
    ],
    ['a key twice', () => `${good}store: "sqlite:/tmp/x"\n`, /:\d+:\d+: .*store/],
    ['a duration without its unit', () => change('sync: "100ms"', 'sync: 100'), /:\d+:\d+: .*sync/],
    ['a duration that is a word', () => change('sync: "100ms"', 'sync: soon'), /:\d+:\d+: .*sync/],
    [
      'a list where a text belongs',
      () => change(/issuer: .*/, 'issuer: [a, b]'),
      /:\d+:\d+: .*issuer/,
    ],
    ['no issuer at all', () => change(/issuers:[\s\S]*?(?=upstreams:)/, ''), /issuers/],
    [
      'an issuer over plain http elsewhere',
      () => change(/issuer: .*/, 'issuer: "http://login.contoso.example/v2.0"'),
      /https/,
    ],
    [
      'a provider over plain http elsewhere',
      () => change(/base_url: .*/, 'base_url: "http://foundry.contoso.example/anthropic"'),
      /https/,
    ],
    [
      'a listener without TLS on all addresses',
      () => change('address: "127.0.0.1:0"', 'address: "0.0.0.0:8443"'),
      /tls/i,
    ],
    [
      'a model on an upstream that is not there',
      () => change('foundry: sonnet-prod', 'foundary: sonnet-prod'),
      /foundry/,
    ],
    [
      'the same model twice',
      () => change('id: claude-opus-5', 'id: claude-sonnet-5'),
      /:\d+:\d+: .*models\[1\]/,
    ],
    [
      'the algorithm none',
      () => change('token: access_token', 'token: access_token\n    algorithms: [none]'),
      /algorithm/,
    ],
    [
      'the algorithm HS256',
      () => change('token: access_token', 'token: access_token\n    algorithms: [HS256]'),
      /algorithm/,
    ],
    [
      'a secret file that is not there',
      () => change(/\$\{file:[^}]*\}/, '${file:/nowhere/at/all}'),
      /\/nowhere\/at\/all/,
    ],
    [
      'a secret variable that is not set',
      () => change(/\$\{file:[^}]*\}/, '${env:SALLYPORT_NOT_SET}'),
      /SALLYPORT_NOT_SET/,
    ],
    [
      'policies, which are to come',
      () => `${good}policies:\n  - name: staff\n`,
      /not in this version/,
    ],
    [
      'a role that there is not',
      () => change('admin:', 'admin:\n  roles: {auditors: {groups: [security]}}'),
      /admin\.roles\.auditors.*did you mean auditor/,
    ],
    ['YAML that is none', () => `${good}\n  - : [}\n`, /:\d+:\d+/],
    ['nothing', () => '', /./],
    ['a list', () => '- a\n', /./],
    [
      'a bomb of aliases',
      () =>
        'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]\n',
      /./,
    ],
  ];
  for (const [what, text, says] of bad) {
    test(what, async () => {
      const found = await check(text());
      assert.equal(found.code, 2, `${found.stdout}${found.stderr}`);
      assert.match(`${found.stdout}${found.stderr}`, says);
      assert.ok(!`${found.stdout}${found.stderr}`.includes(house.foundry.key));
      const gateway = Gateway.spawn({ config: text(), directory: house.directory });
      assert.equal(await gateway.ended, 2, gateway.stderr);
      assert.match(gateway.stderr, says);
    });
  }

  test('every defect is reported at once', async () => {
    const found = await check(
      change('upstreams:', 'upstream:')
        .replace('audiences:', 'audience:')
        .replace('store:', 'sture:'),
    );
    const text = `${found.stdout}${found.stderr}`;
    for (const name of ['upstreams', 'audiences', 'store']) assert.match(text, new RegExp(name));
  });

  test('a file that is not there', async () => {
    const found = await run(['gateway', '--config', '/nowhere/sallyport.yaml']);
    assert.ok([2, 3].includes(found.code), String(found.code));
    assert.match(found.stderr, /\/nowhere\/sallyport.yaml/);
  });

  test('a port that is taken', async () => {
    const other = net.createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as net.AddressInfo;
    const gateway = Gateway.spawn({
      config: change('address: "127.0.0.1:0"', `address: "127.0.0.1:${port}"`),
      directory: house.directory,
    });
    assert.equal(await gateway.ended, 3, gateway.stderr);
    assert.match(gateway.stderr, new RegExp(`${port}.*(in use|taken)|(in use|taken).*${port}`));
    await new Promise((resolve) => other.close(resolve));
  });

  test('a port that another gateway has, although both would share it', async () => {
    await house.start();
    const again = Gateway.spawn({
      config: good
        .replace('address: "127.0.0.1:0"', `address: "127.0.0.1:${house.gateway.port}"`)
        .replaceAll(house.auditDirectory, `${house.auditDirectory}-2`)
        .replace('admin.sock', 'admin-2.sock')
        .replace('state.db', 'state-2.db'),
      directory: join(house.directory, 'again'),
    });
    assert.equal(await again.ended, 3, again.stderr);
    assert.equal(await house.gateway.stop(), 0);
  });

  test('a path of the local socket that is taken, by a gateway or by a file', async () => {
    await house.start();
    const start = (socket: string) =>
      Gateway.spawn({
        config: good
          .replaceAll(house.auditDirectory, `${house.auditDirectory}-3`)
          .replace(/[^ "]*admin\.sock/, socket)
          .replace('state.db', 'state-3.db'),
        directory: join(house.directory, 'again'),
      });
    const taken = start(join(house.directory, 'admin.sock'));
    assert.equal(await taken.ended, 3, taken.stderr);
    assert.match(taken.stderr, /another process answers at the socket .*admin\.sock.*another path/);
    const file = start(join(house.directory, 'foundry-key'));
    assert.equal(await file.ended, 3, file.stderr);
    assert.match(file.stderr, /foundry-key is there and is no socket.*another path/);
    assert.equal(await house.gateway.stop(), 0);
  });

  test('an audit directory that another gateway writes', async () => {
    await house.start();
    const again = Gateway.spawn({
      config: good.replace('admin.sock', 'admin-2.sock').replace('state.db', 'state-2.db'),
      directory: join(house.directory, 'again'),
    });
    assert.equal(await again.ended, 3, again.stderr);
    assert.match(again.stderr, /audit/);
    assert.equal(await house.gateway.stop(), 0);
  });

  test('a key file that cannot be read', async () => {
    const key = join(house.directory, 'foundry-key');
    const asOther = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}; // root reads all
    chmodSync(house.directory, 0o777);
    chmodSync(key, 0o000);
    const gateway = Gateway.spawn({ config: good, directory: house.directory, ...asOther });
    assert.ok([2, 3].includes(await gateway.ended), gateway.stderr);
    assert.match(gateway.stderr, /foundry-key/);
    chmodSync(key, 0o600);
  });

  test('a key file that is none: a folder, a link to nowhere, nothing at all', async () => {
    const folder = join(house.directory, 'a-folder');
    const link = join(house.directory, 'a-link');
    mkdirSync(folder);
    symlinkSync(join(house.directory, 'nowhere'), link);
    for (const path of [folder, link, join(house.directory, 'not-there')]) {
      const config = change(join(house.directory, 'foundry-key'), path);
      const gateway = Gateway.spawn({ config, directory: house.directory });
      assert.ok([2, 3].includes(await gateway.ended), gateway.stderr);
      assert.match(gateway.stderr, new RegExp(path), 'the file is named');
    }
  });

  test('a certificate that does not fit its key', async () => {
    const { Authority } = await import('../harness/certificates.ts');
    const authority = new Authority();
    const [one, two] = [authority.leaf('one'), authority.leaf('two')];
    const found = await check(
      change(
        'workers: 2',
        `workers: 2\n  tls:\n    certificate: ${one.certFile}\n    key: ${two.keyFile}`,
      ),
    );
    assert.equal(found.code, 2, found.stdout);
  });

  test('wrong usage', async () => {
    for (const args of [['gatewy'], ['gateway', '--confg', 'x'], ['config', 'check']]) {
      const found = await run(args);
      assert.equal(found.code, 2, `${args.join(' ')}: ${found.stderr}`);
      assert.notEqual(found.stderr, '');
    }
    assert.equal((await run(['--help'])).code, 0);
    rmSync(join(house.directory, 'again'), { recursive: true, force: true });
  });
});
