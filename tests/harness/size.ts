// How much a run does, for all tests in one place: SIZE=quick|ci|long, as scripts/test says it.
//
//   const rounds = kills; // 5, 25 or 300
//   const count = bySize({ quick: 1_000, ci: 5_000, long: 100_000 });
//
// Without SIZE a run has the size of continuous integration.

export type Size = 'quick' | 'ci' | 'long';

function sizeOf(word: string): Size {
  if (word === 'quick' || word === 'ci' || word === 'long') return word;
  throw new Error(`SIZE=${word}: quick, ci or long`);
}

export const size: Size = sizeOf(process.env.SIZE ?? 'ci');

/** What belongs to the size of this run. */
export function bySize<T>(values: Record<Size, T>): T {
  return values[size];
}

/** How often a test kills what it tests. */
export const kills = bySize({ quick: 5, ci: 25, long: 300 });
