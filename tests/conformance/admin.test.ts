// The administrator's side: status over the local socket, metrics on the loopback port, the record
// read and checked by the command line.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { json } from '../harness/answers.ts';
import { binary, run } from '../harness/gateway.ts';
import { House, question, requestFields, streamQuestion } from '../harness/house.ts';
import { ask } from '../harness/raw_client.ts';
import { people } from '../harness/tenant.ts';
import { value } from '../harness/wire.ts';

describe('the administrator', () => {
  let house: House;
  let id: string;
  before(async () => {
    house = await House.open();
    await house.ready();
    const token = await house.token();
    await house.ask(token, question());
    id = value((await house.ask(token, streamQuestion())).head, 'x-request-id') ?? '';
    await house.ask('opensesame', question());
    await house.closed(id);
  });
  after(() => house.close());

  test('sees what the gateway knows of itself', async () => {
    const text = await run(['status', '--socket', join(house.directory, 'admin.sock')]);
    assert.equal(text.code, 0, text.stderr);
    for (const word of ['contoso', 'foundry', String(house.gateway.pid)])
      assert.match(text.stdout, new RegExp(word));
    const found = await run(['status', '--socket', join(house.directory, 'admin.sock'), '--json']);
    const status = JSON.parse(found.stdout);
    assert.equal(status.pid, house.gateway.pid);
    assert.equal(status.ready, true);
    assert.equal(status.issuers[0].name, 'contoso');
    assert.ok(status.issuers[0].keys >= 1);
    assert.ok(!found.stdout.includes(house.foundry.key) && !found.stdout.includes(people.ada.oid));
  });

  test('can compare where each chain ends with what the record holds', async () => {
    const socket = join(house.directory, 'admin.sock');
    const { audit } = JSON.parse((await run(['status', '--socket', socket, '--json'])).stdout);
    const read = await run(['audit', 'verify', '--directory', house.auditDirectory, '--json']);
    const heads = new Map<string, { seq: number; hash: string }>();
    for (const chain of JSON.parse(read.stdout).chains) heads.set(chain.chain, chain.head);
    assert.ok(audit.chains.length > 0);
    for (const chain of audit.chains) {
      assert.deepEqual({ seq: chain.sequence, hash: chain.hash }, heads.get(chain.chain));
    }
    const page = await run(['status', '--socket', socket]);
    const text = await run(['audit', 'verify', '--directory', house.auditDirectory]);
    for (const { hash } of audit.chains) {
      for (const shown of [page, text]) assert.ok(shown.stdout.includes(hash), shown.stdout);
    }
  });

  test(
    'is alone at the socket: another user is turned away, whatever its mode',
    { skip: process.getuid?.() === 0 ? false : 'needs root, to be another user' },
    async () => {
      const socket = join(house.directory, 'admin.sock');
      const mine = statSync(house.directory).mode;
      assert.equal(statSync(socket).mode & 0o777, 0o600);
      const program = join(house.directory, 'sallyport');
      copyFileSync(binary, program);
      chmodSync(program, 0o755);
      const nobody = { uid: 65534, gid: 65534, encoding: 'utf8', cwd: '/' } as const;
      try {
        chmodSync(house.directory, 0o755);
        const closed = spawnSync(program, ['status', '--socket', socket], nobody);
        assert.equal(closed.status, 3, closed.stdout + closed.stderr);
        assert.match(closed.stderr, /may not be opened. Next: /);
        chmodSync(socket, 0o666);
        const open = spawnSync(program, ['status', '--socket', socket], nobody);
        assert.equal(open.status, 3, open.stdout + open.stderr);
        assert.equal(open.stdout, '');
        assert.match(open.stderr, /Next: /);
      } finally {
        chmodSync(socket, 0o600);
        chmodSync(house.directory, mine);
      }
      await house.gateway.logged('admin.peer_refused');
    },
  );

  test('is told that a folder holds no record, instead of that nothing happened', async () => {
    for (const more of [[], ['--revocation', 'x'], ['--person', 'ada', '--json']]) {
      const found = await run(['audit', 'show', '--directory', join(house.directory, '..'), ...more]);
      assert.equal(found.code, 2, found.stdout);
      assert.equal(found.stdout, '');
      assert.match(found.stderr, /there is no audit record in .*audit\.directory/);
    }
  });

  test('is told when no gateway runs', async () => {
    const found = await run(['status', '--socket', join(house.directory, 'nobody.sock')]);
    assert.equal(found.code, 3, found.stdout);
    assert.notEqual(found.stderr, '');
  });

  test('reads metrics that Prometheus can read', async () => {
    const reply = await house.scrape('/metrics');
    assert.equal(reply.status, 200);
    assert.match(value(reply.head, 'content-type') ?? '', /^text\/plain/);
    const seen = new Set<string>();
    for (const line of reply.body.toString().trimEnd().split('\n')) {
      if (line.startsWith('# TYPE ') || line.startsWith('# HELP ')) continue;
      assert.match(
        line,
        /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="(\\.|[^"\\])*",?)*\})? [-+0-9.eEInfNa]+$/,
      );
      const series = line.slice(0, line.lastIndexOf(' '));
      assert.ok(!seen.has(series), `${series} twice`);
      seen.add(series);
    }
    assert.ok(
      [...seen].some((series) => series.startsWith('sallyport_')),
      [...seen].join(),
    );
  });

  test('has exactly the metrics that docs/metrics.md describes', async () => {
    const reply = await house.scrape('/metrics');
    const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');
    const names = (text: string, pattern: RegExp) =>
      [...new Set([...text.matchAll(pattern)].map((found) => found[1]))].sort();
    assert.deepEqual(
      names(reply.body.toString(), /^# TYPE (\S+)/gm),
      names(page, /^\| `(\S+)` \|/gm),
    );
  });

  test("a page elsewhere cannot read them through the administrator's browser", async () => {
    for (const host of [
      'attacker.example',
      'localhost.attacker.example',
      '127.0.0.1.attacker.example',
    ]) {
      const reply = await house.scrape('/metrics', host);
      assert.notEqual(reply.status, 200, host);
    }
  });

  test("the administrator's port serves nothing of the data plane", async () => {
    const reply = await ask(
      { port: house.gateway.metricsPort },
      'POST',
      '/v1/messages',
      [['Authorization', `Bearer ${await house.token()}`]],
      question(),
    );
    assert.ok(
      reply.status === 404 || reply.status === 403 || reply.status === 421,
      reply.head.start,
    );
  });

  test('shows the two lines of a request', async () => {
    const found = await run([
      'audit',
      'show',
      '--directory',
      house.auditDirectory,
      '--id',
      id,
      '--json',
    ]);
    assert.equal(found.code, 0, found.stderr);
    const [row] = JSON.parse(found.stdout).rows;
    assert.deepEqual(
      [row.id, row.record.type, row.end.type, row.outcome],
      [id, 'opened', 'closed', 'complete'],
    );
    const text = await run(['audit', 'show', '--directory', house.auditDirectory]);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /claude-sonnet-5/);
  });

  test('verifies the chains while they are written', async () => {
    const found = await run(['audit', 'verify', '--directory', house.auditDirectory]);
    assert.equal(found.code, 0, `${found.stdout}${found.stderr}`);
  });

  test('is told the place where somebody changed the record', async () => {
    const token = await house.token();
    for (let n = 0; n < 10; n += 1) await house.ask(token, question());
    await house.gateway.stop();
    assert.equal((await run(['audit', 'verify', '--directory', house.auditDirectory])).code, 0);
    const files = readdirSync(house.auditDirectory).filter((name) => name.endsWith('.jsonl'));
    for (const [what, change] of [
      [
        'a word changed',
        (lines: string[]) =>
          lines.map((line, n) =>
            n === lines.length - 2 ? line.replace('"worker":"', '"worker":"9') : line,
          ),
      ],
      ['a line taken out', (lines: string[]) => lines.filter((_, n) => n !== 1)],
      [
        'two lines exchanged',
        (lines: string[]) => [lines[0], lines[2], lines[1], ...lines.slice(3)],
      ],
    ] as [string, (lines: string[]) => string[]][]) {
      const file = files.find(
        (name) =>
          readFileSync(join(house.auditDirectory, name), 'utf8').split('"closed"').length > 5,
      )!;
      const path = join(house.auditDirectory, file);
      const before = readFileSync(path, 'utf8');
      writeFileSync(path, change(before.split('\n')).join('\n'));
      assert.notEqual(readFileSync(path, 'utf8'), before, what);
      const found = await run(['audit', 'verify', '--directory', house.auditDirectory]);
      assert.equal(found.code, 1, `${what}: ${found.stdout}${found.stderr}`);
      assert.ok(`${found.stdout}${found.stderr}`.includes(file), `${what}: names the file`);
      writeFileSync(path, before);
    }
    assert.equal((await run(['audit', 'verify', '--directory', house.auditDirectory])).code, 0);
  });
});

test('a log for a terminal carries no control characters of anybody', async () => {
  const house = await House.open();
  const wild = '\u009b2J\u0007\b\u007f\u202e';
  try {
    await house.ready();
    const token = await house.token();
    await house.gateway.stop();
    const args = ['gateway', '--config', house.gateway.configFile, '--log', 'text'];
    const gateway = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      let said = '';
      gateway.stderr.on('data', (bytes: Buffer) => {
        said += bytes.toString('latin1');
      });
      const seen = async (what: RegExp): Promise<RegExpExecArray> => {
        for (;;) {
          const found = what.exec(said);
          if (found) return found;
          await once(gateway.stderr, 'data');
        }
      };
      const port = Number((await seen(/gateway\.listening.*?port=(\d+)/))[1]);
      while ((await ask({ port }, 'GET', '/readyz', [])).status !== 200);
      house.foundry.answer = json(
        { error: { code: `odd${wild}`, message: wild } },
        [],
        'HTTP/1.1 400 Bad Request',
      );
      for (const model of ['claude-sonnet-5', `m${wild}`]) {
        const fields = requestFields(token);
        await ask({ port }, 'POST', '/v1/messages', fields, question(model));
      }
      await seen(/upstream\.error.*provider_code/);
      await seen(/request\.refused.*model/);
      assert.doesNotMatch(said, /[\x00-\x08\x0b-\x1f\x7f\x9b]|\xe2\x80\xae/);
    } finally {
      gateway.kill('SIGTERM');
      await once(gateway, 'close');
    }
  } finally {
    await house.close();
  }
});
