// What the kernel says of a process.

import { readFileSync } from 'node:fs';

/** Resident memory in bytes. */
export function memory(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) * 1024;
}
