// No credential anywhere: a canary token and a canary key are searched for in everything that a run
// leaves behind, and the memory of the process cannot be taken by the user that it runs as.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { event, fromFile, json, stream, textEvents, wellBehaved } from '../harness/answers.ts';
import { filesUnder, leaks, type Place } from '../harness/canary.ts';
import { broken } from '../harness/forge.ts';
import { run } from '../harness/gateway.ts';
import { House, question, streamQuestion } from '../harness/house.ts';
import { RawClient, type Reply } from '../harness/raw_client.ts';
import { value } from '../harness/wire.ts';

const root = process.getuid?.() === 0;
const nobody = 65534;

describe('the search', () => {
  test('finds a secret in clear and in disguise, or this file proves nothing', () => {
    const secret = randomBytes(30).toString('base64url');
    for (const bytes of [
      secret,
      `xx${secret}yy`,
      Buffer.from(`key=${secret};`).toString('base64'),
      Buffer.from(`a${secret}`).toString('base64'),
      Buffer.from(secret).toString('hex'),
      secret.slice(0, 26),
    ]) {
      assert.equal(
        leaks([{ name: 'log', bytes: Buffer.from(bytes) }], { secret }).length,
        1,
        bytes,
      );
    }
    assert.deepEqual(leaks([{ name: 'log', bytes: randomBytes(10_000) }], { secret }), []);
  });
});

describe('a credential', () => {
  test("is nowhere after a day's work: not upstream, not in logs, records, metrics, status or answers", async () => {
    const key = `canary-key-${randomBytes(24).toString('base64url')}`;
    const house = await House.open({ foundry: { key } });
    try {
      await house.ready();
      const good = await house.token();
      const forged = broken(good, 1);
      const refused = await house.token('mallory');
      const cookie = `canary-cookie-${randomBytes(24).toString('base64url')}`;
      const proxy = `canary-proxy-${randomBytes(24).toString('base64url')}`;
      const words = `canary words ${randomBytes(24).toString('base64url')}`;
      const replies: Reply[] = [];
      const say = async (token: string, body: string | Buffer) =>
        replies.push(
          await house.ask(token, body, [
            ['Cookie', cookie],
            ['Proxy-Authorization', `Basic ${proxy}`],
            ['x-api-key', token],
          ]),
        );
      for (const token of [good, forged, refused]) {
        for (const body of [
          question('claude-sonnet-5', { system: words }),
          streamQuestion(),
          question('not-a-model', { system: words }),
          `{"system":"${words}", broken`,
        ])
          await say(token, body);
      }
      for (const file of [
        '401-foundry-bad-key',
        '403-foundry-rbac',
        '429-foundry-rate-limit',
        '500-upstream',
      ]) {
        house.foundry.answer = fromFile(`errors/${file}.http`);
        await say(good, question());
      }
      // a provider that repeats the credential in its error
      for (const status of [
        '401 Unauthorized',
        '403 Forbidden',
        '429 Too Many Requests',
        '500 Internal Server Error',
      ]) {
        house.foundry.answer = json(
          { error: { code: 'odd', message: `The key ${key} is not valid` } },
          [],
          `HTTP/1.1 ${status}`,
        );
        await say(good, question());
      }
      house.foundry.answer = (call) => call.die('reset');
      await say(good, streamQuestion());
      house.foundry.answer = wellBehaved();
      // a client that speaks bad HTTP with a good token in it
      const raw = await RawClient.connect(house.target);
      raw.write(
        `POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${good}\r\nBad Header: ${good}\r\n\r\n`,
      );
      replies.push(
        ...(await raw.reply().then(
          (reply) => [reply],
          () => [],
        )),
      );
      raw.close();
      replies.push(
        await house.get(`/v1/models?access_token=${good}`, [['Authorization', `Bearer ${good}`]]),
      );
      const metrics = await house.scrape('/metrics');
      const status = await run([
        'status',
        '--socket',
        join(house.directory, 'admin.sock'),
        '--json',
      ]);
      const shown = await run(['audit', 'show', '--directory', house.auditDirectory, '--json']);
      house.gateway.process.kill('SIGHUP');
      await house.gateway.logged('config.reloaded');
      assert.equal(await house.gateway.stop(), 0);

      const withKey = (places: Place[]) =>
        places.filter((place) => !place.name.endsWith('/foundry-key'));
      const places: Place[] = [
        { name: 'stderr', bytes: Buffer.from(house.gateway.stderr) },
        { name: 'stdout', bytes: Buffer.from(house.gateway.stdout) },
        { name: 'metrics', bytes: metrics.body },
        { name: 'status', bytes: Buffer.from(status.stdout + status.stderr) },
        { name: 'audit show', bytes: Buffer.from(shown.stdout + shown.stderr) },
        ...replies.map((reply, n) => ({
          name: `answer ${n}`,
          bytes: Buffer.concat([reply.head.raw, reply.body]),
        })),
        ...withKey(filesUnder(house.directory)),
      ];
      const people = {
        'the good token': good,
        'the forged token': forged,
        'the refused token': refused,
        'the cookie': cookie,
        "the proxy's password": proxy,
      };
      assert.deepEqual(
        leaks(places, { ...people, "the provider's key": key, 'what was said': words }),
        [],
      );
      const upstream = house.foundry.requests.map((call, n) => ({
        name: `upstream request ${n}`,
        bytes: Buffer.concat([call.head.raw, call.body]),
      }));
      assert.ok(upstream.length >= 6);
      assert.deepEqual(leaks(upstream, people), []);
      assert.ok(
        replies.length > 15 && house.records().length > 10,
        'there was something to search in',
      );
    } finally {
      await house.close();
    }
  });

  test('a stream that holds the key is cut before it, wherever it is cut, and whatever its size', async () => {
    const house = await House.open();
    try {
      await house.ready();
      const token = await house.token();
      const key = house.foundry.key;
      const delta = (text: string) =>
        event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
      const start = textEvents('sonnet-prod', 'word')[0];
      for (const size of [0, 200_000]) {
        const leak = delta(`${'.'.repeat(size)}the key is ${key}, do not tell`);
        const bytes = Buffer.concat([start, delta('before'), leak, delta('behind')]);
        const at = bytes.indexOf(key);
        for (const cut of [undefined, at, at + 1, at + key.length - 1, at + key.length]) {
          house.foundry.answer = stream(bytes, { cuts: cut === undefined ? [] : [cut], pause: 5 });
          const reply = await house.ask(token, streamQuestion());
          const text = reply.body.toString();
          assert.equal(reply.status, 200);
          assert.ok(reply.complete);
          assert.ok(!text.includes(key.slice(0, 3)), `${size} ${cut}: a part of the key went out`);
          assert.ok(!text.includes('behind'));
          assert.match(text, /event: error\ndata: .*\n\n$/);
          const { closed } = await house.closed(value(reply.head, 'x-request-id') ?? '');
          assert.equal(closed.outcome, 'upstream_error');
        }
      }
      await house.gateway.logged('upstream.repeats_credential');
      assert.ok(!house.gateway.stderr.includes(key));
      // What only begins like it goes through, byte for byte.
      const almost = Buffer.concat([start, delta(key.slice(0, -1)), event('message_stop')]);
      const end = almost.indexOf(key.slice(0, -1)) + key.length - 1;
      house.foundry.answer = stream(almost, { cuts: [end - 3, end], pause: 5 });
      const reply = await house.ask(token, streamQuestion());
      assert.ok(reply.body.toString().includes(key.slice(0, -1)));
      assert.match(reply.body.toString(), /message_stop/);
    } finally {
      await house.close();
    }
  });

  test("leaves no core, and the memory cannot be opened by the gateway's own user", async () => {
    const user = root ? { uid: nobody, gid: nobody } : {}; // root may open everything
    const house = await House.open({
      start: false,
      gateway: { ...user, before: 'ulimit -c unlimited; cd "$(dirname "$3")/cores";' },
    });
    try {
      const cores = join(house.directory, 'cores');
      mkdirSync(cores);
      for (const path of [house.directory, cores, join(house.directory, 'foundry-key')])
        if (root) chownSync(path, nobody, nobody);
      await house.start();
      await house.ready();
      assert.equal((await house.ask(await house.token(), question())).status, 200);

      const pid = house.gateway.pid;
      const asItself = (script: string) =>
        spawnSync('/bin/sh', ['-c', script], { ...user, encoding: 'utf8' });
      const own = asItself('dd if=/proc/self/mem of=/dev/null bs=1 count=0 2>&1 && echo opened');
      assert.match(
        own.stdout,
        /opened/,
        'this user can open its own memory, so the next line means something',
      );
      for (const file of ['mem', 'environ', 'maps', 'pagemap']) {
        const got = asItself(`exec 3< /proc/${pid}/${file} && echo opened`);
        assert.doesNotMatch(got.stdout, /opened/, `/proc/PID/${file} can be opened`);
      }
      house.gateway.process.kill('SIGABRT');
      assert.equal(await house.gateway.ended, 134);
      assert.deepEqual(readdirSync(cores), [], 'a core was left');
      assert.ok(!existsSync(join(house.directory, 'core')));
    } finally {
      await house.close();
    }
  });
});
