// From raw rows to the table: medians over the runs, and ratios taken within each run.
import type { Figures, Measurement, Metric } from './measurements.ts';
import type { PeerName } from './peers.ts';

export interface Row {
  measurement: string;
  run: number;
  peer: PeerName;
  start_ms: number;
  violations: number;
  figures: Figures;
}

export const peerTitles: Record<PeerName, string> = {
  direct: 'no proxy', nginx: 'N (nginx)', haproxy: 'H (HAProxy)', sallyport: 'Sallyport',
};

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function usable(row: Row): boolean {
  return row.figures.errors === 0 && row.violations === 0;
}

// The figure of one row; an added one is what stands above the row without a proxy of the same run.
function figure(rows: Row[], row: Row, metric: Metric, connections: number): number {
  const without = metric.added && row.peer !== 'direct'
    ? rows.find((one) => one.peer === 'direct' && one.run === row.run) : undefined;
  return metric.of(row.figures, connections) - (without ? metric.of(without.figures, connections) : 0);
}

function value(rows: Row[], peer: PeerName, metric: Metric, connections: number): string {
  const of = rows.filter((row) => row.peer === peer);
  if (of.length === 0 || (peer === 'direct' && !metric.added)) return '-';
  const bad = of.find((row) => !usable(row));
  if (bad) return bad.violations > 0 ? 'credential leaked' : `failed: ${bad.figures.first_error}`;
  return median(of.map((row) => figure(rows, row, metric, connections))).toFixed(metric.digits);
}

// Sallyport's figure divided by the peer's, run by run: median and, in brackets, least and most.
function ratio(rows: Row[], peer: PeerName, metric: Metric, connections: number): string {
  const ratios: number[] = [];
  for (const row of rows.filter((one) => one.peer === 'sallyport' && usable(one))) {
    const other = rows.find((one) => one.peer === peer && one.run === row.run && usable(one));
    if (other) ratios.push(figure(rows, row, metric, connections) / figure(rows, other, metric, connections));
  }
  if (ratios.length === 0) return '-';
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`;
}

export function table(measurements: Measurement[], rows: Row[]): string {
  const lines = [
    '| Load | Figure | no proxy | N | H | Sallyport | of N | of H |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
  ];
  for (const measurement of measurements) {
    const own = rows.filter((row) => row.measurement === measurement.id);
    if (own.length === 0) continue;
    measurement.metrics.forEach((metric, index) => {
      const of = (peer: PeerName) => value(own, peer, metric, measurement.connections);
      const by = (peer: PeerName) => ratio(own, peer, metric, measurement.connections);
      lines.push(`| ${index === 0 ? measurement.title : ''} | ${metric.name}, ${metric.unit} | ${of('direct')} | ${of('nginx')} `
        + `| ${of('haproxy')} | ${of('sallyport')} | ${by('nginx')} | ${by('haproxy')} |`);
    });
  }
  const starts = rows.filter((row) => row.peer === 'sallyport').map((row) => row.start_ms);
  if (starts.length > 0) lines.push('', `From start to listening: ${median(starts).toFixed(0)} ms (median of ${starts.length} starts).`);
  return lines.join('\n') + '\n';
}

// Puts the text between the two marks of a page.
export function between(page: string, text: string): string {
  const begin = '<!-- bench:begin -->';
  const end = '<!-- bench:end -->';
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page lacks ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n${text}${page.slice(to)}`;
}
