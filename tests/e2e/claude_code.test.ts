// Claude Code itself through the gateway: a whole turn with a tool, both ways of giving it a token,
// and what it prints on each of our refusals.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { dies, fromFile, textEvents, wellBehaved, withTool } from '../harness/answers.ts';
import { claudeCode, type Turn } from '../harness/claude_code.ts';
import { House } from '../harness/house.ts';
import { people } from '../harness/tenant.ts';
import { value } from '../harness/wire.ts';

describe('Claude Code', () => {
  let house: House;
  before(async () => {
    house = await House.open();
    await house.ready();
  });
  beforeEach(() => {
    house.foundry.requests.length = 0;
    house.foundry.answer = wellBehaved();
  });
  after(() => house.close());

  const turn = async (
    options: { token?: string; args?: string[]; env?: Record<string, string>; cwd?: string } = {},
  ): Promise<Turn> =>
    claudeCode('What does the note say?', {
      baseURL: house.url,
      token: options.token ?? (await house.token()),
      args: ['--model', 'claude-sonnet-5', ...(options.args ?? [])],
      env: options.env,
      cwd: options.cwd,
    });

  test('does a whole turn with a tool call', async () => {
    const work = mkdtempSync(join(tmpdir(), 'sallyport-work-'));
    try {
      writeFileSync(join(work, 'note.txt'), 'the postern opens inwards\n');
      house.foundry.answer = withTool(
        'Read',
        { file_path: join(work, 'note.txt') },
        (result) => `I read: ${/postern[\w ]*/.exec(result)?.[0]}`,
      );
      const done = await turn({ cwd: work });
      assert.equal(done.code, 0, done.stdout + done.stderr);
      assert.match(done.stdout, /I read: the postern opens inwards|I read: postern opens inwards/);
      const calls = house.foundry.requests.filter((call) => !call.counting);
      assert.equal(calls.length, 2);
      for (const call of calls) {
        assert.equal(call.head.start, 'POST /anthropic/v1/messages?beta=true HTTP/1.1');
        assert.equal(call.json.model, 'sonnet-prod');
        assert.match(value(call.head, 'anthropic-beta') ?? '', /claude-code-/);
        assert.equal(value(call.head, 'x-claude-code-session-id'), undefined);
        const { opened, closed } = await house.closed(call.id);
        assert.equal(opened.person.object_id, people.ada.oid);
        assert.equal(opened.client.version, '2.1.329');
        assert.equal(opened.client.program, 'claude-cli');
        assert.equal(opened.client.surface, 'sdk-cli');
        assert.match(opened.client.session, /^[0-9a-f-]{36}$/);
        assert.ok(opened.request.tools.includes('Read'));
        assert.equal(closed.outcome, 'complete');
      }
      assert.deepEqual([...house.foundry.forbidden], []);
    } finally {
      rmSync(work, { recursive: true });
    }
  });

  test('is admitted with the token of a helper, which it sends in two headers', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-helper-'));
    try {
      const helper = join(folder, 'helper.sh');
      writeFileSync(helper, `#!/bin/sh\nprintf %s '${await house.token('grace')}'\n`);
      chmodSync(helper, 0o755);
      const settings = join(folder, 'settings.json');
      writeFileSync(settings, JSON.stringify({ apiKeyHelper: helper }));
      const done = await claudeCode('hello', {
        baseURL: house.url,
        args: ['--model', 'claude-sonnet-5', '--settings', settings],
      });
      assert.equal(done.code, 0, done.stdout + done.stderr);
      assert.match(done.stdout, /The gate is open/);
      assert.equal(
        (await house.closed(house.foundry.last.id)).opened.person.object_id,
        people.grace.oid,
      );
      assert.deepEqual([...house.foundry.forbidden], []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('discovers the models of the gateway when it is told to', async () => {
    const done = await turn({ env: { CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1' } });
    assert.equal(done.code, 0, done.stdout + done.stderr);
  });

  /** One request, a quick end, and our own sentence on the screen. */
  function assertSays(done: Turn, prefix: RegExp, sentence: string): void {
    assert.equal(done.code, 1, done.stdout);
    assert.match(done.stdout, prefix);
    assert.ok(
      done.stdout.includes(sentence),
      `printed ${JSON.stringify(done.stdout)}, not ${JSON.stringify(sentence)}`,
    );
    assert.ok(done.seconds < 15, `${done.seconds} s: it tried again and again`);
  }

  for (const [what, token, prefix, status] of [
    [
      'a token that has expired',
      () => house.tenant.mint('ada', { iat: 1700000000, nbf: 1700000000, exp: 1700003600 }),
      /Failed to authenticate\. API Error: 401/,
      401,
    ],
    [
      'a token for another service',
      () => house.tenant.mint('ada', { aud: 'another' }),
      /Failed to authenticate\. API Error: 401/,
      401,
    ],
    [
      'no token but a word',
      async () => 'opensesame',
      /Failed to authenticate\. API Error: 401/,
      401,
    ],
    [
      'a person without the role',
      () => house.token('mallory'),
      /Failed to authenticate\. API Error: 403/,
      403,
    ],
  ] as const) {
    test(`prints our sentence for ${what}`, async () => {
      const bad = await token();
      const reply = await house.get('/v1/models', [['Authorization', `Bearer ${bad}`]]);
      assert.equal(reply.status, status);
      assertSays(await turn({ token: bad }), prefix, reply.json.error.message);
      assert.equal(house.foundry.requests.length, 0);
    });
  }

  test('prints our sentence for a model that is not offered', async () => {
    const done = await turn({ args: ['--model', 'claude-opus-4-1'] });
    assertSays(
      done,
      /API Error: 400 The model claude-[\w-]+ is not offered here/,
      'Choose one of the models of this gateway.',
    );
    assert.equal(house.foundry.requests.length, 0);
  });

  test('prints our sentence when the provider refuses our key: nobody is sent to sign in again', async () => {
    house.foundry.answer = fromFile('errors/401-foundry-bad-key.http');
    const done = await turn();
    assert.equal(done.code, 1);
    assert.doesNotMatch(done.stdout, /log ?in|authenticate/i);
    const reply = await house.ask(await house.token(), '{"model":"claude-sonnet-5"}');
    assert.ok(done.stdout.includes(reply.json.error.message), done.stdout);
    assert.ok(done.seconds < 15, `${done.seconds} s`);
  });

  test("prints the provider's own words where they are in the form that it knows", async () => {
    house.foundry.answer = fromFile('errors/400-upstream-invalid-request.http');
    const done = await turn();
    assert.equal(done.code, 1);
    assert.match(done.stdout, /prompt is too long|Prompt is too long/i);
  });

  test('survives an overload of the provider that passes', async () => {
    const overloaded = fromFile('errors/529-upstream-overloaded.http');
    let calls = 0;
    house.foundry.answer = (call) => {
      calls += 1;
      return calls === 1 ? overloaded(call) : wellBehaved()(call);
    };
    const done = await turn();
    assert.equal(done.code, 0, done.stdout);
    assert.ok(calls >= 2);
  });

  test('survives a stream of the provider that breaks off', async () => {
    const half = Buffer.concat(textEvents('sonnet-prod', 'this is cut off here').slice(0, 4));
    let calls = 0;
    house.foundry.answer = (call) => {
      calls += 1;
      return calls === 1 ? dies(half, half.length)(call) : wellBehaved('and this is whole.')(call);
    };
    const done = await turn();
    assert.equal(done.code, 0, done.stdout);
    assert.match(done.stdout, /and this is whole\./);
  });
});
