// A flood of requests that must be refused, from a thread of its own: requests made beforehand,
// written in batches down a few connections, answers only counted.
//
//   const flood = new Flood({ port, localAddress: '127.0.0.2', tokens, perSecond: 10_000 });
//   const { sent, answered, statuses } = await flood.run(10);

import net from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export interface FloodOptions {
  port: number;
  localAddress: string;
  /** Used one after the other, each as often as needed. */
  tokens: string[];
  perSecond: number;
  connections?: number;
}

export interface FloodResult {
  sent: number;
  answered: number;
  /** Answers by status. */
  statuses: Record<string, number>;
  reconnects: number;
  seconds: number;
}

export class Flood {
  private readonly options: FloodOptions;
  constructor(options: FloodOptions) {
    this.options = options;
  }
  run(seconds: number): Promise<FloodResult> {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { ...this.options, seconds },
    });
    return new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  }
}

async function pour(options: FloodOptions & { seconds: number }): Promise<void> {
  const requests = options.tokens.map((token) =>
    Buffer.from(`GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`),
  );
  const result: FloodResult = {
    sent: 0,
    answered: 0,
    statuses: {},
    reconnects: -(options.connections ?? 8),
    seconds: 0,
  };
  const started = performance.now();
  const lanes = Array.from({ length: options.connections ?? 8 }, () => new Lane(options, result));
  let next = 0;
  const deadline = started + options.seconds * 1000;
  while (performance.now() < deadline) {
    const due =
      Math.floor(((performance.now() - started) / 1000) * options.perSecond) - result.sent;
    for (let left = due; left > 0;) {
      const lane = lanes.find((one) => one.room >= 1);
      if (!lane) break; // every connection waits for answers: that is the server's pace
      const batch: Buffer[] = [];
      for (let n = 0; n < Math.min(left, lane.room, 32); n += 1)
        batch.push(requests[next++ % requests.length]);
      lane.send(batch);
      lanes.push(lanes.splice(lanes.indexOf(lane), 1)[0]);
      left -= batch.length;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const end = performance.now() + 2000;
  while (result.answered < result.sent && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 10));
  result.seconds = (performance.now() - started) / 1000;
  for (const lane of lanes) lane.close();
  parentPort?.postMessage(result);
}

/** One connection that is opened again when the server closes it. */
class Lane {
  private socket: net.Socket | undefined;
  private waiting = 0;
  private tail = '';
  private closed = false;
  private readonly options: FloodOptions;
  private readonly result: FloodResult;

  constructor(options: FloodOptions, result: FloodResult) {
    this.options = options;
    this.result = result;
    this.connect();
  }
  get room(): number {
    return this.socket ? 64 - this.waiting : 0;
  }
  send(batch: Buffer[]): void {
    this.waiting += batch.length;
    this.result.sent += batch.length;
    this.socket?.write(Buffer.concat(batch));
  }
  close(): void {
    this.closed = true;
    this.socket?.destroy();
  }
  private connect(): void {
    this.result.reconnects += 1;
    const socket = net.connect({
      host: '127.0.0.1',
      port: this.options.port,
      localAddress: this.options.localAddress,
    });
    socket.setNoDelay(true);
    socket.on('connect', () => (this.socket = socket));
    socket.on('data', (bytes) => this.count(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.socket = undefined;
      this.result.sent -= this.waiting; // what was never answered was not served
      this.waiting = 0;
      this.tail = '';
      if (!this.closed) setTimeout(() => this.connect(), 1);
    });
  }
  private count(bytes: Buffer): void {
    const text = this.tail + bytes.toString('latin1');
    const pattern = /HTTP\/1\.1 (\d{3})/g;
    let last = 0;
    for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
      this.result.statuses[found[1]] = (this.result.statuses[found[1]] ?? 0) + 1;
      this.result.answered += 1;
      this.waiting -= 1;
      last = pattern.lastIndex;
    }
    this.tail = text.slice(Math.max(last, text.length - 12));
  }
}

// last, when everything above is there
if (!isMainThread && workerData?.tokens)
  void pour(workerData as FloodOptions & { seconds: number });
