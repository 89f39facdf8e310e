// Claude Code itself, in print mode, with a home and a configuration of its own. The variable
// CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC leaves one connection, the one to the base URL.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const platform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64';
const program = join(
  import.meta.dirname,
  '..',
  'node_modules',
  '@anthropic-ai',
  `claude-code-${platform}`,
  'claude',
);

export interface Turn {
  code: number;
  stdout: string;
  stderr: string;
  seconds: number;
}

export interface ClaudeCodeOptions {
  baseURL: string;
  token?: string;
  args?: string[];
  env?: Record<string, string>;
  /** Files to find in the working folder are put there by the caller. */
  cwd?: string;
  timeout?: number;
}

export async function claudeCode(prompt: string, options: ClaudeCodeOptions): Promise<Turn> {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-claude-'));
  for (const folder of ['home', 'config', 'tmp', 'work']) mkdirSync(join(home, folder));
  const started = performance.now();
  try {
    return await new Promise<Turn>((resolve, reject) => {
      const child = spawn(program, ['-p', prompt, ...(options.args ?? [])], {
        cwd: options.cwd ?? join(home, 'work'),
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: options.timeout ?? 60_000,
        env: {
          PATH: '/usr/bin:/bin',
          LANG: 'C.UTF-8',
          TERM: 'dumb',
          HOME: join(home, 'home'),
          CLAUDE_CONFIG_DIR: join(home, 'config'),
          TMPDIR: join(home, 'tmp'),
          ANTHROPIC_BASE_URL: options.baseURL,
          ...(options.token === undefined ? {} : { ANTHROPIC_AUTH_TOKEN: options.token }),
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
          ...options.env,
        },
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
      child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
      child.on('error', reject);
      child.on('close', (code) =>
        resolve({
          code: code ?? -1,
          stdout: Buffer.concat(out).toString(),
          stderr: Buffer.concat(err).toString(),
          seconds: (performance.now() - started) / 1000,
        }),
      );
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
