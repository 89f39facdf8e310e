// What the provider says when it is not well: which errors pass byte for byte, which are put into
// words that clients understand, and which are ours to mend.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fromFile, json } from '../harness/answers.ts';
import { House, question, streamQuestion } from '../harness/house.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { httpSample } from '../harness/samples.ts';
import { value } from '../harness/wire.ts';

describe('an error of the provider', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open();
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  for (const file of [
    '400-upstream-extra-inputs',
    '400-upstream-invalid-request',
    '404-upstream-model',
    '429-upstream-rate-limit',
    '500-upstream',
    '529-upstream-overloaded',
  ]) {
    test(`${file} passes byte for byte`, async () => {
      const sent = httpSample(`errors/${file}.http`);
      house.foundry.answer = fromFile(`errors/${file}.http`);
      for (const body of [question(), streamQuestion()]) {
        const reply = await house.ask(token, body);
        assert.equal(reply.head.start.split(' ')[1], sent.start.split(' ')[1]);
        assert.ok(reply.body.equals(sent.body), reply.body.toString());
        for (const name of ['retry-after', 'x-should-retry', 'request-id']) {
          assert.equal(value(reply.head, name), value(sent, name), name);
        }
        assert.ok(
          !reply.head.fields.some(([name]) => /^anthropic-ratelimit-/i.test(name)),
          "the shared key's quota stays here",
        );
        const { closed } = await house.closed(value(reply.head, 'x-request-id') ?? '');
        assert.equal(closed.status, reply.status);
        assert.equal(closed.usage?.output ?? 0, 0, 'the model never ran');
      }
    });
  }

  test("Azure's rate limit gets our envelope and keeps its retry-after", async () => {
    house.foundry.answer = fromFile('errors/429-foundry-rate-limit.http');
    const reply = await house.ask(token, question());
    assert.equal(reply.status, 429);
    assert.equal(reply.json.type, 'error');
    assert.equal(reply.json.error.type, 'rate_limit_error');
    assert.equal(value(reply.head, 'retry-after'), '26');
    assert.equal(value(reply.head, 'apim-request-id'), '2b1a8f10-0000-4000-8000-000000000004');
    assert.notEqual(value(reply.head, 'x-should-retry'), 'false');
  });

  test('a deployment that is not there gets our envelope', async () => {
    house.foundry.answer = fromFile('errors/404-foundry-deployment.http');
    const reply = await house.ask(token, question());
    assert.equal(reply.status, 404);
    assert.deepEqual([reply.json.type, reply.json.error.type], ['error', 'not_found_error']);
  });

  for (const file of ['401-foundry-bad-key', '403-foundry-rbac']) {
    test(`${file}: the provider does not take our key, and nobody is sent to sign in again`, async () => {
      house.foundry.answer = fromFile(`errors/${file}.http`);
      const reply = await house.ask(token, question());
      assertRefusal(reply, 502, { retry: false });
      assert.equal(
        (await house.gateway.logged('upstream.credential_refused')).level,
        'error',
        'the operator is told',
      );
      assert.ok(!reply.body.toString().includes(house.foundry.key));
    });
  }

  test('a wrong key in the configuration ends the same way', async () => {
    const other = await House.open({
      tenant: house.tenant,
      change: (config) => (config.upstreams[0].credential.api_key = 'not-the-key-of-this-resource'),
    });
    try {
      await other.ready();
      const reply = await other.ask(token, question());
      assertRefusal(reply, 502, { retry: false });
      assert.deepEqual(other.foundry.refused, ['credential']);
      assert.ok(!reply.body.toString().includes('not-the-key-of-this-resource'));
    } finally {
      await other.close();
    }
  });

  test('an answer with a login page of somebody in between does not pass for an answer of the model', async () => {
    house.foundry.answer = fromFile('errors/200-html-login-page.http');
    const reply = await house.ask(token, question());
    // it passes as it is, or it is named as what it is: it must never become JSON of ours with 200
    if (reply.status === 200) assert.match(value(reply.head, 'content-type') ?? '', /^text\/html/);
    else assertRefusal(reply, 502);
  });

  test('something that is not HTTP is a 502', async () => {
    house.foundry.answer = (call) => {
      call.answered = true;
      call.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    };
    assertRefusal(await house.ask(token, question()), 502);
  });

  test('a redirect is not followed', async () => {
    house.foundry.answer = json(
      {},
      [['Location', `http://127.0.0.1:${house.foundry.port}/elsewhere`]],
      'HTTP/1.1 307 Temporary Redirect',
    );
    const before = house.foundry.requests.length;
    const reply = await house.ask(token, question());
    assert.ok(reply.status === 307 || reply.status === 502, reply.head.start);
    assert.equal(house.foundry.requests.length, before + 1);
  });

  test('a provider that is not there is a 502 that may be tried again, and the record says so', async () => {
    const other = await House.open({ tenant: house.tenant });
    try {
      await other.ready();
      await other.foundry.close();
      const reply = await other.ask(token, question());
      assertRefusal(reply, 502);
      const { closed } = await other.closed(value(reply.head, 'x-request-id') ?? '');
      assert.equal(closed.outcome, 'upstream_error');
      assert.equal(closed.status, 502);
    } finally {
      await other.close();
    }
  });
});
