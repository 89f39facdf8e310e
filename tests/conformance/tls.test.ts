// TLS on both sides: our own certificate towards clients, the provider's checked towards the
// provider, with a private authority and through a corporate proxy.

import assert from 'node:assert/strict';
import tls from 'node:tls';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { wellBehaved } from '../harness/answers.ts';
import { Authority } from '../harness/certificates.ts';
import { ConnectProxy } from '../harness/connect_proxy.ts';
import { House, question, requestFields, streamQuestion } from '../harness/house.ts';
import { ask, RawClient } from '../harness/raw_client.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { Tenant } from '../harness/tenant.ts';
import { value } from '../harness/wire.ts';

describe('TLS towards clients', () => {
  const authority = new Authority();
  const leaf = authority.leaf('gate');
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open({
      change: (config) => {
        config.listen.tls = { certificate: leaf.certFile, key: leaf.keyFile };
      },
    });
    token = await house.token();
  });
  after(() => house.close());
  const target = () => ({ port: house.gateway.port, tls: { ca: authority.ca } });

  /** Connects with these settings; undefined when the handshake fails. */
  async function shake(options: tls.ConnectionOptions): Promise<tls.TLSSocket | undefined> {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: house.gateway.port,
      ca: authority.ca,
      servername: 'localhost',
      ...options,
    });
    return Promise.race([
      once(socket, 'secureConnect').then(() => socket),
      once(socket, 'close').then(() => undefined),
    ]).catch(() => undefined);
  }

  test('a request and a stream go through', async () => {
    const client = await RawClient.connect(target());
    while ((await client.request('GET', '/readyz', [])).status !== 200);
    const reply = await client.request('POST', '/v1/messages', requestFields(token), question());
    assert.equal(reply.status, 200, reply.body.toString());
    const streamed = await client.request(
      'POST',
      '/v1/messages',
      requestFields(token),
      streamQuestion(),
    );
    assert.ok(streamed.complete && streamed.body.includes('message_stop'));
    client.close();
  });

  test('versions 1.2 and 1.3 are spoken, older ones are not', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await shake({ minVersion: version, maxVersion: version });
      assert.equal(socket?.getProtocol(), version);
      socket?.destroy();
    }
    assert.equal(
      await shake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      undefined,
    );
  });

  test('plain HTTP on that port gets nothing from anybody', async () => {
    const reply = await ask({ port: house.gateway.port }, 'GET', '/healthz', []).catch(
      () => undefined,
    );
    assert.notEqual(reply?.status, 200);
  });

  test('a client that stops in the handshake keeps nobody waiting', async () => {
    const idle = await RawClient.connect({ port: house.gateway.port });
    idle.write(Buffer.from('1603010200010001fc0303', 'hex'));
    assert.equal((await ask(target(), 'GET', '/healthz', [])).status, 200);
    idle.close();
  });

  test('a new certificate is served after SIGHUP, and running connections go on', async () => {
    const old = await RawClient.connect(target());
    const next = authority.leaf('gate-next');
    writeFileSync(leaf.certFile, next.cert);
    writeFileSync(leaf.keyFile, next.key);
    house.gateway.process.kill('SIGHUP');
    await house.gateway.logged('config.reloaded');
    const end = performance.now() + 3000;
    let name: unknown;
    while (name !== 'gate-next' && performance.now() < end) {
      const socket = await shake({});
      name = socket?.getPeerCertificate().subject.CN;
      socket?.destroy();
    }
    assert.equal(name, 'gate-next');
    assert.equal((await old.request('GET', '/healthz', [])).status, 200);
    old.close();
  });
});

describe('TLS towards the provider', () => {
  const authority = new Authority();
  const stranger = new Authority('Somebody Else');
  let tenant: Tenant;
  let token: string;
  before(async () => {
    tenant = await Tenant.open();
    token = await tenant.mint('ada');
  });
  after(() => tenant.close());

  async function withHouse(
    leaf: { cert: string; key: string },
    change: (upstream: any) => void,
    then: (house: House) => Promise<void>,
  ) {
    const house = await House.open({
      tenant,
      foundry: { tls: leaf },
      change: (config) => change(config.upstreams[0]),
    });
    try {
      await house.ready();
      await then(house);
    } finally {
      await house.close();
    }
  }

  test('goes through when the authority is the configured one, on connections that are kept', async () => {
    await withHouse(
      authority.leaf('foundry'),
      (upstream) => (upstream.ca_file = authority.caFile),
      async (house) => {
        for (let n = 0; n < 20; n += 1)
          assert.equal((await house.ask(token, n % 2 ? question() : streamQuestion())).status, 200);
        assert.ok(
          house.foundry.connections <= 2,
          `${house.foundry.connections} connections for 20 requests (at most one a worker)`,
        );
      },
    );
  });

  for (const [what, leaf, ca] of [
    ['an unknown authority', () => stranger.leaf('foundry'), authority],
    ['no authority at all that is known', () => authority.leaf('foundry'), undefined],
    ['another name', () => authority.leaf('foundry-other', ['DNS:other.example']), authority],
  ] as [string, () => { cert: string; key: string }, Authority | undefined][]) {
    test(`is refused for ${what}, and the key is not sent`, async () => {
      await withHouse(
        leaf(),
        (upstream) => (upstream.ca_file = ca?.caFile),
        async (house) => {
          assertRefusal(await house.ask(token, question()), 502);
          assert.equal(house.foundry.requests.length, 0);
        },
      );
    });
  }

  test('goes through the corporate proxy by CONNECT, and the proxy sees no more than the name', async () => {
    const proxy = await ConnectProxy.open();
    await withHouse(
      authority.leaf('foundry'),
      (upstream) => {
        upstream.ca_file = authority.caFile;
        upstream.proxy = proxy.url;
      },
      async (house) => {
        const reply = await house.ask(token, question());
        assert.equal(reply.status, 200, reply.body.toString());
        assert.deepEqual(proxy.tunnels, [`localhost:${house.foundry.port}`]);
        const head = proxy.heads.join('');
        assert.ok(!head.includes(house.foundry.key) && !head.includes(token.slice(-40)), head);
        proxy.refuse = 'HTTP/1.1 407 Proxy Authentication Required';
        house.foundry.answer = (call) => {
          wellBehaved()(call);
          call.socket.end();
        };
        await house.ask(token, question()); // the kept connection is used up
        let refused = await house.ask(token, question());
        if (refused.status === 200) refused = await house.ask(token, question());
        assertRefusal(refused, 502);
        const { closed } = await house.closed(value(refused.head, 'x-request-id') ?? '');
        assert.equal(closed.outcome, 'upstream_error');
      },
    );
    await proxy.close();
  });
});
