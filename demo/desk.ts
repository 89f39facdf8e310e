// Ada's desk in the demonstration: our own command signs her in, and keeps her sign-in in a folder of
// the demo. Where a person watches and has a browser, that person signs in as Ada; else the demo
// does what a browser would do.

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, run } from '../tests/harness/gateway.ts';
import type { House } from '../tests/harness/house.ts';
import { followAsABrowserWould } from '../tests/harness/sign_in.ts';
import { bold, dim, indent, say } from './screen.ts';

export class Desk {
  /** For `claude --settings`: the command that gives a token. */
  readonly settings: string;
  private readonly env: Record<string, string>;
  private readonly byHand: boolean;

  constructor(house: House, options: { byHand: boolean }) {
    const state = join(house.directory, 'desk');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    this.settings = join(state, 'claude-settings.json');
    this.env = { HOME: state, XDG_STATE_HOME: state };
    const display = process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
    this.byHand = options.byHand && Boolean(display) && process.stdin.isTTY;
    writeFileSync(
      this.settings,
      JSON.stringify({ apiKeyHelper: `env XDG_STATE_HOME=${state} ${binary} token` }),
    );
  }

  /** From the sign-in to the token that clients get. */
  async signIn(house: House, options: { quiet?: boolean } = {}): Promise<string> {
    const byHand = this.byHand && !options.quiet; // asked once, not at every turn of the story
    const tell = (line: string) => (options.quiet ? undefined : say(line));
    const show = (text: string) => (options.quiet ? undefined : indent(text));
    tell(dim(`$ sallyport sign-in --gateway ${house.url}`));
    house.tenant.atTheDesk = 'ada';
    house.tenant.pages = byHand;
    if (byHand)
      tell(
        `Your browser opens. Sign in as ${bold('ada')} with the password ${bold("ada's password")}.`,
      );
    const said = await this.atThePage(house, byHand);
    house.tenant.pages = false;
    show(said);
    tell(dim('$ sallyport token'));
    const token = await run(['token'], { env: this.env });
    if (token.code !== 0) throw new Error(token.stderr);
    show(`${token.stdout.slice(0, 60)}...`);
    return token.stdout.trim();
  }

  async signOut(): Promise<void> {
    await run(['sign-out'], { env: this.env });
  }

  private atThePage(house: House, byHand: boolean): Promise<string> {
    const { XDG_STATE_HOME } = this.env;
    const env = byHand ? { ...process.env, XDG_STATE_HOME } : this.env;
    const args = ['sign-in', '--gateway', house.url, '--vault', 'auto'];
    return new Promise((resolve, reject) => {
      const child = spawn(binary, args, { env: { PATH: process.env.PATH, ...env } });
      let out = '';
      let err = '';
      let gone = false;
      child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
      child.stderr.on('data', (bytes: Buffer) => {
        err += bytes.toString();
        if (byHand) indent(bytes.toString()); // the address, should no browser open
        const [url] = /^http\S+$/m.exec(err) ?? [];
        if (byHand || !url || gone) return;
        gone = true;
        const redirect = String(new URL(url).searchParams.get('redirect_uri'));
        followAsABrowserWould(new URL(url), redirect).then(fetch).catch(reject);
      });
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(err))));
    });
  }
}
