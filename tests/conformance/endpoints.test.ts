// The addresses of the data plane, with and without a path prefix, and what is not there.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { House, models, question, requestFields } from '../harness/house.ts';
import { ask } from '../harness/raw_client.ts';
import { lineWhere } from '../harness/records.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { httpSample } from '../harness/samples.ts';
import { value } from '../harness/wire.ts';

for (const prefix of ['', '/claude/gateway']) {
  describe(prefix === '' ? 'the addresses' : `the addresses under ${prefix}`, () => {
    let house: House;
    let token: string;
    before(async () => {
      house = await House.open({
        change: (config) => {
          if (prefix) config.listen.public_url = `https://gate.contoso.example${prefix}`;
        },
      });
      await house.ready();
      token = await house.token();
    });
    after(() => house.close());

    test('POST /v1/messages, with any query', async () => {
      for (const query of ['', '?beta=true', '?']) {
        const reply = await ask(
          house.target,
          'POST',
          `${prefix}/v1/messages${query}`,
          requestFields(token),
          question(),
        );
        assert.equal(reply.status, 200, reply.body.toString());
        assert.equal(house.foundry.last.head.start, `POST /anthropic/v1/messages${query} HTTP/1.1`);
      }
    });

    test('POST /v1/messages/count_tokens', async () => {
      const { body } = httpSample('count-tokens.request.http');
      const reply = await ask(
        house.target,
        'POST',
        `${prefix}/v1/messages/count_tokens?beta=true`,
        requestFields(token),
        body,
      );
      assert.deepEqual([reply.status, reply.json], [200, { input_tokens: 23748 }]);
      const { opened, closed } = await house.closed(value(reply.head, 'x-request-id') ?? '');
      assert.equal(opened.request.path.endsWith('/count_tokens'), true);
      assert.equal(closed.usage, undefined, 'counting is free');
    });

    test('GET /v1/models', async () => {
      const reply = await house.get(`${prefix}/v1/models?limit=1000`, [
        ['Authorization', `Bearer ${token}`],
      ]);
      assert.equal(reply.status, 200);
      assert.deepEqual(
        reply.json.data.map((model: { id: string }) => model.id),
        Object.keys(models),
      );
      for (const model of reply.json.data) assert.equal(model.type, 'model');
      assert.equal(reply.json.has_more, false);
      const line = await lineWhere(
        house.auditDirectory,
        (one) => one.id === value(reply.head, 'x-request-id'),
      );
      assert.deepEqual([line.type, line.status], ['answered', 200]);
      assertRefusal(await house.get(`${prefix}/v1/models`), 401);
    });

    test('HEAD /api/hello, as Claude Code knocks', async () => {
      const lines = house.records().length;
      const reply = await ask(house.target, 'HEAD', `${prefix}/api/hello`, [
        ['User-Agent', 'Bun/1.4.4'],
      ]);
      assert.ok(reply.status >= 200 && reply.status < 300, reply.head.start);
      assert.equal(house.records().length, lines, 'no line in the record');
    });

    test('GET /healthz and /readyz', async () => {
      assert.equal((await house.get('/healthz')).status, 200);
      assert.equal((await house.get('/readyz')).status, 200);
      assert.equal((await ask(house.target, 'HEAD', '/healthz', [])).status, 200);
    });

    test('everything else is not there', async () => {
      const lines = house.records().length;
      const wrong = prefix
        ? ['/v1/messages', '/claude/v1/messages', '/claude/gatewayv1/messages']
        : ['/claude/gateway/v1/messages'];
      for (const path of [
        ...wrong,
        '/',
        `${prefix}/`,
        `${prefix}/v1/complete`,
        `${prefix}/v1/messages/batches`,
        `${prefix}/v1/messages/`,
        `${prefix}/v1//messages`,
        `${prefix}/V1/messages`,
        `${prefix}/v1/messages%2f..`,
        '/metrics',
        '/status',
        '/.well-known/oauth-authorization-server',
      ]) {
        const reply = await ask(house.target, 'POST', path, requestFields(token), question());
        assertRefusal(reply, 404, { what: path });
      }
      assert.equal(house.records().length, lines, 'no line in the record');
    });

    test('another method is refused and told which', async () => {
      const reply = await house.get(`${prefix}/v1/messages`, [
        ['Authorization', `Bearer ${token}`],
      ]);
      assert.ok([404, 405].includes(reply.status), reply.head.start);
      assert.equal(reply.json.type, 'error');
    });
  });
}
