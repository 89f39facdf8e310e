// A stranger's file is parsed in a process of its own: what the release program's child answers, and
// what the kernel says that it may do before it has read a byte. How the parent ends a child that
// loops, eats memory, asks for a socket or falls: src/base/confined_run_test.cc.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { binary, run } from '../harness/gateway.ts';

const MiB = 1 << 20;
const golden = join(import.meta.dirname, '../golden/formats/ordinary');
/** Sanitizers leave out the filter and the bound on memory (base/confined_child.h). */
const partial = /\/(check|asan|tsan)\//.test(binary) && 'sanitizers leave a part of it out';

function words(kind = 'profile', parent = process.pid): string[] {
  return ['parse-child', kind, String(256 * MiB), '5', String(parent)];
}

/** As base/confined_run starts it: no environment, the file as stdin. */
function parse(input: Buffer | string, args = words()) {
  const child = spawnSync(binary, args, { input, env: {}, cwd: '/', timeout: 20_000, maxBuffer: 64 * MiB });
  return {
    code: child.status,
    signal: child.signal,
    stdout: child.stdout.toString(),
    stderr: child.stderr.toString(),
  };
}

function status(child: ChildProcess): Map<string, string> {
  const lines = readFileSync(`/proc/${child.pid}/status`, 'utf8').split('\n');
  return new Map(lines.map((line) => line.split(':\t') as [string, string]));
}

/** The limit as `/proc/PID/limits` names it: [soft, hard]. */
function limits(child: ChildProcess, name: string): string[] {
  const text = readFileSync(`/proc/${child.pid}/limits`, 'utf8');
  const found = new RegExp(`^${name} +(\\S+) +(\\S+)`, 'm').exec(text);
  return [found?.[1] ?? '', found?.[2] ?? ''];
}

describe('a file that is parsed in a process of its own', () => {
  const formats: [file: string, format: string][] = [
    ['mobileconfig.claude-desktop.mobileconfig', 'mobileconfig'],
    ['reg.claude-desktop.reg', 'reg'],
    ['linux.managed-settings.json', 'linux'],
    ['bootstrap.bootstrap.json', 'bootstrap'],
    ['jamf.com.anthropic.claudefordesktop.plist', 'jamf'],
    ['oma-uri.oma-uri.json', 'oma-uri'],
  ];
  for (const [file, format] of formats) {
    test(`is read: ${file}`, () => {
      const read = parse(readFileSync(join(golden, file)));
      assert.equal(read.code, 0, `${read.signal} ${read.stdout}`);
      const answer = JSON.parse(read.stdout);
      assert.equal(answer.format, format);
      assert.equal(answer.profiles.length, 1);
      assert.equal(answer.profiles[0].values.inferenceProvider, 'gateway');
      assert.ok(Array.isArray(answer.findings));
    });
  }

  test('is read out of its signature, with nothing of OpenSSL asked for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parse-child-'));
    try {
      const [key, certificate, out] = ['key.pem', 'cert.pem', 'signed'].map((n) => join(folder, n));
      const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=signer'];
      execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
      const signed = spawnSync(binary, [
        ...['profile', 'convert', join(golden, 'reg.claude-desktop.reg'), join(folder, 'x.mobileconfig')],
      ]);
      assert.equal(signed.status, 0, signed.stderr.toString());
      const cms = ['cms', '-sign', '-nodetach', '-binary', '-outform', 'DER', '-signer', certificate];
      execFileSync('openssl', [...cms, '-inkey', key, '-in', join(folder, 'x.mobileconfig'), '-out', out]);
      const read = parse(readFileSync(out));
      assert.equal(read.code, 0, `${read.signal} ${read.stdout}`);
      assert.equal(JSON.parse(read.stdout).profiles[0].values.inferenceProvider, 'gateway');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('says what the app would not read as it is written', () => {
    const native = `<?xml version="1.0"?><plist version="1.0"><dict><key>inferenceModels</key>
      <array><string>claude-sonnet-5</string></array></dict></plist>`;
    const read = parse(native);
    assert.equal(read.code, 0, read.stdout);
    const [finding] = JSON.parse(read.stdout).findings;
    assert.equal(finding.code, 'plist.native_structure');
    assert.equal(finding.severity, 'warning');
    assert.ok(finding.why && finding.next_step, read.stdout);
  });

  test("is refused in the parser's words, with a code and a next step", () => {
    const cases: [string | Buffer, string][] = [
      ['no configuration at all', 'decode.foreign'],
      [Buffer.from([0, 1, 2, 255]), 'decode.foreign'],
      ['<plist><dict><key>', 'plist.invalid'],
      ['', 'decode.foreign'],
    ];
    for (const [file, code] of cases) {
      const read = parse(file);
      assert.equal(read.code, 10, `${read.signal} ${read.stdout}`);
      const refusal = JSON.parse(read.stdout);
      assert.equal(refusal.code, code);
      assert.ok(refusal.message, read.stdout);
    }
  });

  test('is confined before the first byte of it is read', { skip: partial }, async () => {
    const child = spawn(binary, words(), { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
    try {
      while (status(child).get('Seccomp') !== '2') {
        assert.equal(child.exitCode, null, 'it ended by itself');
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(status(child).get('NoNewPrivs'), '1');
      assert.equal(status(child).get('Threads'), '1');
      assert.deepEqual(limits(child, 'Max file size'), ['0', '0']);
      assert.deepEqual(limits(child, 'Max open files'), ['3', '3']);
      assert.deepEqual(limits(child, 'Max processes'), ['0', '0']);
      assert.deepEqual(limits(child, 'Max core file size'), ['0', '0']);
      assert.deepEqual(limits(child, 'Max cpu time'), ['5', '6']);
      const [memory] = limits(child, 'Max address space');
      assert.ok(Number(memory) > 256 * MiB && Number(memory) < 1024 * MiB, memory);
      let out = '';
      child.stdout.on('data', (bytes: Buffer) => (out += bytes));
      const ended = new Promise((resolve) => child.on('close', resolve));
      child.stdin.end(readFileSync(join(golden, 'reg.claude-desktop.reg')));
      assert.equal(await ended, 0, out);
      assert.equal(JSON.parse(out).format, 'reg');
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('is not read where nobody waits for the answer, and no other kind is known', () => {
    const file = readFileSync(join(golden, 'reg.claude-desktop.reg'));
    assert.equal(parse(file, words('profile', 1)).code, 12);
    assert.equal(parse(file, words('profil')).code, 13);
  });

  test('is no command for people', async () => {
    assert.doesNotMatch((await run(['--help'])).stdout, /parse-child/);
    assert.equal((await run(['parse-child', 'profile'])).code, 2);
  });
});
