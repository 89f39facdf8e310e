// The official TypeScript client through the gateway: what an application of the organization does.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import {
  fromFile,
  json,
  message,
  sendEvents,
  stream,
  streamHead,
  textEvents,
  wellBehaved,
  withTool,
} from '../harness/answers.ts';
import { House, models } from '../harness/house.ts';
import { aborted, complete, tokens } from '../harness/records.ts';
import { expectedUsage, modelOf, sample } from '../harness/samples.ts';

const hello = [{ role: 'user' as const, content: 'Which port does our proxy listen on?' }];
const ask = { model: 'claude-sonnet-5', max_tokens: 100, messages: hello };

describe('the official client', () => {
  let house: House;
  let client: Anthropic;

  before(async () => {
    house = await House.open();
    await house.ready();
    client = house.client(await house.token('ada'));
  });
  beforeEach(() => {
    house.foundry.answer = wellBehaved();
    house.foundry.requests.length = 0;
  });
  after(() => house.close());

  test('gets a whole answer, under the model name it asked for', async () => {
    const { data, response } = await client.messages.create(ask).withResponse();
    assert.equal(data.model, 'claude-sonnet-5');
    assert.deepEqual(data.content, [{ type: 'text', text: 'The gate is open to those it knows.' }]);
    assert.equal(house.foundry.last.json.model, 'sonnet-prod');
    assert.equal(response.headers.get('request-id'), 'req_011Cmessage');
    const { opened, closed } = await house.closed(response.headers.get('x-request-id') ?? '');
    assert.equal(
      JSON.stringify(opened).includes('2e6a7c31-9d04-4b7f-a6e8-50c1d2f3a4b7'),
      true,
      'names the person by object id',
    );
    assert.equal(opened.client.program, 'Anthropic/JS');
    assert.match(opened.client.version, /^\d+\.\d+/);
    assert.ok(complete(closed));
    assert.deepEqual(tokens(closed), {
      input: 25,
      output: 9,
      cacheRead: 0,
      cacheWrite5m: 0,
      cacheWrite1h: 0,
    });
  });

  test('gets an answer as it streams', async () => {
    const events: string[] = [];
    const answer = client.messages.stream(ask);
    answer.on('streamEvent', (event) => events.push(event.type));
    const whole = await answer.finalMessage();
    assert.equal(
      whole.content[0].type === 'text' && whole.content[0].text,
      'The gate is open to those it knows.',
    );
    assert.equal(whole.model, 'claude-sonnet-5');
    assert.deepEqual([events[0], events.at(-1)], ['message_start', 'message_stop']);
  });

  test('sees each word when it is said, not when all is said', async () => {
    const events = textEvents('sonnet-prod', 'first second');
    let release = () => {};
    const heard = new Promise<void>((resolve) => (release = resolve));
    house.foundry.answer = async (call) => {
      call.write(streamHead);
      for (const event of events.slice(0, 3)) call.chunk(event);
      await heard; // the rest is sent only after the client has the first word
      for (const event of events.slice(3)) call.chunk(event);
      call.end();
    };
    const answer = client.messages.stream(ask);
    answer.once('text', () => release());
    assert.equal(await answer.finalText(), 'first second');
  });

  for (const name of [
    '02-stream.response.sse',
    '03-stream-thinking-omitted-late-usage.response.sse',
    '04-stream-web-search-unknown-event.response.sse',
  ]) {
    test(`reads ${name} and the record counts its tokens`, async () => {
      const bytes = sample(name);
      const model = modelOf(bytes) as keyof typeof models;
      house.foundry.answer = stream(
        Buffer.from(bytes.toString().replace(`"model":"${model}"`, `"model":"${models[model]}"`)),
      );
      const answer = client.messages.stream({ ...ask, model });
      const whole = await answer.finalMessage();
      const expected = expectedUsage[name];
      assert.equal(whole.model, model);
      assert.equal(whole.stop_reason, expected.stop_reason);
      const { closed } = await house.closed(house.foundry.last.id);
      assert.ok(complete(closed));
      assert.deepEqual(tokens(closed), {
        input: expected.input,
        output: expected.output,
        cacheRead: expected.cache_read,
        cacheWrite5m: expected.cache_write_5m,
        cacheWrite1h: expected.cache_write_1h,
      });
    });
  }

  test('has a tool called and gives the result back', async () => {
    house.foundry.answer = withTool(
      'Read',
      { file_path: 'proxy.yaml' },
      (result) => `It says ${result}`,
    );
    const tools = [
      { name: 'Read', description: 'reads', input_schema: { type: 'object' as const } },
    ];
    const first = await client.messages.stream({ ...ask, tools }).finalMessage();
    assert.equal(first.stop_reason, 'tool_use');
    const call = first.content.find((block) => block.type === 'tool_use');
    assert.deepEqual(call?.input, { file_path: 'proxy.yaml' });
    const second = await client.messages
      .stream({
        ...ask,
        tools,
        messages: [
          ...hello,
          { role: 'assistant', content: first.content },
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: '8443' }],
          },
        ],
      })
      .finalText();
    assert.equal(second, 'It says 8443');
  });

  test('aborts, and the provider is told within a second', async () => {
    house.foundry.answer = (call) =>
      sendEvents(call, textEvents('sonnet-prod', 'word '.repeat(2000)), 20);
    const answer = client.messages.stream(ask);
    await new Promise<void>((resolve) => answer.once('text', () => resolve()));
    const call = house.foundry.last;
    const at = performance.now();
    answer.abort();
    await assert.rejects(answer.finalMessage(), Anthropic.APIUserAbortError);
    await call.gone();
    assert.ok(
      (call.goneAt ?? Infinity) - at < 1000,
      `the provider heard of it after ${(call.goneAt ?? 0) - at} ms`,
    );
    const { closed } = await house.closed(call.id);
    assert.ok(aborted(closed), JSON.stringify(closed));
    assert.equal(tokens(closed).input, 25, 'what was seen is charged');
  });

  test('counts tokens', async () => {
    const count = await client.messages.countTokens({ model: 'claude-sonnet-5', messages: hello });
    assert.equal(count.input_tokens, 23748);
    assert.equal(
      house.foundry.last.head.start.split(' ')[1],
      '/anthropic/v1/messages/count_tokens',
    );
    assert.equal(house.foundry.last.json.model, 'sonnet-prod');
  });

  test('is told that tokens cannot be counted where the provider does not offer it', async () => {
    house.foundry.answer = fromFile('errors/404-foundry-deployment.http');
    await assert.rejects(
      client.messages.countTokens({ model: 'claude-sonnet-5', messages: hello }),
      (error) => {
        assert.ok(error instanceof Anthropic.APIError);
        assert.equal(error.status, 501);
        assert.equal(error.headers?.get('x-should-retry'), 'false');
        assert.equal((error.error as any).error.type, 'not_supported');
        return true;
      },
    );
  });

  test('lists the configured models in the order of the file', async () => {
    const found: string[] = [];
    for await (const model of client.models.list()) found.push(model.id);
    assert.deepEqual(found, Object.keys(models));
    assert.equal(house.foundry.requests.length, 0, 'no provider was asked');
  });

  test('gets the error of its class for a token that is no good', async () => {
    const wrong = house.client(await house.tenant.mint('ada', { aud: 'another' }), {
      maxRetries: 2,
    });
    await assert.rejects(wrong.messages.create(ask), (error) => {
      assert.ok(error instanceof Anthropic.AuthenticationError);
      assert.equal(
        error.requestID ?? error.headers?.get('x-request-id'),
        (error.error as any).request_id,
      );
      return true;
    });
    const without = house.client(await house.token('mallory'), { maxRetries: 2 });
    await assert.rejects(without.messages.create(ask), Anthropic.PermissionDeniedError);
    assert.equal(house.foundry.requests.length, 0);
  });

  test("gets the provider's own error where it is in the form that it knows", async () => {
    house.foundry.answer = fromFile('errors/400-upstream-invalid-request.http');
    await assert.rejects(client.messages.create(ask), (error) => {
      assert.ok(error instanceof Anthropic.BadRequestError);
      assert.match(error.message, /prompt is too long: 1043211 tokens > 1000000 maximum/);
      return true;
    });
    house.foundry.answer = fromFile('errors/529-upstream-overloaded.http');
    await assert.rejects(client.messages.create(ask), (error) => {
      assert.ok(error instanceof Anthropic.APIError);
      assert.equal(error.status, 529);
      assert.equal((error.error as any).error.type, 'overloaded_error');
      return true;
    });
  });

  test('repeats after a rate limit of the provider and then succeeds', async () => {
    let calls = 0;
    house.foundry.answer = (call) => {
      calls += 1;
      if (calls > 1) return json(message('sonnet-prod', 'now'))(call);
      call.whole(
        'HTTP/1.1 429 Too Many Requests',
        [
          ['Content-Type', 'application/json'],
          ['retry-after', '0'],
        ],
        Buffer.from('{"type":"error","error":{"type":"rate_limit_error","message":"later"}}'),
      );
    };
    const patient = house.client(await house.token('ada'), { maxRetries: 2 });
    const answer = await patient.messages.create(ask);
    assert.equal(answer.content[0].type === 'text' && answer.content[0].text, 'now');
    assert.equal(calls, 2);
  });
});
