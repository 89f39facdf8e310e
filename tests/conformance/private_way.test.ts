// The way to the identity provider leads through a corporate proxy and a private authority: discovery
// and keys, and the tokens that the gateway gets for itself. Whoever is not certified gets no request,
// the proxy sees no more than names, and neither opens a way to addresses that nobody may make us ask.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { publicPart, Rogue, Smith } from '../harness/smith.ts';
import { rogueKeys } from '../harness/attack_bench.ts';
import { AzureIdentity, gatewayClient, gatewayTenant } from '../harness/azure_identity.ts';
import { Authority } from '../harness/certificates.ts';
import { ConnectProxy } from '../harness/connect_proxy.ts';
import { run } from '../harness/gateway.ts';
import { House, question } from '../harness/house.ts';
import { Tenant } from '../harness/tenant.ts';
import { value } from '../harness/wire.ts';

const authority = new Authority();
const stranger = new Authority('Somebody Else');
const work = mkdtempSync(join(tmpdir(), 'sallyport-way-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

/** Somebody who should never be asked; `asked` counts those who do it all the same. */
class Bystander {
  asked = 0;
  private readonly server = http.createServer((_, res) => {
    this.asked += 1;
    res.end('{}');
  });
  static async open(): Promise<Bystander> {
    const one = new Bystander();
    await new Promise<void>((resolve) => one.server.listen(0, '127.0.0.1', resolve));
    return one;
  }
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/keys`;
  }
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function status(house: House): Promise<any> {
  const got = await run(['status', '--socket', join(house.directory, 'admin.sock'), '--json']);
  return JSON.parse(got.stdout);
}

describe('the way to discovery and keys', () => {
  let tenant: Tenant;
  let proxy: ConnectProxy;
  before(async () => {
    tenant = await Tenant.open();
    proxy = await ConnectProxy.open();
  });
  after(async () => {
    await proxy.close();
    await tenant.close();
  });

  /** A house whose issuer has TLS by this authority and is told of by these keys. */
  async function withIssuer(
    block: object,
    then: (house: House, issuer: Rogue, token: () => string) => Promise<void>,
    options: { by?: Authority; names?: string[]; env?: Record<string, string> } = {},
    prepare: (issuer: Rogue) => void = () => {},
  ): Promise<void> {
    const issuer = await Rogue.open((options.by ?? authority).leaf('issuer', options.names));
    issuer.keys = [{ ...publicPart(rogueKeys.free), kid: 'free' }];
    prepare(issuer);
    proxy.tunnels.length = proxy.heads.length = 0;
    const smith = new Smith(rogueKeys.free);
    const token = () =>
      smith.token(
        { alg: 'RS256', kid: 'free', typ: 'JWT' },
        { ...tenant.claims('ada'), iss: issuer.issuer, tid: issuer.tenantId },
      );
    const house = await House.open({
      tenant,
      change: (config) => Object.assign(config.issuers[0], { issuer: issuer.issuer }, block),
      gateway: { env: options.env },
    });
    try {
      await then(house, issuer, token);
    } finally {
      await house.close();
      await issuer.close();
    }
  }
  async function admitted(house: House, token: string): Promise<void> {
    await house.ready();
    const reply = await house.ask(token, question());
    assert.equal(reply.status, 200, reply.body.toString());
  }
  /** Nobody is let in, and the log, the record's status and the person are told why. */
  async function shutOut(house: House, issuer: Rogue, token: string, why: RegExp): Promise<void> {
    const events = ['keys.fetch_failed', 'keys.rejected'];
    const line = await Promise.any(events.map((event) => house.gateway.logged(event)));
    assert.match(String(line.message), why);
    const reply = await house.ask(token, question());
    assert.equal(reply.status, 503, reply.body.toString());
    assert.equal(house.foundry.requests.length, 0);
    assert.equal(issuer.keyFetches, 0, 'its keys were asked for');
    const shown = (await status(house)).issuers[0];
    assert.equal(shown.ready, false);
    assert.match(shown.problem, why);
  }

  test('is direct where no proxy is named, to a provider of the private authority', async () => {
    await withIssuer({ ca_file: authority.caFile }, async (house, _, token) => {
      await admitted(house, token());
      assert.deepEqual(proxy.heads, []);
    });
  });

  test('is refused to a provider that nobody certified, that another authority certified, or under another name', async () => {
    const untrusted = /fetch\.tls|no trusted TLS connection/;
    await withIssuer({}, (house, issuer, token) => shutOut(house, issuer, token(), untrusted));
    await withIssuer(
      { ca_file: authority.caFile },
      (house, issuer, token) => shutOut(house, issuer, token(), untrusted),
      { by: stranger },
    );
    await withIssuer(
      { ca_file: authority.caFile, proxy: proxy.url },
      (house, issuer, token) => shutOut(house, issuer, token(), untrusted),
      { names: ['DNS:login.example'] },
    );
  });

  test('leads through the proxy, which sees the name and nothing else', async () => {
    const block = { ca_file: authority.caFile, proxy: proxy.url };
    await withIssuer(block, async (house, issuer, token) => {
      await admitted(house, token());
      const where = new URL(issuer.origin).host;
      assert.ok(proxy.tunnels.length >= 1 && proxy.tunnels.every((one) => one === where));
      assert.ok(!/openid|keys|authorization/i.test(proxy.heads.join('')), proxy.heads.join(''));
    });
  });

  test("leads through the environment's proxy where none is configured", async () => {
    const block = { ca_file: authority.caFile };
    await withIssuer(
      block,
      async (house, issuer, token) => {
        await admitted(house, token());
        assert.equal(proxy.tunnels[0], new URL(issuer.origin).host);
      },
      { env: { https_proxy: proxy.url } },
    );
  });

  test('closed by the proxy shuts nobody out whose keys are known, and a mended one is taken at the reload', async () => {
    const block = { ca_file: authority.caFile, proxy: proxy.url, key_refresh: '12s' };
    // Closed before the gateway starts: it asks as soon as it runs, and a fetch may be over before a test
    // that has waited for its start can close anything.
    const close = () => void (proxy.refuse = 'HTTP/1.1 407 Proxy Authentication Required');
    const then = async (house: House, issuer: Rogue, token: () => string) => {
      try {
        await house.gateway.logged('keys.fetch_failed');
        assert.equal((await house.ask(token(), question())).status, 503);
        assert.equal(issuer.keyFetches, 0);
        proxy.refuse = undefined;
        house.gateway.reload(house.config as any);
        await admitted(house, token());
        // and once more, with keys: a new key has to wait, those that are known do not
        proxy.refuse = 'HTTP/1.1 502 Bad Gateway';
        issuer.hangUp();
        issuer.keys.push({ ...publicPart(rogueKeys.ps512), kid: 'new' });
        const claims = { ...tenant.claims('ada'), iss: issuer.issuer, tid: issuer.tenantId };
        const header = { alg: 'RS256', kid: 'new', typ: 'JWT' };
        const fresh = new Smith(rogueKeys.ps512).token(header, claims);
        assert.equal((await house.ask(fresh, question())).status, 401);
        assert.equal((await house.ask(token(), question())).status, 200);
        proxy.refuse = undefined;
        const end = performance.now() + 15_000;
        while ((await house.ask(fresh, question())).status !== 200)
          assert.ok(performance.now() < end, 'the new key never came');
      } finally {
        proxy.refuse = undefined;
      }
    };
    await withIssuer(block, then, {}, close);
  });

  test('trusts an authority that is exchanged in its file at the reload, and the old one no more', async () => {
    const file = join(work, 'issuer-ca.pem');
    writeFileSync(file, stranger.ca);
    await withIssuer({ ca_file: file }, async (house, its, token) => {
      await shutOut(house, its, token(), /no trusted TLS connection/);
      writeFileSync(file, authority.ca);
      house.gateway.reload(house.config as any);
      await admitted(house, token());
      writeFileSync(file, stranger.ca);
      // An issuer of another name is a new source: it is asked on a connection of its own.
      const next = await Rogue.open(authority.leaf('next'));
      const config = structuredClone(house.config);
      config.issuers.push({ ...config.issuers[0], name: 'next', issuer: next.issuer });
      const failures = house.gateway.log.filter((line) => line.event === 'keys.fetch_failed').length;
      house.gateway.reload(config as any);
      const failed = await house.gateway.logged('keys.fetch_failed', { skip: failures });
      assert.equal(failed.issuer, 'next');
      assert.match(String(failed.message), /no trusted TLS connection/);
      assert.equal(next.keyFetches, 0);
      await next.close();
    });
  });

  test('never leads to where a document or a redirect points: the metadata service, plain http, a bystander', async () => {
    const bystander = await Bystander.open();
    try {
      for (const [what, prepare, why] of [
        ['link-local', (one) => (one.keysUrl = 'https://169.254.169.254/keys'), /link-local/],
        ['in IPv6', (one) => (one.keysUrl = 'https://[fd00:ec2::254]/keys'), /link-local/],
        ['in one number', (one) => (one.keysUrl = 'https://2852039166/keys'), /not a usual way/],
        ['plain http', (one) => (one.keysUrl = bystander.url), /is not an https address/],
        ['a file', (one) => (one.keysUrl = 'file:///etc/passwd'), /is not an https address/],
        [
          'a redirect',
          (one) =>
            (one.answerKeys = (res) => {
              one.keyFetches = 0; // what counts is who else is asked
              res.writeHead(302, { location: bystander.url }).end();
            }),
          /redirect/,
        ],
      ] as [string, (issuer: Rogue) => void, RegExp][]) {
        for (const by of [undefined, proxy.url]) {
          await withIssuer(
            { ca_file: authority.caFile, proxy: by },
            async (house, issuer, token) => {
              await shutOut(house, issuer, token(), why);
              const others = proxy.tunnels.filter((one) => one !== new URL(issuer.origin).host);
              assert.deepEqual(others, [], what);
            },
            {},
            prepare,
          );
        }
      }
      assert.equal(bystander.asked, 0);
    } finally {
      await bystander.close();
    }
  });
});

describe("the way to Entra for the gateway's own token", () => {
  let tenant: Tenant;
  let proxy: ConnectProxy;
  before(async () => {
    tenant = await Tenant.open();
    proxy = await ConnectProxy.open();
  });
  after(async () => {
    await proxy.close();
    await tenant.close();
  });

  const certificate = join(work, 'app.pem');
  const key = join(work, 'app.key');
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '90', '-subj', '/CN=gateway'].concat(
      ['-keyout', key, '-out', certificate],
    ),
    { stdio: 'ignore' },
  );
  const federated = join(work, 'federated');
  writeFileSync(federated, 'service.account.token-of-the-cluster');

  const kinds: Record<string, (entra: AzureIdentity, way: object) => [object, Record<string, string>]> =
    {
      client_secret: (entra, way) => {
        const file = join(work, 'secret');
        writeFileSync(file, entra.secret, { mode: 0o600 });
        const secret = `\${file:${file}}`;
        return [
          { client_secret: { tenant: gatewayTenant, client_id: gatewayClient, authority: entra.origin, secret }, ...way },
          {},
        ];
      },
      client_certificate: (entra, way) => {
        entra.certificate = readFileSync(certificate, 'utf8');
        return [
          {
            client_certificate: { tenant: gatewayTenant, client_id: gatewayClient, authority: entra.origin, certificate, key },
            ...way,
          },
          {},
        ];
      },
      workload_identity: (entra, way) => {
        entra.federatedToken = readFileSync(federated, 'utf8');
        return [
          { workload_identity: { client_id: gatewayClient }, ...way },
          entra.clusterEnv(federated),
        ];
      },
    };

  async function withEntra(
    kind: string,
    way: object,
    then: (house: House, entra: AzureIdentity, env: Record<string, string>) => Promise<void>,
    options: { by?: Authority; names?: string[]; env?: Record<string, string> } = {},
    prepare: (entra: AzureIdentity) => void = () => {},
  ): Promise<void> {
    const entra = await AzureIdentity.open((options.by ?? authority).leaf('entra', options.names));
    prepare(entra);
    proxy.tunnels.length = proxy.heads.length = 0;
    const [credential, variables] = kinds[kind](entra, way);
    const env = { ...variables, ...options.env };
    let house: House | undefined;
    try {
      house = await House.open({
        tenant,
        foundry: { bearer: (token) => entra.takes(token) },
        change: (config) => (config.upstreams[0].credential = credential),
        gateway: { env },
      });
      await then(house, entra, env);
    } finally {
      await house?.close();
      await entra.close();
    }
  }
  async function served(house: House, entra: AzureIdentity): Promise<void> {
    await house.ready();
    const reply = await house.ask(await tenant.mint('ada'), question());
    assert.equal(reply.status, 200, reply.body.toString());
    assert.equal(value(house.foundry.last.head, 'authorization'), `Bearer ${entra.issued.at(-1)}`);
    assert.deepEqual(entra.wrong, []);
  }
  async function unserved(house: House, entra: AzureIdentity, why: RegExp): Promise<void> {
    const line = await house.gateway.logged('credential.fetch_failed');
    assert.match(String(line.message), why);
    assert.equal(entra.requests.length, 0, 'a secret was sent');
    await house.gateway.logged('keys.changed');
    const reply = await house.ask(await tenant.mint('ada'), question());
    assert.equal(reply.status, 503);
    assert.equal(house.foundry.requests.length, 0);
  }

  for (const kind of Object.keys(kinds)) {
    test(`is tunnelled for ${kind}: the proxy sees the name, not the secret, the assertion or the token`, async () => {
      const way = { ca_file: authority.caFile, proxy: proxy.url };
      await withEntra(kind, way, async (house, entra, env) => {
        await served(house, entra);
        assert.deepEqual(proxy.tunnels, [new URL(entra.origin).host]);
        const heads = proxy.heads.join('');
        const words = [entra.secret, 'client_', 'assertion', 'oauth2', entra.issued[0].slice(-40)];
        for (const word of words) assert.ok(!heads.includes(word), heads);
        const found = await run(
          ['upstream', 'check', '--config', house.gateway.configFile, '--json'],
          { env },
        );
        assert.equal(found.code, 0, found.stdout + found.stderr);
        assert.equal(proxy.tunnels.length, 2);
      });
    });
  }

  test('sends no secret to an Entra that nobody certified, that another authority certified, or under another name', async () => {
    const untrusted = /no trusted TLS connection/;
    for (const kind of Object.keys(kinds)) {
      await withEntra(kind, {}, (house, entra) => unserved(house, entra, untrusted));
      await withEntra(
        kind,
        { ca_file: authority.caFile, proxy: proxy.url },
        (house, entra) => unserved(house, entra, untrusted),
        { by: stranger },
      );
    }
    await withEntra(
      'client_secret',
      { ca_file: authority.caFile },
      (house, entra) => unserved(house, entra, untrusted),
      { names: ['DNS:login.example'] },
    );
  });

  test('takes a mended authority and a mended proxy at the reload', async () => {
    const file = join(work, 'entra-ca.pem');
    writeFileSync(file, stranger.ca);
    await withEntra(
      'client_secret',
      { ca_file: file, proxy: proxy.url },
      async (house, entra) => {
        await unserved(house, entra, /no trusted TLS connection/);
        writeFileSync(file, authority.ca);
        house.gateway.reload(house.config as any);
        await served(house, entra);
        proxy.refuse = 'HTTP/1.1 407 Proxy Authentication Required';
        try {
          const config = structuredClone(house.config);
          config.upstreams[0].credential.ca_file = authority.caFile; // asks anew, through the proxy
          const failures = house.gateway.log.filter((one) => one.event === 'credential.fetch_failed');
          house.gateway.reload(config as any);
          await house.gateway.logged('credential.fetch_failed', { skip: failures.length });
        } finally {
          proxy.refuse = undefined;
        }
        await served(house, entra); // the old one is kept
        await house.gateway.logged('credential.recovered', { skip: 1, timeout: 15_000 });
      },
    );
  });

  test('follows no redirect of Entra: the secret goes nowhere else', async () => {
    const bystander = await Bystander.open();
    try {
      for (const status of [301, 302, 307, 308]) {
        await withEntra(
          'client_secret',
          { ca_file: authority.caFile, proxy: proxy.url },
          async (house, entra) => {
            const line = await house.gateway.logged('credential.fetch_failed');
            assert.match(String(line.message), /redirect/);
            assert.deepEqual(new Set(proxy.tunnels), new Set([new URL(entra.origin).host]));
          },
          {},
          (entra) => (entra.always = { status, headers: { location: bystander.url } }),
        );
      }
      assert.equal(bystander.asked, 0);
    } finally {
      await bystander.close();
    }
  });
});
