// The program under test as a process: its configuration in a folder of its own, every port free,
// everything that it prints kept. It is asked to leave by SIGTERM and only ever by its own pid.
//
//   const gateway = await Gateway.start({ config: { ... }, directory });
//   gateway.port, gateway.metricsPort, gateway.adminPort, gateway.log
//   const code = await gateway.stop();

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const binary =
  process.env.SALLYPORT_BIN ??
  join(import.meta.dirname, '..', '..', 'build', 'release', 'sallyport');

export type Yaml = string | number | boolean | Yaml[] | { [key: string]: Yaml | undefined };

/** YAML in block style, the way a person writes sallyport.yaml. */
export function yaml(node: Yaml, indent = ''): string {
  if (Array.isArray(node)) {
    return node.map((item) => `${indent}- ${entry(item, `${indent}  `).trimStart()}`).join('');
  }
  if (typeof node !== 'object') return `${scalar(node)}\n`;
  return Object.entries(node)
    .filter(([, item]) => item !== undefined)
    .map(
      ([key, item]) =>
        `${indent}${key}:${inline(item as Yaml) ? ' ' : '\n'}${entry(item as Yaml, `${indent}  `)}`,
    )
    .join('');
}
function inline(node: Yaml): boolean {
  return (
    typeof node !== 'object' ||
    (Array.isArray(node) && node.every((item) => typeof item !== 'object'))
  );
}
function entry(node: Yaml, indent: string): string {
  if (Array.isArray(node) && inline(node))
    return `[${node.map((item) => scalar(item)).join(', ')}]\n`;
  return inline(node) ? `${scalar(node)}\n` : yaml(node, indent);
}
function scalar(node: Yaml): string {
  return typeof node === 'string' && !/^[A-Za-z][A-Za-z0-9_.-]*$/.test(node)
    ? JSON.stringify(node)
    : String(node);
}

export interface LogLine {
  event: string;
  level: string;
  [field: string]: unknown;
}

export interface GatewayOptions {
  /** The configuration: a tree that becomes YAML, or the file's text. */
  config: Yaml | string;
  /** Where its files live; exists. */
  directory: string;
  uid?: number;
  gid?: number;
  env?: Record<string, string>;
  /** Shell words put before the program, such as `ulimit -c unlimited;`. */
  before?: string;
  cwd?: string;
}

// A test file that is ended in the middle leaves no gateway behind.
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
if (process.env.NODE_TEST_CONTEXT) process.once('SIGTERM', () => process.exit(143));

export class Gateway {
  readonly process: ChildProcess;
  readonly directory: string;
  readonly configFile: string;
  port = 0;
  /** metrics.listen, 0 without. */
  metricsPort = 0;
  /** admin.listen, 0 without. */
  adminPort = 0;
  /** The exit code, or -signal as a shell says it (137 for SIGKILL), once it has ended. */
  readonly ended: Promise<number>;
  private readonly out: Buffer[] = [];
  private readonly err: Buffer[] = [];
  private exitCode: number | undefined;
  private readonly listeners = new Set<() => void>();

  private constructor(process_: ChildProcess, directory: string, configFile: string) {
    this.process = process_;
    children.add(process_);
    this.directory = directory;
    this.configFile = configFile;
    process_.stdout?.on('data', (bytes: Buffer) => this.out.push(bytes));
    process_.stderr?.on('data', (bytes: Buffer) => {
      this.err.push(bytes);
      for (const listener of this.listeners) listener();
    });
    this.ended = new Promise((resolve) => {
      process_.on('close', (code, signal) => {
        children.delete(process_);
        const report = /^.*(Thread|Address|Leak)Sanitizer[\s\S]*|^.*runtime error: .*/m.exec(this.stderr);
        if (report) {
          // A finding of a checked build fails the test file, whatever its tests looked at.
          console.error(report[0].slice(0, 20_000));
          process.exitCode = 1;
        }
        this.exitCode = code ?? 128 + (signals[signal ?? ''] ?? 0);
        for (const listener of this.listeners) listener();
        resolve(this.exitCode);
      });
    });
  }

  /** Starts it without waiting for anything: for starts that are to fail. */
  static spawn(options: GatewayOptions): Gateway {
    mkdirSync(options.directory, { recursive: true });
    const configFile = join(options.directory, 'sallyport.yaml');
    writeConfig(configFile, options.config);
    const args = ['gateway', '--config', configFile];
    let program = binary;
    if (options.uid !== undefined) {
      // Another user may not be let into the folder that the program was built in.
      program = join(options.directory, 'sallyport');
      copyFileSync(binary, program);
      chmodSync(program, 0o755);
    }
    const child = options.before
      ? spawn(
          '/bin/sh',
          ['-c', `${options.before} exec "$0" "$@"`, program, ...args],
          spawnOptions(options),
        )
      : spawn(program, args, spawnOptions(options));
    return new Gateway(child, options.directory, configFile);
  }

  /** Starts it and waits until it listens. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    if (!existsSync(binary))
      throw new Error(`${binary} is not there: build it, or set SALLYPORT_BIN`);
    const gateway = Gateway.spawn(options);
    try {
      const listening = await gateway.logged('gateway.listening');
      gateway.port = Number(listening.port);
      const config = options.config as { metrics?: { listen?: string }; admin?: { listen?: string } };
      if (config.metrics?.listen)
        gateway.metricsPort = Number((await gateway.logged('metrics.listening')).port);
      if (config.admin?.listen)
        gateway.adminPort = Number((await gateway.logged('admin.listening')).port);
      return gateway;
    } catch (error) {
      gateway.process.kill('SIGKILL');
      throw error;
    }
  }

  get pid(): number {
    return this.process.pid as number;
  }
  get running(): boolean {
    return this.exitCode === undefined;
  }
  get stdout(): string {
    return Buffer.concat(this.out).toString();
  }
  get stderr(): string {
    return Buffer.concat(this.err).toString();
  }
  /** The structured log so far. */
  get log(): LogLine[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits for a log line; of those after the first `skip` of its kind. */
  async logged(event: string, options: { timeout?: number; skip?: number } = {}): Promise<LogLine> {
    const timeout = options.timeout ?? 10_000;
    const skip = options.skip ?? 0;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => finish(new Error(`no ${event} within ${timeout} ms; stderr:\n${this.stderr}`)),
        timeout,
      );
      const look = () => {
        const found = this.log.filter((line) => line.event === event)[skip];
        if (found) finish(undefined, found);
        else if (!this.running)
          finish(new Error(`ended with ${this.exitCode} before ${event}; stderr:\n${this.stderr}`));
      };
      const finish = (error?: Error, line?: LogLine) => {
        clearTimeout(timer);
        this.listeners.delete(look);
        if (error) reject(error);
        else resolve(line as LogLine);
      };
      this.listeners.add(look);
      look();
    });
  }

  /** SIGTERM, and the exit code. */
  async stop(patience = 15_000): Promise<number> {
    if (!this.running) return this.ended;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), patience);
    const code = await this.ended;
    clearTimeout(timer);
    return code;
  }

  /** As a power supply would. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  /** Writes a new configuration and sends SIGHUP. */
  reload(config: Yaml | string): void {
    writeConfig(this.configFile, config);
    this.process.kill('SIGHUP');
  }
}

export function writeConfig(file: string, config: Yaml | string): void {
  writeFileSync(file, typeof config === 'string' ? config : yaml(config), { mode: 0o644 });
}

const signals: Record<string, number> = {
  SIGKILL: 9,
  SIGABRT: 6,
  SIGSEGV: 11,
  SIGTERM: 15,
  SIGHUP: 1,
  SIGPIPE: 13,
};

function spawnOptions(options: GatewayOptions) {
  return {
    stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
    uid: options.uid,
    gid: options.gid,
    cwd: options.cwd,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...sanitizers, ...options.env },
  };
}

/** How checked builds (ASan, TSan, UBSan) report: the settings of scripts/test reach the program. */
const sanitizers = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^(AS|TS|UBS|LS)AN_/.test(name)),
);

export interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs one command of the program to its end. */
export async function run(
  args: string[],
  options: { env?: Record<string, string>; cwd?: string; input?: string } = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      binary,
      args,
      {
        env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...options.env },
        cwd: options.cwd,
        timeout: 60_000,
        maxBuffer: 256 << 20,
      },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ code: (error?.code as unknown as number) ?? 0, stdout, stderr });
      },
    );
    child.stdin?.on('error', () => {}); // a program that does not read its input may end before us
    child.stdin?.end(options.input ?? '');
  });
}
