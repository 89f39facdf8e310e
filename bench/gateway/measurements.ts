// What is measured: a visible table. Each row runs one load against several peers in turn.
import type { PeerName, Variant } from './peers.ts';

export interface Figures {
  seconds: number; answers: number; events: number; cpu_us: number;
  memory_before_kib: number; memory_kib: number;
  p50_us: number; p99_us: number; p999_us: number;
  first_event_p50_us: number; first_event_p99_us: number;
  errors: number; first_error: string;
}

export interface Metric {
  name: string;
  unit: string;
  of: (figures: Figures, connections: number) => number;
  digits: number;
  added?: boolean; // to what the same load takes without a proxy in the same run
}

export interface Measurement {
  id: string;
  title: string;
  peers: PeerName[];
  variant?: Partial<Variant>;
  load: 'closed' | 'open' | 'streams';
  body: '2k' | '100k' | '2k-stream';
  tokens: 'one' | 'many';
  query?: string;
  connections: number;
  options?: Record<string, string>;
  metrics: Metric[];
}

const perRequest: Metric = { name: 'CPU a request', unit: '\u00b5s', digits: 1, of: (f) => f.cpu_us / f.answers };
const perEvent: Metric = { name: 'CPU an event', unit: '\u00b5s', digits: 2, of: (f) => f.cpu_us / f.events };
const p50: Metric = { name: 'added p50', unit: '\u00b5s', digits: 0, of: (f) => f.p50_us, added: true };
const p99: Metric = { name: 'added p99', unit: '\u00b5s', digits: 0, of: (f) => f.p99_us, added: true };
const first: Metric = { name: 'first event p99', unit: 'ms', digits: 1, of: (f) => f.first_event_p99_us / 1000 };
const idle: Metric = { name: 'memory when idle', unit: 'MiB', digits: 1, of: (f) => f.memory_before_kib / 1024 };
const waiting: Metric = {
  name: 'memory a waiting stream', unit: 'KiB', digits: 1,
  of: (f, connections) => (f.memory_kib - f.memory_before_kib) / connections,
};

const all: PeerName[] = ['direct', 'nginx', 'haproxy', 'sallyport'];
const checked: PeerName[] = ['nginx', 'haproxy', 'sallyport'];

export const measurements: Measurement[] = [
  { id: 'one-token', title: '2 KB body, one token', peers: checked,
    load: 'closed', body: '2k', tokens: 'one', connections: 32, metrics: [perRequest] },
  { id: 'many-tokens', title: '2 KB body, 10,000 tokens', peers: checked,
    load: 'closed', body: '2k', tokens: 'many', connections: 32, metrics: [perRequest] },
  { id: 'cache-off', title: '2 KB body, 10,000 tokens, verified-token cache off', peers: checked, variant: { verifiedTokens: 0 },
    load: 'closed', body: '2k', tokens: 'many', connections: 32, metrics: [perRequest] },
  { id: 'body-100k', title: '100 KB body, one token', peers: checked,
    load: 'closed', body: '100k', tokens: 'one', connections: 16, metrics: [perRequest] },
  { id: 'events', title: '500 streams at 20 events/s', peers: all,
    load: 'streams', body: '2k-stream', tokens: 'one', query: 'rate=20&events=0', connections: 500,
    metrics: [perEvent, p99] },
  { id: 'latency', title: '500 requests/s, open loop', peers: all,
    load: 'open', body: '2k', tokens: 'one', connections: 32, options: { rate: '500' }, metrics: [p50, p99] },
  { id: 'streams-1000', title: '1,000 streams at 2 events/s', peers: all,
    load: 'streams', body: '2k-stream', tokens: 'many', query: 'rate=2&events=0', connections: 1000,
    metrics: [first, p50, p99] },
  { id: 'streams-5000', title: '5,000 streams at 2 events/s', peers: ['direct', 'nginx', 'sallyport'],
    load: 'streams', body: '2k-stream', tokens: 'many', query: 'rate=2&events=0', connections: 5000,
    metrics: [first, p50, p99] },
  { id: 'memory', title: '1,000 waiting streams', peers: checked,
    load: 'streams', body: '2k-stream', tokens: 'many', query: 'rate=0&events=0', connections: 1000,
    options: { seconds: '4' }, metrics: [idle, waiting] },
  { id: 'memory-tls', title: '1,000 waiting streams, TLS on both sides', peers: ['nginx', 'sallyport'], variant: { tls: true },
    load: 'streams', body: '2k-stream', tokens: 'many', query: 'rate=0&events=0', connections: 1000,
    options: { seconds: '4' }, metrics: [waiting] },
  { id: 'tls', title: '2 KB body, one token, TLS on both sides', peers: ['nginx', 'sallyport'], variant: { tls: true },
    load: 'closed', body: '2k', tokens: 'one', connections: 32, metrics: [perRequest] },
  { id: 'churn', title: '2 KB body, a new connection for each request', peers: checked,
    load: 'closed', body: '2k', tokens: 'one', connections: 32, options: { close: 'yes' }, metrics: [perRequest] },
];
