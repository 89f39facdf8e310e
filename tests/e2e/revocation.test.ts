// Access taken back: each kind of revocation against the running gateway, in the middle of streams
// and at the door, with the official client and a person who signed in at the identity provider.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { event, messageStart, streamHead, wellBehaved } from '../harness/answers.ts';
import type { Call } from '../harness/foundry.ts';
import { run, type Run } from '../harness/gateway.ts';
import { House, question, streamQuestion, requestFields } from '../harness/house.ts';
import { RawClient, type Reply } from '../harness/raw_client.ts';
import { people, tenantId } from '../harness/tenant.ts';
import { value } from '../harness/wire.ts';

const ada = `contoso/${tenantId}/${people.ada.oid}`;

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
});
