// A key set in which good keys stand beside those that no careful reader uses (attack table, K6).

import { createHash, generateKeyPairSync } from 'node:crypto';
import { rogueKeys } from './attack_bench.ts';
import { assembled, publicPart } from './smith.ts';

export const smallKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
  format: 'jwk',
}) as any;

/** A set in which good and bad keys stand side by side. */
export function oddKeys(): object[] {
  const free = publicPart(rogueKeys.free);
  const curve = publicPart(rogueKeys.curve);
  return [
    { ...free, kid: 'free' },
    { ...publicPart(rogueKeys.ps512), kid: 'ps512', alg: 'PS512', use: 'sig' },
    { ...curve, kid: 'curve', key_ops: ['verify'] },
    { ...free, kid: 'twice' },
    { ...publicPart(rogueKeys.ps512), kid: 'twice' },
    { kty: 'oct', kid: 'symmetric', k: Buffer.from('a published secret').toString('base64url') },
    { ...rogueKeys.free, kid: 'private' },
    { ...free, kid: 'encryption', use: 'enc' },
    { ...free, kid: 'signing-only', key_ops: ['sign'] },
    { ...free, kid: 'another-type', kty: 'EC', crv: 'P-256' },
    { ...free, kid: 'another-algorithm', alg: 'RS512' },
    { ...curve, kid: 'off-the-curve', y: curve.x },
    { ...publicPart(smallKey), kid: 'small' },
    { ...free, kid: 'exponent-1', e: 'AQ' },
    { ...free, kid: 'exponent-even', e: 'AQAA' },
    {
      ...free,
      kid: 'consumers',
      issuer: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
    },
  ];
}

/** With the exponent 1 a signature is the padded hash itself: nobody needs a key to make one. */
export function exponentOne(claims: object): string {
  const header = { alg: 'RS256', kid: 'exponent-1', typ: 'JWT' };
  const input = assembled(header, claims, '').slice(0, -1);
  const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const tail = Buffer.concat([info, createHash('sha256').update(input).digest()]);
  const block = Buffer.concat([
    Buffer.from([0, 1]),
    Buffer.alloc(253 - tail.length, 0xff),
    Buffer.from([0]),
    tail,
  ]);
  return assembled(header, claims, block);
}
