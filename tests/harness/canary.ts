// Looks for a secret in everything that a run left behind: in clear, in the encodings that logs and
// records like, and in pieces long enough to matter.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Place {
  name: string;
  bytes: Buffer;
}

/** All regular files under a folder. */
export function filesUnder(directory: string): Place[] {
  const found: Place[] = [];
  for (const entry of readdirSync(directory, { recursive: true }) as string[]) {
    const path = join(directory, entry);
    const info = statSync(path, { throwIfNoEntry: false });
    if (info?.isFile()) found.push({ name: path, bytes: readFileSync(path) });
  }
  return found;
}

/** The forms a secret could have leaked in: whole, in parts, and encoded. */
function forms(secret: string): Buffer[] {
  const parts = secret.split('.').filter((part) => part.length >= 24); // a token's segments count alone
  const whole = parts.length > 1 ? [secret, parts.at(-1) as string] : [secret];
  const windows = whole.flatMap((text) => [text.slice(0, 24), text.slice(-24), text]);
  return windows.flatMap((text) => [
    Buffer.from(text),
    Buffer.from(encodeURIComponent(text)),
    // base64 of the text at each of the three alignments, without the edges that neighbours change
    ...[0, 1, 2].map((shift) =>
      Buffer.from(
        Buffer.from('x'.repeat(shift) + text)
          .toString('base64')
          .slice(4, -4),
      ),
    ),
    Buffer.from(Buffer.from(text).toString('hex')),
  ]);
}

/** Where any of the secrets appears; the name says which. */
export function leaks(places: Place[], secrets: Record<string, string>): string[] {
  const found = new Set<string>();
  for (const [what, secret] of Object.entries(secrets)) {
    const wanted = forms(secret);
    for (const { name, bytes } of places) {
      if (wanted.some((form) => bytes.includes(form))) found.add(`${what} in ${name}`);
    }
  }
  return [...found];
}
