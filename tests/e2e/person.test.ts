// A person signs in with our own command, in a real browser, and asks through the gateway with the
// token that the command prints. Nothing is minted by the test.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sendEvents, textEvents } from '../harness/answers.ts';
import { claudeCode } from '../harness/claude_code.ts';
import { Desk, fillIn } from '../harness/desk.ts';
import { binary, run } from '../harness/gateway.ts';
import { House, question } from '../harness/house.ts';
import { people, tenantId } from '../harness/tenant.ts';

describe('sallyport sign-in', () => {
  let house: House;
  let desk: Desk;
  before(async () => {
    house = await House.open();
    house.tenant.pages = true;
    await house.ready();
    desk = await Desk.open();
  });
  after(async () => {
    await desk?.close();
    await house?.close();
  });

  test('learns from the gateway where to sign in, and leaves a token that the gateway admits', async () => {
    const { page, ...done } = await desk.signIn('ada', ['--gateway', house.url]);
    assert.equal(done.code, 0, done.stderr);
    const said = JSON.parse(done.stdout);
    assert.equal(said.person, 'Ada Byron (ada.byron@contoso.example)');
    assert.equal(said.subject, people.ada.oid);
    assert.equal(said.vault, 'kernel');
    assert.match(await page.content(), /You can close this window/);
    assert.equal(desk.openedPages.length, 1, 'the browser was opened once');

    const token = await desk.run(['token']);
    assert.equal(token.code, 0, token.stderr);
    assert.match(token.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const reply = await house.ask(token.stdout.trim(), question());
    assert.equal(reply.status, 200, reply.body.toString());
    const { opened } = await house.closed(house.foundry.last.id);
    assert.equal(opened.person.object_id, people.ada.oid);
  });

  test('shows a code for a machine without a browser, and the person types it elsewhere', async () => {
    const command = desk.start(['sign-in', '--device', '--gateway', house.url]);
    const [, code] = await command.said(/\(in text: ([A-Z0-9-]+);/);
    const [, address] = await command.said(/^(http:\/\/\S+)$/m);
    assert.match(command.stderr, /#{3,} {2}/, 'the code is shown large');
    const page = await desk.page();
    await page.goto(address);
    await page.locator('[name=user_code]').fill(code);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Yes, continue' }).click();
    await fillIn(page, 'grace');
    await page.getByText('The device is signed in').waitFor();
    const done = await command.done;
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /^Signed in as Grace Murray \(grace\.murray@contoso\.example\)\.$/m);
    assert.match(done.stdout, /rests in an encrypted file whose key is in the kernel's key ring/);
    const token = (await desk.run(['token'])).stdout.trim();
    assert.equal((await house.ask(token, question())).status, 200);
  });

  test('tells the no of a person, and the sign-in of before stays', async () => {
    const before = await desk.run(['whoami', '--json']);
    const command = desk.start(['sign-in', '--gateway', house.url, '--json']);
    const [, event] = await command.said(/^(\{"event":"browser".*\})$/m);
    const page = await desk.page();
    await page.goto(JSON.parse(event).url);
    await page.getByLabel('Account').fill('ada');
    await page.getByLabel('Password').fill("ada's password");
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('You are not signed in').waitFor();
    const done = await command.done;
    assert.equal(done.code, 1);
    assert.equal(done.stdout, '');
    const { error } = JSON.parse(done.stderr.trim().split('\n').at(-1) as string);
    assert.equal(error.code, 'sign_in.declined');
    assert.match(error.message, /declined .*the person said no/);
    assert.deepEqual(await desk.run(['whoami', '--json']), before);
    assert.equal((await desk.run(['token'])).code, 0);
  });

  test('asks for the password again with --fresh, whatever session the browser has', async () => {
    const page = await desk.page();
    assert.equal((await desk.signIn('ada', ['--gateway', house.url], { page })).code, 0);
    const command = desk.start(['sign-in', '--gateway', house.url, '--fresh', '--json']);
    const [, event] = await command.said(/^(\{"event":"browser".*\})$/m);
    await page.goto(JSON.parse(event).url); // the same browser, with its cookies
    await fillIn(page, 'ada');
    assert.equal((await command.done).code, 0);
  });

  test('gives Claude Code its token, and a turn goes through the gateway', async () => {
    assert.equal((await desk.signIn('ada', ['--gateway', house.url])).code, 0);
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-settings-'));
    try {
      const settings = join(folder, 'settings.json');
      writeFileSync(settings, JSON.stringify({ apiKeyHelper: `${binary} token` }));
      const { XDG_STATE_HOME, XDG_RUNTIME_DIR } = desk.env;
      const turn = await claudeCode('hello', {
        baseURL: house.url,
        args: ['--model', 'claude-sonnet-5', '--settings', settings],
        env: { XDG_STATE_HOME, XDG_RUNTIME_DIR },
      });
      assert.equal(turn.code, 0, turn.stdout + turn.stderr);
      assert.match(turn.stdout, /The gate is open/);
      const { opened } = await house.closed(house.foundry.last.id);
      assert.equal(opened.person.object_id, people.ada.oid);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is taken back in the middle of an answer to Claude Code, says so there, and heals by lifting and a new sign-in', async () => {
    assert.equal((await desk.signIn('ada', ['--gateway', house.url])).code, 0);
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-settings-'));
    const usual = house.foundry.answer;
    try {
      const settings = join(folder, 'settings.json');
      writeFileSync(settings, JSON.stringify({ apiKeyHelper: `${binary} token` }));
      const { XDG_STATE_HOME, XDG_RUNTIME_DIR } = desk.env;
      const turn = () =>
        claudeCode('tell me a long story', {
          baseURL: house.url,
          args: ['--model', 'claude-sonnet-5', '--settings', settings],
          env: { XDG_STATE_HOME, XDG_RUNTIME_DIR, CLAUDE_CODE_MAX_RETRIES: '1' },
        });
      const started = new Promise<void>((resolve) => {
        house.foundry.answer = (call) => {
          resolve();
          return sendEvents(
            call,
            textEvents(String(call.json.model), 'once upon '.repeat(400)),
            50,
          );
        };
      });
      const cut = turn();
      await started;
      const socket = ['--socket', join(house.directory, 'admin.sock'), '--json'];
      const key = `contoso/${tenantId}/${people.ada.oid}`;
      const revoked = await run(['revoke', 'user', key, '--reason', 'left', ...socket]);
      assert.equal(revoked.code, 0, revoked.stderr);
      const { id } = JSON.parse(revoked.stdout).revocations[0];
      const ended = await cut;
      assert.equal(ended.code, 1, ended.stdout);
      assert.match(ended.stdout, /Your organization has taken back your access to this gateway/);

      house.foundry.answer = usual;
      const token = await desk.run(['token']);
      assert.equal(token.code, 0, 'the provider knows nothing of it');
      assert.equal((await house.ask(token.stdout.trim(), question())).status, 401);
      assert.equal((await desk.signIn('ada', ['--gateway', house.url, '--fresh'])).code, 0);
      assert.equal((await turn()).code, 1, 'nor does a new sign-in help');

      assert.equal((await run(['revoke', 'lift', id, '--reason', 'back', ...socket])).code, 0);
      assert.equal((await desk.signIn('ada', ['--gateway', house.url, '--fresh'])).code, 0);
      const again = await turn();
      assert.equal(again.code, 0, again.stdout);
    } finally {
      house.foundry.answer = usual;
      rmSync(folder, { recursive: true });
    }
  });

  test('opens the browser from the credential helper when Claude Desktop says that a person waits, and never otherwise', async () => {
    assert.equal((await desk.signIn('ada', ['--gateway', house.url])).code, 0);
    house.tenant.tokenSeconds = 1;
    assert.equal((await desk.signIn('ada', ['--gateway', house.url])).code, 0);
    house.tenant.tokenSeconds = 3600;
    await desk.tokenEnded();
    house.tenant.forgetGrants();
    const before = desk.openedPages.length;
    for (const CLAUDE_HELPER_CONTEXT of [
      'mid-session-refresh',
      'scheduled-task',
      'setup-test',
      'background',
    ]) {
      const silent = await desk.run(['token'], { CLAUDE_HELPER_CONTEXT });
      assert.equal(silent.code, 1);
      assert.equal(silent.stdout, '');
      assert.match(silent.stderr, /Next: run `sallyport sign-in --gateway http:\S+`\.$/m);
    }
    assert.equal((await desk.run(['token'])).code, 1);
    assert.equal(desk.openedPages.length, before, 'no browser');

    const helper = desk.start(['token'], { CLAUDE_HELPER_CONTEXT: 'interactive' });
    const page = await desk.page();
    await page.goto(await desk.nextPage(before));
    await fillIn(page, 'ada');
    const done = await helper.done;
    assert.equal(done.code, 0, done.stderr);
    assert.equal((await house.ask(done.stdout.trim(), question())).status, 200);
  });
});
