// The rows of the attack table whose attack is a single request, by their ids: what is sent, and
// which status and code it must get. Here those about algorithms, signatures, keys and headers (A, S,
// K, C). The rows that need time or a key set that changes stand in conformance/attack_table.test.ts
// itself.

import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { type Attack, Bench, rogueClaims, rogueKeys } from './attack_bench.ts';
import { claims, credentials } from './attack_claims.ts';
import { assembled, b64, hmacToken, publicPart, type Rogue, Smith } from './smith.ts';
import type { Tenant } from './tenant.ts';

function algorithms(b: Bench, rogue: Rogue): void {
  const good = b.smith.token(b.header, b.claims);
  const [, , kept] = good.split('.');
  b.row = 'A1';
  for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
    const plain = assembled({ ...b.header, alg }, b.claims, '');
    b.add(`${alg}, last dot kept`, plain, 'token.malformed');
    b.add(`${alg}, no last dot`, plain.slice(0, -1), 'token.opaque');
    b.add(
      `${alg}, signature kept`,
      assembled({ ...b.header, alg }, b.claims, kept),
      'token.alg_not_allowed',
    );
  }
  b.row = 'A2';
  const publicKey = createPublicKey({ key: b.tenant.keys[0].jwk as any, format: 'jwk' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const jwk = publicPart(b.tenant.keys[0].jwk as any);
  for (const [what, key] of [
    ['PEM', pem],
    ['PEM without its last line end', pem.trimEnd()],
    ['PEM of PKCS#1', publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['DER', publicKey.export({ type: 'spki', format: 'der' })],
    ['JWK text', JSON.stringify(jwk)],
    ['modulus', Buffer.from(jwk.n, 'base64url')],
    ['modulus as text', jwk.n],
  ] as [string, string | Buffer][]) {
    b.add(
      `HMAC under the ${what}`,
      hmacToken({ ...b.header, alg: 'HS256' }, b.claims, key),
      'token.alg_not_allowed',
    );
  }
  b.row = 'A3';
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const point = curve.publicKey.export({ format: 'jwk' });
  for (const [what, key] of [
    ['x', Buffer.from(point.x as string, 'base64url')],
    [
      'the point',
      Buffer.concat([
        Buffer.from([4]),
        Buffer.from(point.x as string, 'base64url'),
        Buffer.from(point.y as string, 'base64url'),
      ]),
    ],
    ['the PEM', curve.publicKey.export({ type: 'spki', format: 'pem' })],
  ] as [string, string | Buffer][]) {
    b.add(
      `HMAC under ${what} of a curve`,
      hmacToken({ ...b.header, alg: 'HS256' }, b.claims, key),
      'token.alg_not_allowed',
    );
  }
  b.row = 'A4';
  for (const alg of ['PS256', 'RS512', 'RS384', 'PS512'])
    b.head(`RS256 called ${alg}, not allowed`, { alg }, 'token.alg_not_allowed');
  const free = new Smith(rogueKeys.free);
  const theirs = rogueClaims(b, rogue);
  for (const alg of ['PS256', 'RS512', 'RS384', 'PS512'])
    b.add(
      `RS256 called ${alg}, allowed`,
      free.token({ alg, kid: 'free', typ: 'JWT' }, theirs),
      'token.bad_signature',
    );
  b.add(
    'PS256 called RS256',
    free.token({ alg: 'RS256', kid: 'free', typ: 'JWT' }, theirs, 'PS256'),
    'token.bad_signature',
  );
  b.add(
    'PS384 under a key for PS512',
    new Smith(rogueKeys.ps512).token({ alg: 'PS384', kid: 'ps512', typ: 'JWT' }, theirs, 'PS384'),
    'token.alg_mismatch',
  );
  b.add(
    'RS256 under the name of a curve',
    free.token({ alg: 'RS256', kid: 'curve', typ: 'JWT' }, theirs),
    'token.alg_mismatch',
  );
  b.row = 'A5';
  for (const key of ['', 'x', 'secret', 'password', 'changeme', '\0'.repeat(32)])
    b.add(
      `HMAC under ${JSON.stringify(key)}`,
      hmacToken({ ...b.header, alg: 'HS256' }, b.claims, key),
      'token.alg_not_allowed',
    );
  b.row = 'A6';
  b.head('no alg', { alg: undefined }, 'token.malformed');
  for (const alg of [256, ['RS256'], null, true, {}])
    b.head(`alg ${JSON.stringify(alg)}`, { alg }, 'token.malformed');
}

function signatures(b: Bench, rogue: Rogue): void {
  const good = b.smith.token(b.header, b.claims);
  const [head, claims, signature] = good.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const signed = (bad: Buffer) => `${head}.${claims}.${b64(bad)}`;
  b.row = 'S1';
  b.add('no signature, dot kept', `${head}.${claims}.`, 'token.malformed');
  b.add('no signature, no dot', `${head}.${claims}`, 'token.opaque');
  b.add('four parts', `${good}.${signature}`, 'token.malformed');
  b.add('five parts', `${good}.${signature}.${signature}`, 'token.encrypted');
  b.add('one part', head, 'token.opaque');
  b.fields('nothing', [['Authorization', 'Bearer ']], 'token.missing');
  b.add('dots alone', '..', 'token.malformed');
  b.row = 'S2';
  const n = Buffer.from((b.tenant.keys[0].jwk as any).n, 'base64url');
  const less = Buffer.from(n);
  less[less.length - 1] -= 1;
  const one = Buffer.alloc(256);
  one[255] = 1;
  const flipped = Buffer.from(bytes);
  flipped[99] ^= 4;
  for (const [what, bad] of [
    ['one zero', Buffer.alloc(1)],
    ['all zero', Buffer.alloc(256)],
    ['cut short', bytes.subarray(0, 255)],
    ['without its first byte', bytes.subarray(1)],
    ['with a zero before', Buffer.concat([Buffer.alloc(1), bytes])],
    ['with a zero after', Buffer.concat([bytes, Buffer.alloc(1)])],
    ['one bit flipped', flipped],
    ['n', n],
    ['n - 1', less],
    ['1', one],
  ] as [string, Buffer][])
    b.add(what, signed(bad), 'token.bad_signature');
  b.row = 'S3';
  const order = Buffer.from(
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
    'hex',
  );
  const last = Buffer.from(order);
  last[31] -= 1;
  const zero = Buffer.alloc(32);
  const curve = new Smith(rogueKeys.curve);
  const es = { alg: 'ES256', kid: 'curve', typ: 'JWT' };
  const pair = curve.token(es, rogueClaims(b, rogue), 'ES256').split('.');
  const [r, s] = [0, 32].map((at) => Buffer.from(pair[2], 'base64url').subarray(at, at + 32));
  for (const [what, bad] of [
    ['r and s zero (psychic)', [zero, zero]],
    ['r zero', [zero, s]],
    ['s zero', [r, zero]],
    ['r the order', [order, s]],
    ['s the order', [r, order]],
    ['both one less than the order', [last, last]],
    ['too long', [r, s, Buffer.alloc(1)]],
    ['too short', [r, s.subarray(1)]],
    ['the halves exchanged', [s, r]],
  ] as [string, Buffer[]][])
    b.add(what, `${pair[0]}.${pair[1]}.${b64(Buffer.concat(bad))}`, 'token.bad_signature');
  b.row = 'S4';
  for (const [what, block] of paddingGames())
    b.add(what, b.smith.withBlock(b.header, b.claims, block), 'token.bad_signature');
  b.row = 'S5';
  for (const [i, part] of [head, claims, signature].entries())
    for (const [what, bad, code] of [
      ['padding', `${part}=`, 'token.malformed'],
      ['plus and slash', `+/${part.slice(2)}`, 'token.malformed'],
      ['a foreign character', `${part.slice(0, 5)}~${part.slice(6)}`, 'token.malformed'],
      ['a space', `${part.slice(0, 5)} ${part.slice(5)}`, 'token.malformed_credential'],
      ['a question mark', `${part}?`, 'token.malformed_credential'],
      ['a percent escape', `${part}%3D`, 'token.malformed_credential'],
    ]) {
      const parts = [head, claims, signature];
      parts[i] = bad;
      b.add(`${what} in part ${i + 1}`, parts.join('.'), code);
    }
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const unused = alphabet[alphabet.indexOf(signature.at(-1) as string) + 1];
  b.add('unused bits that are not zero', good.slice(0, -1) + unused, 'token.malformed');
  b.row = 'S6';
  b.add(
    'flattened JSON',
    JSON.stringify({ protected: head, payload: claims, signature }),
    'token.malformed_credential',
  );
  b.add(
    'general JSON',
    JSON.stringify({ payload: claims, signatures: [{ protected: head, signature }] }),
    'token.malformed_credential',
  );
}

/** Blocks that a careless reader of PKCS#1 v1.5 would take (RFC 8017 section 9.2 says what is right). */
function paddingGames(): [string, (input: string) => Buffer][] {
  const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const hash = (input: string) => createHash('sha256').update(input).digest();
  const block = (tail: Buffer, padding = 253 - tail.length, type = 1) =>
    Buffer.concat([
      Buffer.from([0, type]),
      Buffer.alloc(padding, 0xff),
      Buffer.from([0]),
      tail,
      Buffer.alloc(253 - padding - tail.length),
    ]);
  return [
    ['garbage after the hash', (i) => block(Buffer.concat([info, hash(i)]), 8)],
    [
      'a wrong length of the sequence',
      (i) => block(Buffer.concat([Buffer.from('3032', 'hex'), info.subarray(2), hash(i)])),
    ],
    [
      'no NULL',
      (i) =>
        block(
          Buffer.concat([Buffer.from('302f300b0609608648016503040201' + '0420', 'hex'), hash(i)]),
        ),
    ],
    [
      'a long form length',
      (i) => block(Buffer.concat([Buffer.from('308131', 'hex'), info.subarray(2), hash(i)])),
    ],
    [
      'the name of SHA-1 before SHA-256',
      (i) => block(Buffer.concat([Buffer.from('302d300906052b0e03021a05000420', 'hex'), hash(i)])),
    ],
    ['no name of a hash', (i) => block(hash(i))],
    ['block type 2', (i) => block(Buffer.concat([info, hash(i)]), undefined, 2)],
    ['block type 0', (i) => block(Buffer.concat([info, hash(i)]), undefined, 0)],
  ];
}

function keysAndHeaders(b: Bench, listener: string): void {
  b.row = 'K1';
  b.head('a key nobody has', { kid: 'key-of-nobody' }, 'token.unknown_key');
  b.head('our key in capitals', { kid: 'KEY-1' }, 'token.unknown_key');
  b.head('no kid', { kid: undefined }, 'token.key_id_missing');
  b.row = 'K3';
  for (const kid of [
    '../../../../etc/passwd',
    '/dev/null',
    "key-1' OR '1'='1",
    'key-1|/bin/true',
    '\u{1F511}',
    '',
    ' key-1',
    'k'.repeat(4000),
  ])
    b.head(`kid ${JSON.stringify(kid.slice(0, 30))}`, { kid }, 'token.unknown_key');
  b.head('kid with NUL', { kid: 'key-1\0' }, 'token.malformed');
  b.add(
    'kid of 64 KB',
    b.smith.token({ ...b.header, kid: 'k'.repeat(65536) }, b.claims),
    '',
    [401, 431],
  );
  for (const kid of [1, null, ['key-1']])
    b.head(`kid ${JSON.stringify(kid)}`, { kid }, 'token.malformed');
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const attacker = new Smith(stranger.privateKey.export({ format: 'jwk' }) as any);
  const jwk = stranger.publicKey.export({ format: 'jwk' });
  const byStranger = (what: string, more: object) =>
    b.add(what, attacker.token({ ...b.header, ...more }, b.claims), 'token.key_in_header');
  b.row = 'K4';
  byStranger('jku', { jku: `${listener}/keys` });
  byStranger('x5u', { x5u: `${listener}/certificate` });
  b.head(
    'jku on a token that is right otherwise',
    { jku: `${listener}/keys` },
    'token.key_in_header',
  );
  b.row = 'K5';
  byStranger('jwk', { jwk });
  byStranger('jwk with our kid', { jwk: { ...jwk, kid: b.header.kid } });
  byStranger('x5c', { x5c: ['MIIB'] });
  b.row = 'C1';
  for (const crit of [['mood'], [], ['exp', 'exp'], ['alg'], ['b64'], 'exp'])
    b.head(`crit ${JSON.stringify(crit)}`, { crit, mood: 1 }, 'token.crit_unsupported');
  b.head('b64 false', { b64: false, crit: ['b64'] }, 'token.crit_unsupported');
  b.head('b64 false, not critical', { b64: false }, 'token.crit_unsupported');
  b.row = 'C2';
  for (const typ of ['secevent+jwt', 'dpop+jwt', 'logout+jwt', 'JOSE', 'at+jwt', 7])
    b.head(`typ ${typ}`, { typ }, 'token.wrong_type');
  b.head('no typ, which Entra always writes', { typ: undefined }, 'token.wrong_type');
  b.head('cty JWT', { cty: 'JWT' }, 'token.wrong_type');
  b.row = 'C3';
  b.head('zip', { zip: 'DEF' }, 'token.encrypted');
  b.head('enc', { alg: 'RSA-OAEP', enc: 'A128GCM', zip: 'DEF' }, 'token.encrypted');
  const bomb = b64('\0'.repeat(4000));
  b.add(
    'an encrypted bomb',
    `${b64('{"alg":"RSA-OAEP","enc":"A128GCM","zip":"DEF"}')}.${bomb}.AAAA.${bomb}.AAAA`,
    'token.encrypted',
  );
}

/** All of them. `listener`: an address that nobody may ask. */
export function attacks(tenant: Tenant, rogue: Rogue, listener: string): Attack[] {
  const bench = new Bench(tenant);
  algorithms(bench, rogue);
  signatures(bench, rogue);
  keysAndHeaders(bench, listener);
  claims(bench, listener);
  credentials(bench);
  return bench.list;
}
