// Amazon Bedrock's Messages endpoint (Mantle) as a provider: path, head and model as its page says,
// streams unchanged, its front's errors in our words, and `upstream check`.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fromFile, stream, wellBehaved } from '../harness/answers.ts';
import { run } from '../harness/gateway.ts';
import { House, question, streamQuestion } from '../harness/house.ts';
import { atMantle, mantle } from '../harness/mantle.ts';
import { assertRefusal } from '../harness/refusal.ts';
import { httpSample, sample } from '../harness/samples.ts';
import { value } from '../harness/wire.ts';

describe('Mantle', () => {
  let house: House;
  let token: string;
  before(async () => {
    house = await House.open({ foundry: mantle(), change: atMantle });
    await house.ready();
    token = await house.token();
  });
  after(() => house.close());

  test('is sent what its sample shows', async () => {
    house.foundry.answer = wellBehaved();
    const wanted = httpSample('upstream/mantle.request.http');
    const body = wanted.body.toString().replace('anthropic.claude-sonnet-5', 'claude-sonnet-5');
    const beta: [string, string] = ['anthropic-beta', 'interleaved-thinking-2025-05-14'];
    const reply = await house.ask(token, body, [beta]);
    assert.equal(reply.status, 200, reply.body.toString());
    const { head, body: arrived } = house.foundry.last;
    assert.equal(head.start, wanted.start);
    assert.ok(arrived.equals(wanted.body), arrived.toString());
    for (const [name, text] of wanted.fields) {
      const own: Record<string, string> = {
        host: `127.0.0.1:${house.foundry.port}`,
        'x-api-key': house.foundry.key,
      };
      const lower = name.toLowerCase();
      assert.equal(value(head, lower), own[lower] ?? text, name);
    }
    assert.equal(value(head, 'authorization'), undefined);
    assert.deepEqual(house.foundry.refused, []);
  });

  test('streams unchanged but for the model', async () => {
    const sent = sample('02-stream.response.sse');
    house.foundry.answer = stream(sent);
    const reply = await house.ask(token, streamQuestion());
    assert.equal(reply.status, 200);
    assert.match(reply.body.toString(), /message_stop/);
    assert.equal(house.foundry.last.json.model, 'anthropic.claude-sonnet-5');
  });

  test('counts tokens at the same path', async () => {
    house.foundry.answer = wellBehaved();
    const client = house.client(token);
    await client.messages.countTokens({
      model: 'claude-sonnet-5',
      messages: [{ role: 'user', content: 'hi' }],
    });
    assert.equal(house.foundry.last.head.start, 'POST /anthropic/v1/messages/count_tokens HTTP/1.1');
  });

  test("Anthropic's own words pass byte for byte", async () => {
    for (const file of ['400-upstream-invalid-request', '529-upstream-overloaded', '404-mantle-model']) {
      house.foundry.answer = fromFile(`errors/${file}.http`);
      const reply = await house.ask(token, question());
      assert.ok(reply.body.equals(httpSample(`errors/${file}.http`).body), file);
    }
  });

  test("the front's throttling gets our envelope, its retry-after and its id", async () => {
    house.foundry.answer = fromFile('errors/429-mantle-throttled.http');
    const reply = await house.ask(token, question());
    assert.equal(reply.status, 429);
    assert.equal(reply.json.error.type, 'rate_limit_error');
    assert.equal(value(reply.head, 'retry-after'), '9');
    const id = '5d0a4a1e-0000-4000-8000-000000000003';
    assert.equal(value(reply.head, 'x-amzn-requestid'), id);
    const { closed } = await house.closed(value(reply.head, 'x-request-id') ?? '');
    assert.equal(closed.request_id, id);
    const logged = await house.gateway.logged('upstream.error', { skip: 3 });
    assert.match(String(logged.provider_message), /Too many tokens/);
  });

  test('a key that it does not take is ours to mend', async () => {
    house.foundry.answer = fromFile('errors/403-mantle-bad-key.http');
    assertRefusal(await house.ask(token, question()), 502, { retry: false });
  });

  test('`upstream check` calls it as the gateway does, and explains', async () => {
    const check = async () => {
      const got = await run([
        'upstream', 'check', '--config', house.gateway.configFile, '--json',
      ]);
      return JSON.parse(got.stdout || got.stderr).upstreams[0];
    };
    house.foundry.answer = wellBehaved();
    house.foundry.refused.length = 0;
    let said = await check();
    assert.deepEqual([said.ok, said.provider], [true, 'mantle'], JSON.stringify(said));
    assert.equal(house.foundry.last.head.start, 'POST /anthropic/v1/messages HTTP/1.1');
    assert.deepEqual(house.foundry.refused, []);
    house.foundry.answer = fromFile('errors/403-mantle-bad-key.http');
    said = await check();
    assert.equal(said.ok, false);
    assert.equal(said.code, 'upstream.key_refused');
    assert.match(said.answer.message, /security token/);
    house.foundry.answer = fromFile('errors/404-mantle-model.http');
    said = await check();
    assert.equal(said.code, 'upstream.deployment_not_found');
  });
});
