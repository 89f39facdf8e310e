// Access taken back: each kind of revocation against the running gateway, in the middle of streams
// and at the door, with the official client and a person who signed in at the identity provider.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { event, messageStart, streamHead, wellBehaved } from '../harness/answers.ts';
import { lineWhere } from '../harness/records.ts';
import type { Call } from '../harness/foundry.ts';
import { run, type Run } from '../harness/gateway.ts';
import { House, question, streamQuestion, requestFields } from '../harness/house.ts';
import { RawClient, type Reply } from '../harness/raw_client.ts';
import { refreshedAccessToken, signIn } from '../harness/sign_in.ts';
import { clientId, people, tenantId } from '../harness/tenant.ts';
import { chunk, type Fields, value, values, writeHead } from '../harness/wire.ts';

const ada = `contoso/${tenantId}/${people.ada.oid}`;
const grace = `contoso/${tenantId}/${people.grace.oid}`;

/** Sign-ins are told apart by the second. */
const nextSecond = () => sleep(1050 - (Date.now() % 1000));

/** A stream that goes on, word by word, until the peer leaves. */
async function endless(call: Call): Promise<void> {
  if (!call.streaming) return wellBehaved()(call);
  call.write(streamHead);
  call.chunk(messageStart('sonnet-prod'));
  call.chunk(event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }));
  while (call.goneAt === undefined && !call.socket.destroyed) {
    call.chunk(event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'on and on ' } }));
    await sleep(5);
  }
}

describe('a revocation', () => {
  let house: House;
  before(async () => {
    house = await House.open({
      change: (config) => {
        config.listen.workers = 2;
        config.issuers[0].clients.push('another-client');
      },
    });
    await house.ready();
  });
  beforeEach(() => {
    house.foundry.requests.length = 0;
    house.foundry.answer = endless;
  });
  after(() => house.close());

  const revoke = (...args: string[]): Promise<Run> =>
    run(['revoke', ...args, '--socket', join(house.directory, 'admin.sock')]);

  /** Revokes, and gives back what the answer says of the one revocation. */
  async function revoked(...args: string[]): Promise<any> {
    const done = await revoke(...args, '--json');
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout).revocations[0];
  }
  async function lift(id: string): Promise<void> {
    const done = await revoke('lift', id);
    assert.equal(done.code, 0, done.stderr);
  }

  /** A stream that is running: some of it has arrived. */
  async function running(token: string): Promise<{ client: RawClient; reply: Promise<Reply>; call: Call }> {
    const arrived = house.foundry.next();
    const client = await RawClient.connect(house.target);
    const some = new Promise<void>((resolve) => (client.onBody = () => resolve()));
    const reply = client.request('POST', '/v1/messages', requestFields(token), streamQuestion());
    reply.catch(() => {}); // a test that leaves it running closes it
    await some;
    return { client, reply, call: await arrived };
  }

  test('of a user cuts a running stream with an error event and refuses the next request', async () => {
    const token = await house.token();
    const other = await house.token('grace');
    const stream = await running(token);
    const bystander = await running(other);
    const done = await revoked('user', ada, '--reason', 'left the company');
    assert.equal(done.cut, 1);
    const reply = await stream.reply;
    assert.equal(reply.status, 200);
    assert.ok(reply.complete, 'the answer ends as HTTP wants it');
    const text = reply.body.toString();
    const last = text.trimEnd().split('\n\n').at(-1) ?? '';
    assert.match(last, /^event: error\ndata: /);
    const error = JSON.parse(last.slice(last.indexOf('data: ') + 6));
    assert.equal(error.error.type, 'authentication_error');
    assert.match(error.error.message, /taken back your access/);
    await stream.call.gone();
    const { closed } = await house.closed(stream.call.id);
    assert.equal(closed.outcome, 'cut_by_revocation');
    assert.equal(closed.revocation, done.id);
    assert.ok(closed.usage.output > 0, 'what was seen is counted');

    const refused = await house.ask(token, question());
    assert.equal(refused.status, 401);
    assert.equal(value(refused.head, 'x-should-retry'), 'false');
    assert.match(value(refused.head, 'www-authenticate') ?? '', /^Bearer error="invalid_token"/);
    assert.match(refused.json.error.message, /Signing in again does not help/);
    const fresh = await house.ask(await house.token(), question());
    assert.equal(fresh.status, 401, 'a fresh token does not help');
    assert.equal((await house.ask(other, question())).status, 200);
    bystander.client.close();
    await lift(done.id);
    assert.equal((await house.ask(token, question())).status, 200);
  });
  test('of sign-ins is healed by a new sign-in and not by a silent refresh', async () => {
    const first = await signIn(house.tenant, 'grace');
    const stream = await running(first.accessToken);
    const done = await revoked('sign-ins', grace, '--reason', 'lost laptop');
    assert.equal(done.cut, 1);
    assert.match((await stream.reply).body.toString(), /event: error\ndata: .*sign in again/);
    const refreshed = await refreshedAccessToken(first.config, first.refreshToken);
    const refused = await house.ask(refreshed.accessToken, question());
    assert.equal(refused.status, 401, 'a silent refresh does not bring access back');
    assert.match(refused.json.error.message, /ended your sign-ins at \d{4}-.* UTC\. Sign out and sign in again.*sallyport sign-in --fresh/);
    await nextSecond();
    const again = await signIn(house.tenant, 'grace');
    assert.equal((await house.ask(again.accessToken, question())).status, 200);
    assert.equal((await house.ask(first.accessToken, question())).status, 401, 'the old one stays out');
    await lift(done.id);
    assert.equal((await house.ask(first.accessToken, question())).status, 200);
  });

  test('of a user holds against refresh and sign-in until it is lifted', async () => {
    const first = await signIn(house.tenant, 'grace');
    const stream = await running(first.accessToken);
    const done = await revoked('user', 'Grace Murray');
    assert.equal(done.target, grace, 'the name of the one person seen with it');
    assert.equal(done.cut, 1);
    await stream.reply;
    const refreshed = await refreshedAccessToken(first.config, first.refreshToken);
    assert.equal((await house.ask(refreshed.accessToken, question())).status, 401);
    await nextSecond();
    const again = await signIn(house.tenant, 'grace');
    assert.equal((await house.ask(again.accessToken, question())).status, 401);
    await lift(done.id);
    assert.equal((await house.ask(again.accessToken, question())).status, 200);
  });

  test('ends by itself where it has an end', async () => {
    const token = await house.token();
    await revoked('user', ada, '--until', '2s');
    assert.equal((await house.ask(token, question())).status, 401);
    const end = performance.now() + 10_000;
    while ((await house.ask(token, question())).status !== 200) {
      assert.ok(performance.now() < end, 'it does not end');
      await sleep(50);
    }
    const ended = await lineWhere(house.auditDirectory, (line) => line.details?.what === 'ended');
    assert.equal(ended.details.target, ada);
  });

  for (const [what, args, claims] of [
    ['session', ['session', 'session-7', '--issuer', 'contoso'], { sid: 'session-7' }],
    ['session of a person', ['session', 'session-7', '--user', ada], { sid: 'session-7' }],
    ['token', ['token', 'uti-7'], { uti: 'uti-7' }],
    ['client', ['client', 'another-client'], { azp: 'another-client' }],
    ['group', ['group', 'group-7'], { groups: ['group-7'] }],
  ] as const) {
    test(`of a ${what} concerns its requests and no others`, async () => {
      const token = await house.tenant.mint('ada', claims);
      const other = await house.token('ada');
      assert.equal((await house.ask(token, question())).status, 200);
      const stream = await running(token);
      const bystander = await running(other);
      const done = await revoked(...args);
      assert.equal(done.cut, 1);
      assert.match((await stream.reply).body.toString(), /event: error\ndata: .*authentication_error/);
      assert.equal((await house.ask(token, question())).status, 401);
      assert.equal((await house.ask(other, question())).status, 200);
      bystander.client.close();
      await lift(done.id);
      assert.equal((await house.ask(token, question())).status, 200);
    });
  }

  test('of everybody is healed by each new sign-in', async () => {
    const token = await house.token('ada');
    const done = await revoked('all', '--reason', 'stolen key');
    assert.equal((await house.ask(token, question())).status, 401);
    await nextSecond();
    const signedIn = await house.tenant.mint('ada', { auth_time: Math.floor(Date.now() / 1000) });
    assert.equal((await house.ask(signedIn, question())).status, 200);
    await lift(done.id);
  });

  test('before any byte of the answer is a plain 401, and the provider is not kept waiting', async () => {
    house.foundry.answer = (call) => call.gone();
    const arrived = house.foundry.next();
    const token = await house.token();
    const reply = house.ask(token, streamQuestion());
    const call = await arrived;
    const done = await revoked('user', ada);
    assert.equal(done.cut, 1);
    const answer = await reply;
    assert.equal(answer.status, 401);
    assert.equal(value(answer.head, 'connection'), 'close');
    await call.gone();
    const { closed } = await house.closed(call.id);
    assert.deepEqual([closed.status, closed.outcome], [401, 'cut_by_revocation']);
    await lift(done.id);
  });

  test('finds an exchange whose body is still on its way', async () => {
    const token = await house.token();
    const client = await RawClient.connect(house.target);
    const fields: Fields = [...requestFields(token), ['Host', 'gateway.test'], ['Content-Length', '100000']];
    client.write(Buffer.concat([writeHead('POST /v1/messages HTTP/1.1', fields), Buffer.from('{"model":')]));
    const reply = client.reply();
    let done = { cut: 0, id: '' };
    for (let n = 0; n < 200 && done.cut === 0; n += 1) {
      if (done.id) await lift(done.id); // it came before the head had arrived
      done = await revoked('user', ada);
    }
    assert.equal(done.cut, 1);
    const answer = await reply;
    assert.equal(answer.status, 401);
    assert.match(answer.json.error.message, /taken back your access/);
    assert.equal(house.foundry.requests.length, 0);
    client.close();
    await lift(done.id);
  });

  test('cuts an answer that is no stream and one whose provider never pauses', async () => {
    const token = await house.token();
    const big = Buffer.alloc(64 << 10, 'x').toString();
    house.foundry.answer = async (call) => {
      call.write(streamHead);
      call.chunk(messageStart('sonnet-prod'));
      const delta = event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: big } });
      while (await call.push(chunk(delta)));
    };
    const stream = await running(token);
    house.foundry.answer = (call) => call.gone();
    const arrived = house.foundry.next();
    const whole = house.ask(token, question());
    await arrived;
    const done = await revoked('user', ada);
    assert.equal(done.cut, 2);
    assert.equal((await whole).status, 401);
    assert.match((await stream.reply).body.toString().slice(-400), /event: error/);
    await stream.call.gone();
    await lift(done.id);
  });

  test('does not wait for a client that has stopped reading', async () => {
    const token = await house.token();
    const big = Buffer.alloc(64 << 10, 'x').toString();
    house.foundry.answer = async (call) => {
      call.write(streamHead);
      call.chunk(messageStart('sonnet-prod'));
      const delta = event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: big } });
      while (await call.push(chunk(delta)));
    };
    const stream = await running(token);
    stream.client.socket.pause();
    await sleep(300); // until nothing moves any more
    const done = await revoked('user', ada);
    assert.equal(done.cut, 1);
    await stream.call.gone();
    const { closed } = await house.closed(stream.call.id);
    assert.equal(closed.outcome, 'cut_by_revocation');
    stream.client.close();
    await lift(done.id);
  });

  test('asks a client that understands it for newer claims, beside the plain answer', async () => {
    const token = await house.tenant.mint('ada', { xms_cc: ['CP1'] });
    const done = await revoked('user', ada);
    const refused = await house.ask(token, question());
    const [plain, challenge] = values(refused.head, 'www-authenticate');
    assert.equal(plain, 'Bearer error="invalid_token"');
    const found = /^Bearer realm="([^"]+)", authorization_uri="([^"]+)", error="insufficient_claims", claims="([^"]+)"$/.exec(challenge);
    assert.ok(found, challenge);
    assert.equal(found[1], tenantId);
    assert.match(found[2], /\/oauth2\/v2\.0\/authorize$/);
    const claims = JSON.parse(Buffer.from(found[3], 'base64').toString());
    assert.equal(claims.access_token.nbf.essential, true);
    assert.ok(Math.abs(Number(claims.access_token.nbf.value) - Date.now() / 1000) < 60);
    assert.equal(values((await house.ask(await house.token(), question())).head, 'www-authenticate').length, 1);
    await lift(done.id);
  });

  test('says what is wrong with what it is asked, and changes nothing', async () => {
    const before = JSON.parse((await revoke('list', '--json')).stdout).revocations.length;
    for (const [code, args, says] of [
      [2, ['user', 'Nobody'], /nobody named Nobody was seen/],
      [2, ['user', `contoso/${tenantId}/ada`], /no object id/],
      [2, ['user', ada, '--until', 'tomorrow'], /"tomorrow" is no time/],
      [2, ['user', ada, '--until', '2001-01-01'], /has passed/],
      [2, ['session', 'x'], /--issuer NAME or --user USER/],
      [2, ['client', 'x', '--issuer', 'nobody'], /name one of: contoso/],
      [1, ['session', 'x', '--user', `contoso/${tenantId}/${people.mallory.oid}`], /carried `sid`/],
      [1, ['lift', '00000000-0000-7000-8000-000000000000'], /no revocation .* is in force/],
    ] as const) {
      const done = await revoke(...args);
      assert.equal(done.code, code, `${args.join(' ')}: ${done.stderr}`);
      assert.match(done.stderr, says);
      assert.equal(done.stdout, '');
    }
    assert.equal(JSON.parse((await revoke('list', '--json')).stdout).revocations.length, before);
    const noted = await revoked('user', `contoso/${tenantId}/${people.mallory.oid}`);
    assert.match(noted.note, /nobody with this key/);
    await lift(noted.id);
  });

  test('is told by the record in the order of time', async () => {
    const token = await house.token();
    const stream = await running(token);
    const done = await revoked('user', ada, '--reason', 'left the company');
    await stream.reply;
    await house.closed(stream.call.id);
    await house.ask(token, question());
    await house.ask(token, question());
    await lift(done.id);
    const found = await run(['audit', 'show', '--directory', house.auditDirectory, '--revocation', done.id, '--json']);
    assert.equal(found.code, 0, found.stderr);
    const story = JSON.parse(found.stdout);
    assert.deepEqual(
      story.steps.map((step: any) => step.what),
      ['last_admitted', 'revoked', 'cut', 'first_refused', 'refused', 'lifted'],
    );
    assert.deepEqual([story.cut, story.refused], [1, 2]);
    assert.equal(story.steps[0].request, stream.call.id);
    assert.match(story.steps[1].text, /by root|by .* \(uid \d+\)|by uid/);
    assert.match(story.steps[1].text, /left the company/);
    assert.equal(story.steps[2].request, stream.call.id);
    const text = await run(['audit', 'show', '--directory', house.auditDirectory, '--revocation', done.id]);
    assert.match(text.stdout, /1 running answers cut, 2 requests refused/);
    const unknown = await run(['audit', 'show', '--directory', house.auditDirectory, '--revocation', 'nobody']);
    assert.equal(unknown.code, 1);
    assert.equal((await run(['audit', 'verify', '--directory', house.auditDirectory])).code, 0);
  });

  test('shows in status and metrics', async () => {
    const done = await revoked('user', ada);
    const status = JSON.parse((await run(['status', '--socket', join(house.directory, 'admin.sock'), '--json'])).stdout);
    assert.equal(status.revocations.in_force, 1);
    assert.ok(status.revocations.cut > 0);
    const metrics = (await house.scrape('/metrics')).body.toString();
    assert.match(metrics, /^sallyport_revocations_in_force 1$/m);
    assert.match(metrics, /^sallyport_revocations_total\{change="revoked"\} [1-9]/m);
    assert.match(metrics, /^sallyport_revocations_cut_total [1-9]/m);
    await lift(done.id);
  });

  test('is not lost when somebody reads the store beside the gateway', async () => {
    // Were it the last one to close the file, it would throw the write-ahead log away.
    const store = join(house.directory, 'state.db');
    execFileSync('sqlite3', [store, 'SELECT count(*) FROM people']);
    const token = await house.token();
    const done = await revoked('user', ada);
    await house.gateway.kill();
    await house.start();
    await house.ready();
    assert.equal((await house.ask(token, question())).status, 401);
    await lift(done.id);
  });

  test('takes ids as portals show them, and knows the tenant of its issuer', async () => {
    const token = await house.token();
    for (const [kind, target] of [
      ['client', clientId.toUpperCase()],
      ['user', `contoso/${people.ada.oid}`],
    ]) {
      const done = await revoked(kind, target);
      assert.equal((await house.ask(token, question())).status, 401, `${kind} ${target}`);
      await lift(done.id);
    }
    const spaced = await revoke('client', `${clientId} `);
    assert.equal(spaced.code, 2, spaced.stderr);
    assert.match(spaced.stderr, /white space/);
  });

  test('survives a restart and kill -9, and a store that is gone leaves it in force', async () => {
    const token = await house.token();
    const done = await revoked('user', ada, '--reason', 'for good');
    await house.gateway.kill();
    await house.start();
    await house.ready();
    assert.equal((await house.ask(token, question())).status, 401);
    const [listed] = JSON.parse((await revoke('list', '--json')).stdout).revocations;
    assert.equal(listed.id, done.id);
    assert.equal(listed.reason, 'for good');

    const file = join(house.directory, 'state.db');
    renameSync(file, `${file}.aside`);
    const failed = await revoke('user', grace);
    assert.equal(failed.code, 3);
    assert.match(failed.stderr, /nothing was changed/);
    assert.equal((await revoke('lift', done.id)).code, 3);
    await house.gateway.logged('revocation.store_gone');
    assert.equal((await house.ask(token, question())).status, 401, 'the last state stays in force');
    assert.equal((await house.ask(await house.token('grace'), question())).status, 200);
    assert.equal((await house.get('/readyz')).status, 200);
    const status = await run(['status', '--socket', join(house.directory, 'admin.sock')]);
    assert.match(status.stdout, /NOTHING CAN BE REVOKED/);
    renameSync(`${file}.aside`, file);
    await house.gateway.logged('revocation.store_back');
    await lift(done.id);
    assert.equal((await house.ask(token, question())).status, 200);
  });
});
