// The processes of a measurement: each on its core, in a folder of its own, ended by its id.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

// The measured process has the first core for itself; load and upstream share the second.
export const peerCore = 0;
export const rigCore = cpus().length > 1 ? 1 : 0;

const running = new Set<ChildProcess>();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

export interface Started {
  child: ChildProcess;
  line: string;
}

// Starts a program on a core; with `until`, waits for the line of its output that matches.
export async function start(core: number, words: string[], cwd: string, until?: RegExp): Promise<Started> {
  const child = spawn('taskset', ['-c', String(core), ...words], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const said: string[] = [];
  const gone = new Promise<never>((_, reject) => child.once('exit', (code, signal) => {
    running.delete(child);
    reject(new Error(`${words[0]} ended (${code ?? signal}): ${said.slice(-5).join('\n')}`));
  }));
  gone.catch(() => {});
  const wanted = new Promise<string>((resolve) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        if (said.length > 100) said.shift();
        if (until?.test(line)) resolve(line);
      });
    }
    if (!until) resolve('');
  });
  const late = sleep(20_000, undefined, { ref: false }).then(() => { throw new Error(`${words[0]} did not start: ${said.join('\n')}`); });
  return { child, line: await Promise.race([wanted, gone, late]) };
}

export async function stop(started: Started): Promise<void> {
  const { child } = started;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(timer);
}

// Runs a program to its end and answers what it printed.
export async function run(core: number, words: string[]): Promise<string> {
  const child = spawn('taskset', ['-c', String(core), ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  let errors = '';
  child.stdout.on('data', (piece) => { output += piece; });
  child.stderr.on('data', (piece) => { errors += piece; });
  const code = await new Promise((resolve) => child.once('close', resolve));
  running.delete(child);
  if (code !== 0) throw new Error(`${words[0]} ended with ${code}: ${errors}`);
  return output;
}

// A process and everything below it.
export function familyOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...children.split(' ').filter(Boolean).flatMap((child) => familyOf(Number(child)))];
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

// Waits until something accepts on the port.
export async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 500; ++tries) {
    const accepted = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
      socket.on('error', () => resolve(false));
    });
    if (accepted) return;
    await sleep(10);
  }
  throw new Error(`nothing listens on port ${port}`);
}
