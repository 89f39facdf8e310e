// A person's desk: a home folder of their own, our program in it, and a real browser (Debian's
// Chromium) that the program opens with `xdg-open`, as on a desktop. The person types name and
// password into the provider's page.
//
//   const desk = await Desk.open();
//   await desk.signIn('ada', ['--gateway', house.url]);
//   const { stdout } = await desk.run(['token']);
//   await desk.close();

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { binary, type Run } from './gateway.ts';
import { followAsABrowserWould } from './sign_in.ts';

export const chromiumPath = '/usr/bin/chromium';

export interface DeskOptions {
  /** A desktop's key ring (gnome-keyring on a bus of its own); without it, there is no desktop. */
  keyRing?: boolean;
  env?: Record<string, string>;
}

/** A command that runs: what it says so far, and how it ends. */
export class Running {
  readonly process: ChildProcess;
  readonly done: Promise<Run>;
  private readonly out: Buffer[] = [];
  private readonly err: Buffer[] = [];
  private readonly listeners = new Set<() => void>();
  private over = false;

  constructor(args: string[], env: Record<string, string>, program = binary) {
    this.process = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout?.on('data', (bytes: Buffer) => this.heard(this.out, bytes));
    this.process.stderr?.on('data', (bytes: Buffer) => this.heard(this.err, bytes));
    this.done = new Promise((resolve, reject) => {
      this.process.on('error', reject);
      this.process.on('close', (code) => {
        this.over = true;
        for (const listener of this.listeners) listener();
        resolve({ code: code ?? -1, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }
  get stdout(): string {
    return Buffer.concat(this.out).toString();
  }
  get stderr(): string {
    return Buffer.concat(this.err).toString();
  }
  /** Waits for words on stderr. */
  async said(words: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = words.exec(this.stderr);
        if (found || this.over) this.listeners.delete(look);
        if (found) resolve(found);
        else if (this.over)
          reject(new Error(`ended without ${words}: ${this.stderr}${this.stdout}`));
      };
      this.listeners.add(look);
      look();
    });
  }
  private heard(to: Buffer[], bytes: Buffer): void {
    to.push(bytes);
    for (const listener of this.listeners) listener();
  }
}

export class Desk {
  readonly directory = mkdtempSync(join(tmpdir(), 'sallyport-desk-'));
  readonly env: Record<string, string>;
  private browser: Browser | undefined;
  private readonly companions: ChildProcess[] = [];

  private constructor(options: DeskOptions) {
    const bin = join(this.directory, 'bin');
    for (const folder of ['bin', 'home', 'state', 'run', 'data'])
      mkdirSync(join(this.directory, folder), { mode: 0o700 });
    writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$1" >> '${this.opened}'\n`);
    chmodSync(join(bin, 'xdg-open'), 0o755);
    this.env = {
      PATH: `${bin}:/usr/bin:/bin`,
      LANG: 'C.UTF-8',
      HOME: join(this.directory, 'home'),
      XDG_STATE_HOME: join(this.directory, 'state'),
      XDG_DATA_HOME: join(this.directory, 'data'),
      XDG_RUNTIME_DIR: join(this.directory, 'run'),
      DISPLAY: ':0',
      ...options.env,
    };
  }

  static async open(options: DeskOptions = {}): Promise<Desk> {
    const desk = new Desk(options);
    if (options.keyRing) await desk.startKeyRing();
    return desk;
  }

  /** Where `xdg-open` writes what it was given. */
  get opened(): string {
    return join(this.directory, 'opened');
  }
  get openedPages(): string[] {
    return existsSync(this.opened)
      ? readFileSync(this.opened, 'utf8').split('\n').slice(0, -1)
      : [];
  }
  /** Where the program keeps what it keeps. */
  get state(): string {
    return join(this.directory, 'state', 'sallyport');
  }

  /** The page that is opened after `known` others. */
  async nextPage(known: number): Promise<string> {
    const end = performance.now() + 15_000;
    while (this.openedPages.length <= known) {
      if (performance.now() > end) throw new Error('no page was opened');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return this.openedPages[known];
  }

  start(args: string[], env: Record<string, string> = {}): Running {
    return new Running(args, { ...this.env, ...env });
  }
  run(args: string[], env: Record<string, string> = {}): Promise<Run> {
    return this.start(args, env).done;
  }

  /** A page of a browser without cookies: the person's browser on a new day. */
  async page(): Promise<Page> {
    this.browser ??= await chromium.launch({
      executablePath: chromiumPath,
      headless: true,
      env: { ...this.env, HOME: this.directory },
      args: ['--disable-background-networking', '--disable-component-update'],
    });
    return (await this.browser.newContext()).newPage();
  }

  /** Signs in from beginning to end; gives back what the command said and the page that is left. */
  async signIn(
    person: string,
    args: string[],
    options: { env?: Record<string, string>; page?: Page } = {},
  ): Promise<Run & { page: Page }> {
    const command = this.start(['sign-in', '--json', ...args], options.env);
    const [, event] = await command.said(/^(\{"event":"browser".*\})$/m);
    const page = options.page ?? (await this.page());
    await page.goto((JSON.parse(event) as { url: string }).url);
    await fillIn(page, person);
    await page.waitForURL('http://127.0.0.1:*/callback?*');
    return { ...(await command.done), page };
  }

  /** The same without a browser's window, where the tenant lets in whoever is at the desk. */
  async signInAtOnce(args: string[], env: Record<string, string> = {}): Promise<Run> {
    const command = this.start(['sign-in', '--json', ...args], env);
    const [, event] = await command.said(/^(\{"event":"browser".*\})$/m);
    const start = new URL((JSON.parse(event) as { url: string }).url);
    const landed = await followAsABrowserWould(
      start,
      String(start.searchParams.get('redirect_uri')),
    );
    await fetch(landed);
    return command.done;
  }

  /** Waits until the token that is kept has run out. */
  async tokenEnded(): Promise<void> {
    const end = performance.now() + 10_000;
    for (;;) {
      const who = await this.run(['whoami', '--json']);
      if (who.stdout.includes('"ended":true')) return;
      if (performance.now() > end) throw new Error(`the token does not end: ${who.stdout}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async close(): Promise<void> {
    for (let round = 0; round < 8; round += 1) if ((await this.run(['sign-out'])).code !== 0) break; // leaves nothing in the kernel's key ring
    await this.browser?.close();
    for (const companion of this.companions.reverse()) companion.kill('SIGTERM');
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  private async startKeyRing(): Promise<void> {
    const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.companions.push(bus);
    this.env.DBUS_SESSION_BUS_ADDRESS = await new Promise<string>((resolve, reject) => {
      bus.once('error', reject);
      bus.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
    });
    const ring = spawn(
      'gnome-keyring-daemon',
      ['--foreground', '--unlock', '--components=secrets'],
      {
        env: this.env,
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    this.companions.push(ring);
    ring.stdin.end('the password of the desktop');
    await this.until(() => this.tool('secret-tool', ['store', '--label=probe', 'probe', '1'], 'x'));
  }

  private async until(works: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + 30_000;
    while (!(await works())) {
      if (performance.now() > end) throw new Error('the key ring does not come up');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private tool(program: string, args: string[], input: string): Promise<boolean> {
    return new Promise((resolve) => {
      const child = execFile(program, args, { env: this.env, timeout: 5000 }, (error) =>
        resolve(!error),
      );
      child.stdin?.end(input);
    });
  }
}

/** What a person does at the provider's page. */
export async function fillIn(page: Page, person: string): Promise<void> {
  await page.getByLabel('Account').fill(person);
  await page.getByLabel('Password').fill(`${person}'s password`);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
