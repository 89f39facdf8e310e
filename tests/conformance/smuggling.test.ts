// Heads and bodies that two programs may read differently. The same bytes go to the gateway and to
// Debian's nginx and HAProxy: what either of them refuses, ours refuses; whatever is sent, there is
// never an answer too many, and no second request reaches the provider out of one.
//
// Nearly all cases carry a whole valid request with a valid token where a laxer reader would see
// one. Without the neighbours (scripts/setup --test installs them) the other rules still hold.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { House, question } from '../harness/house.ts';
import { type Heard, Neighbour, Origin, speak } from '../harness/neighbours.ts';
import { value } from '../harness/wire.ts';
import { type Case, cases } from './smuggling_cases.ts';

interface Verdict extends Heard {
  reached: number;
}

const wantsNeighbours = process.env.SALLYPORT_NO_NEIGHBOURS !== '1';

describe('one request, one answer, whatever the bytes', () => {
  let house: House;
  let token: string;
  const doors: { name: string; neighbour: Neighbour; origin: Origin }[] = [];
  const table: string[][] = [];

  before(async () => {
    house = await House.open({ change: (config) => (config.limits = { head: '1s', body: '1s' }) });
    await house.ready();
    token = await house.token();
    for (const start of wantsNeighbours ? (['nginx', 'haproxy'] as const) : []) {
      const origin = await Origin.open();
      const neighbour = await Neighbour[start](origin);
      if (neighbour) doors.push({ name: start, neighbour, origin });
      else await origin.close();
    }
  });
  after(async () => {
    for (const { neighbour, origin } of doors) {
      await neighbour.close();
      await origin.close();
    }
    await house?.close();
    print(table);
  });

  test('the neighbours are here to compare with', (context) => {
    if (doors.length !== 2) context.skip('nginx and HAProxy are not both installed');
  });

  for (const one of cases) {
    test(`${one.group}: ${one.what}`, async () => {
      house.foundry.requests.length = 0;
      const bytes = one.bytes(token, question());
      const requests = one.requests ?? 1;
      const ours: Promise<Verdict> = speak({ host: '127.0.0.1', port: house.gateway.port }, bytes, requests)
        .then((heard) => ({ ...heard, reached: house.foundry.requests.length }));
      const others = doors.map(async ({ name, neighbour, origin }) => {
        origin.forget();
        const heard = await speak(neighbour.target, bytes, requests);
        return [name, { ...heard, reached: origin.reached }] as [string, Verdict];
      });
      const verdict = await ours;
      const peers = await Promise.all(others);
      table.push([
        `${one.group}: ${one.what}`,
        say(verdict),
        ...peers.map(([, peer]) => say(peer)),
      ]);
      judge(one, verdict);
      for (const [name, peer] of peers) {
        if (verdict.reached === 0 || one.laxer?.[name as 'nginx' | 'haproxy'] !== undefined) continue;
        assert.ok(peer.reached > 0, `${name} refuses this (${peer.answers}), ours sends it on`);
      }
      assert.deepEqual(house.foundry.refused, []);
    });
  }

  test('and after all this it serves', async () => {
    assert.equal((await house.ask(token, question())).status, 200);
  });

  /** What has to hold for ours with or without neighbours. */
  function judge(one: Case, ours: Verdict): void {
    const requests = one.requests ?? 1;
    assert.ok(!ours.silent, 'the connection hangs');
    assert.ok(ours.answers.length <= requests, `${ours.answers.length} answers: ${ours.answers}`);
    assert.ok(ours.reached <= (one.reach ?? requests), `${ours.reached} reached the provider`);
    for (const head of ours.heads) {
      assert.match(head.start, /^HTTP\/1\.1 \d{3} /);
      assert.equal(value(head, 'transfer-encoding') === undefined, value(head, 'content-length') !== undefined);
    }
    if (one.answers) assert.deepEqual(ours.answers, one.answers);
    if (one.ours === 'serves') {
      assert.equal(ours.answers[0], 200);
      const { body } = house.foundry.requests[0];
      assert.deepEqual(JSON.parse(body.toString()).messages, JSON.parse(question()).messages);
    }
    if (one.ours === 'refuses') {
      assert.equal(ours.reached, 0, `it was sent on and answered ${ours.answers}`);
      assert.ok(ours.answers.every((code) => code >= 400));
      assert.ok(!ours.open, 'what follows on the connection cannot be trusted');
    }
  }
});

/** For the table: the answers, or how the connection ended without one. */
function say(heard: Verdict): string {
  if (heard.silent) return 'silent';
  const [first, ...more] = heard.answers;
  if (first === undefined) return 'closed';
  return more.length > 2 && more.every((code) => code === first)
    ? `${first} x${heard.answers.length}`
    : heard.answers.join(' ');
}

function print(table: string[][]): void {
  const lines = [['case', 'ours', 'nginx', 'haproxy'], ...table];
  const width = (column: number) => Math.max(...lines.map((line) => (line[column] ?? '').length));
  const widths = [0, 1, 2, 3].map(width);
  for (const line of lines)
    console.log(line.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
}
