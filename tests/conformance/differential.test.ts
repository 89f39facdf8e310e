// Two verifiers that know nothing of each other look at the same tokens, good ones and mutated ones:
// ours, and `jose` with strict options. Every difference must be one of our rules, by its name.
//
//   SIZE=long   100,000 tokens; quick 1,000, else 5,000
//   SEED=N      other tokens

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { binary } from '../harness/gateway.ts';
import { algorithms, Dice, issuer, Keys, mutated, time } from '../harness/mutations.ts';
import { bySize } from '../harness/size.ts';
import { kinder, opened, options, type Rule, stricter } from '../harness/strict_rules.ts';
import { audience, clientId, scopeName } from '../harness/tenant.ts';

const count = bySize({ quick: 1_000, ci: 5_000, long: 100_000 });
const seed = Number(process.env.SEED ?? 20261121);

/** The test program around our verifier: beside the program under test, or where the checks are built. */
function judgeProgram(): string {
  const build = join(import.meta.dirname, '..', '..', 'build');
  const places = [
    process.env.SALLYPORT_JUDGE,
    join(dirname(binary), 'token_judge'),
    ...['check', 'asan', 'dev', 'tsan', 'gcc'].map((preset) => join(build, preset, 'token_judge')),
  ];
  const found = places.find((place) => place !== undefined && existsSync(place));
  assert.ok(
    found,
    'token_judge is not there: `ninja -C build/check token_judge`, or SALLYPORT_JUDGE',
  );
  return found;
}

async function oursSays(tokens: string[], jwks: object): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-judge-'));
  try {
    const settings = join(directory, 'settings.json');
    writeFileSync(
      settings,
      JSON.stringify({
        now: time,
        issuer: {
          issuer,
          audiences: [audience],
          clients: [clientId],
          scopes: [scopeName],
          roles: ['Claude.User'],
          algorithms,
        },
        jwks,
      }),
    );
    const child = spawn(judgeProgram(), [settings], { stdio: ['pipe', 'pipe', 'inherit'] });
    const parts: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => parts.push(bytes));
    child.stdin.end(
      tokens.map((token) => `${Buffer.from(token).toString('base64url')}\n`).join(''),
    );
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0, 'the judge ended well');
    return Buffer.concat(parts).toString().trimEnd().split('\n');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe(`${count} tokens, judged twice`, () => {
  test('every difference is a rule of ours', { timeout: 30 * 60_000 }, async (t) => {
    const dice = new Dice(seed);
    const keys = new Keys();
    const jwks = createLocalJWKSet(keys.jwks as any);
    const tokens = Array.from({ length: count }, () => mutated(keys, dice));
    const ours = await oursSays(tokens, keys.jwks);
    assert.equal(ours.length, tokens.length);
    const rules = new Map<string, number>();
    const both = { accept: 0, refuse: 0 };
    const unexplained: string[] = [];
    for (const [i, token] of tokens.entries()) {
      const accepted = ours[i] === 'token.accepted';
      let why = '';
      try {
        await jwtVerify(token, jwks, options);
      } catch (error) {
        why = String((error as Error).message || error);
      }
      if (accepted === (why === '')) {
        both[accepted ? 'accept' : 'refuse'] += 1;
        continue;
      }
      const seen = opened(token);
      const fits = (rule: Rule) =>
        rule.codes.includes(ours[i]) && seen !== undefined && rule.applies(seen);
      const rule = (accepted ? kinder : stricter).find(fits);
      if (rule) rules.set(rule.name, (rules.get(rule.name) ?? 0) + 1);
      else
        unexplained.push(
          `ours ${ours[i]}, jose ${why || 'accepts'}: ${token.slice(0, 900)} ${JSON.stringify(seen?.header)} ${JSON.stringify(seen?.claims)?.slice(0, 900)}`,
        );
    }
    const different = [...rules.values()].reduce((sum, n) => sum + n, 0);
    t.diagnostic(
      `seed ${seed}: both accept ${both.accept}, both refuse ${both.refuse}, by a rule of ours ${different}`,
    );
    for (const [name, n] of [...rules].toSorted((a, b) => b[1] - a[1]))
      t.diagnostic(`${n} ${name}`);
    assert.deepEqual(
      unexplained.slice(0, 5),
      [],
      `${unexplained.length} differences without a rule`,
    );
    assert.ok(both.accept > count / 12, 'enough good tokens');
    assert.ok(both.refuse > count / 5 && different > count / 20, 'enough bad ones');
  });
});
