// SIGHUP: the new configuration is checked whole, then swapped; or nothing changes and it is said.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sendEvents, textEvents, wellBehaved } from '../harness/answers.ts';
import { Foundry } from '../harness/foundry.ts';
import { House, question, requestFields, streamQuestion } from '../harness/house.ts';
import { ask } from '../harness/raw_client.ts';
import { size } from '../harness/size.ts';
import { value } from '../harness/wire.ts';

describe('a reload', () => {
  let house: House;
  let token: string;
  let reloads = 0;
  before(async () => {
    house = await House.open();
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  async function reload(change: (config: any) => void): Promise<void> {
    const next = structuredClone(house.config);
    change(next);
    house.gateway.reload(next);
    await house.gateway.logged('config.reloaded', { skip: reloads });
    reloads += 1;
    house.config = next;
  }
  async function refusedReload(change: (config: any) => void, says: RegExp): Promise<void> {
    const next = structuredClone(house.config);
    change(next);
    const before = house.gateway.log.length;
    house.gateway.reload(next);
    const end = performance.now() + 5000;
    for (;;) {
      const line = house.gateway.log
        .slice(before)
        .find((one) => one.level === 'error' || one.level === 'warning');
      if (line) return assert.match(JSON.stringify(line), says);
      if (performance.now() > end) assert.fail(`nothing was said:\n${house.gateway.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  /** Asks until the answer has this status: a worker takes the swap over at its next turn. */
  async function until(status: number, body: string): Promise<void> {
    const end = performance.now() + 3000;
    let reply = await house.ask(token, body);
    while (reply.status !== status && performance.now() < end) reply = await house.ask(token, body);
    assert.equal(reply.status, status, reply.body.toString());
  }

  test('offers a model that is new and forgets one that is gone', async () => {
    await reload((config) => {
      config.models = [
        { id: 'claude-opus-5', deployments: { foundry: 'opus-prod' } },
        { id: 'claude-new', deployments: { foundry: 'claude-haiku-4-5' } },
      ];
    });
    await until(200, question('claude-new'));
    await until(400, question('claude-sonnet-5'));
    const list = await house.get('/v1/models', [['Authorization', `Bearer ${token}`]]);
    assert.deepEqual(
      list.json.data.map((model: { id: string }) => model.id),
      ['claude-opus-5', 'claude-new'],
    );
  });

  test('takes the key that was rotated in its file, and the record says that a credential changed, not which', async () => {
    const next = await Foundry.open({ key: 'the-second-key-of-the-resource' });
    writeFileSync(join(house.directory, 'foundry-key'), next.key);
    await reload((config) => (config.upstreams[0].base_url = next.base));
    await until(200, question('claude-opus-5'));
    assert.ok(next.requests.length > 0);
    assert.deepEqual(next.refused, []);
    const lines = house.records();
    assert.ok(lines.some((line) => line.type === 'event' && line.event === 'configuration'));
    assert.ok(!JSON.stringify(lines).includes(next.key));
    await house.foundry.close();
    house.foundry = next;
  });

  test('lets a running stream end as it began', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    house.foundry.answer = async (call) => {
      await gate;
      await sendEvents(call, textEvents('opus-prod', 'began before the reload'));
    };
    const arrived = house.foundry.next();
    const running = house.ask(token, streamQuestion('claude-opus-5'));
    await arrived;
    await reload(
      (config) =>
        (config.models = [{ id: 'claude-sonnet-5', deployments: { foundry: 'sonnet-prod' } }]),
    );
    release();
    const reply = await running;
    assert.ok(
      reply.complete &&
        reply.body.includes('"model":"claude-opus-5"') &&
        reply.body.includes('message_stop'),
    );
    house.foundry.answer = wellBehaved();
    await until(200, question('claude-sonnet-5'));
  });

  test('takes a change of the issuer at once: a token that was good is a miss in the cache', async () => {
    await until(200, question());
    await reload((config) => (config.issuers[0].require = { roles: ['Claude.Nobody'] }));
    await until(403, question());
    await reload(
      (config) =>
        (config.issuers[0].require = { scopes: ['Gateway.Access'], roles: ['Claude.User'] }),
    );
    await until(200, question());
    await reload(
      (config) => (config.issuers[0].audiences = ['11111111-2222-4333-8444-555555555555']),
    );
    await until(401, question());
    await reload(
      (config) => (config.issuers[0].audiences = ['b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55']),
    );
    await until(200, question());
  });

  test('of a broken file changes nothing', async () => {
    await refusedReload((config) => (config.upstream = config.upstreams), /upstream/);
    assert.equal((await house.ask(token, question())).status, 200);
  });

  for (const [key, change] of [
    ['listen.address', (config: any) => (config.listen.address = '127.0.0.1:1')],
    ['workers', (config: any) => (config.listen.workers = 1)],
    ['audit.directory', (config: any) => (config.audit.directory += '-other')],
    ['store', (config: any) => (config.store += '-other')],
    ['admin.socket', (config: any) => (config.admin.socket += '-other')],
    ['metrics.listen', (config: any) => (config.metrics.listen = '127.0.0.1:2')],
  ] as const) {
    test(`of ${key} is refused by name: it needs a restart`, async () => {
      await refusedReload(change, new RegExp(key.replace('.', '\\.')));
      assert.equal((await house.ask(token, question())).status, 200);
    });
  }
});

describe('a farewell', () => {
  test('SIGTERM lets streams end, takes no new requests, and exits 0 with a chain that verifies', async () => {
    const house = await House.open();
    try {
      await house.ready();
      const token = await house.token();
      let release = () => {};
      const gate = new Promise<void>((resolve) => (release = resolve));
      house.foundry.answer = async (call) => {
        await gate;
        await sendEvents(call, textEvents('sonnet-prod', 'to the very end'));
      };
      const arrived = house.foundry.next();
      const idle = await house.connect();
      assert.equal((await idle.request('GET', '/healthz', [])).status, 200);
      const running = ask(
        house.target,
        'POST',
        '/v1/messages',
        requestFields(token),
        streamQuestion(),
      );
      await arrived;
      house.gateway.process.kill('SIGTERM');
      // the listener closes; who is let in for the moment between hears that it is shutting down
      const end = performance.now() + 5000;
      for (;;) {
        const late = await house.get('/readyz').catch(() => undefined);
        if (!late || late.status === 503) break;
        assert.ok(performance.now() < end, 'still ready after SIGTERM');
      }
      release();
      const reply = await running;
      assert.ok(reply.complete && reply.body.includes('message_stop'), 'the stream was cut');
      assert.equal(await house.gateway.ended, 0, house.gateway.stderr);
      const { closed } = await house.closed(value(reply.head, 'x-request-id') ?? '');
      assert.equal(closed.outcome, 'complete');
      idle.close();
      const lines = house.records();
      assert.ok(lines.some((line) => line.type === 'event' && line.event === 'stop'));
    } finally {
      await house.close();
    }
  });

  const skip = size === 'long' ? false : 'takes half a minute: SIZE=long';
  test('SIGTERM does not wait for ever for a stream that never ends', { skip }, async () => {
    const house = await House.open();
    try {
      await house.ready();
      const token = await house.token();
      house.foundry.answer = (call) =>
        sendEvents(call, textEvents('sonnet-prod', 'word '.repeat(10_000)), 50);
      const arrived = house.foundry.next();
      const running = house.ask(token, streamQuestion());
      const call = await arrived;
      const at = performance.now();
      assert.equal(await house.gateway.stop(60_000), 0, house.gateway.stderr);
      assert.ok(performance.now() - at < 40_000);
      const reply = await running;
      assert.match(reply.body.toString(), /event: error\ndata: \{"type":"error".*\}\n\n$/);
      await call.gone();
      const { closed } = await house.closed(call.id);
      assert.notEqual(closed.outcome, 'complete');
    } finally {
      await house.close();
    }
  });
});
