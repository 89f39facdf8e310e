// Tokens by the thousand, each a good one with nothing or something changed, from a seed: what two
// verifiers are compared on. Half of the changes are made before the token is signed, so that they get
// past the signature.

import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { b64, publicPart } from './smith.ts';
import { audience, clientId, people, scopeName, tenantId } from './tenant.ts';

export const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
export const time = 1795219200;
export const algorithms = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA'.split(' ');

/** A small generator of random numbers (mulberry32): the same seed, the same tokens. */
export class Dice {
  private state: number;
  constructor(seed: number) {
    this.state = seed >>> 0;
  }
  below(n: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

interface Key {
  kid: string;
  algorithms: string[];
  key: KeyObject;
}

/** Good keys, keys that are bound to one algorithm, and keys that nobody should use. */
export class Keys {
  readonly good: Key[] = [];
  readonly odd: Key[] = [];
  readonly jwks: { keys: object[] } = { keys: [] };

  constructor() {
    const rsa = (bits = 2048) => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
    const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
    const allRsa = algorithms.filter((alg) => /^[RP]S/.test(alg));
    this.add(this.good, 'rsa', allRsa, rsa());
    this.add(this.good, 'rsa-ps384', ['PS384'], rsa(), { alg: 'PS384' });
    this.add(this.good, 'p256', ['ES256'], ec('P-256'), { use: 'sig' });
    this.add(this.good, 'p384', ['ES384'], ec('P-384'));
    this.add(this.good, 'p521', ['ES512'], ec('P-521'));
    this.add(this.good, 'ed', ['EdDSA'], generateKeyPairSync('ed25519').privateKey);
    this.add(this.odd, 'twice', ['ES256'], ec('P-256'));
    this.add(this.odd, 'twice', ['ES256'], ec('P-256'));
    this.add(this.odd, 'encryption', ['ES256'], ec('P-256'), { use: 'enc' });
    this.add(this.odd, 'no-verify', ['ES256'], ec('P-256'), { key_ops: ['sign'] });
    this.add(this.odd, 'small', ['RS256'], rsa(1024));
    this.add(this.odd, 'other-tenant', ['ES256'], ec('P-256'), {
      issuer: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
    });
    this.add(this.odd, 'other-alg', ['ES256'], ec('P-256'), { alg: 'ES384' });
    const published = ec('P-256');
    this.add(this.odd, 'private', ['ES256'], published, published.export({ format: 'jwk' }));
    this.jwks.keys.push({ kty: 'oct', kid: 'symmetric', k: b64('a published secret') });
    this.odd.push({ kid: 'not-listed', algorithms: ['ES256'], key: ec('P-256') });
  }
  private add(to: Key[], kid: string, algs: string[], key: KeyObject, more: object = {}): void {
    to.push({ kid, algorithms: algs, key });
    this.jwks.keys.push({ ...publicPart(key.export({ format: 'jwk' })), kid, ...more });
  }
}

export function signature(key: KeyObject, alg: string, input: string): Buffer {
  const options: any = { key };
  if (alg.startsWith('ES')) options.dsaEncoding = 'ieee-p1363';
  if (alg.startsWith('PS')) {
    options.padding = constants.RSA_PKCS1_PSS_PADDING;
    options.saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  }
  return sign(alg === 'EdDSA' ? null : `sha${alg.slice(2)}`, Buffer.from(input), options);
}

export const goodClaims = () => ({
  aud: audience,
  iss: issuer,
  iat: time - 60,
  nbf: time - 60,
  exp: time + 3600,
  azp: clientId,
  azpacr: '0',
  name: 'Ada',
  oid: people.ada.oid,
  roles: ['Claude.User'],
  scp: scopeName,
  sid: '00c1f6d2-7f57-4c35-9b63-4f5b6d0a1e22',
  sub: 'pairwise',
  tid: tenantId,
  uti: 'p0Vq3nYd1kG7sB5tE2xDAA',
  ver: '2.0',
});

/** A token on the bench. */
interface Draft {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  headerText?: string | Buffer;
  claimsText?: string | Buffer;
}
type Change = (draft: Draft, dice: Dice) => void;

const set =
  (part: 'header' | 'claims', name: string, ...values: unknown[]): Change =>
  (draft, dice) => {
    const value = dice.pick(values);
    if (value === undefined) delete draft[part][name];
    else draft[part][name] = typeof value === 'function' ? value() : value;
  };
const oddities = [
  undefined,
  0,
  1,
  -1,
  1.5,
  '',
  'x',
  ' ',
  null,
  true,
  false,
  [],
  ['x'],
  [1],
  {},
  { a: 1 },
  'a\u0001b',
  'y'.repeat(600),
];
const around = () =>
  [
    -86400,
    -3600,
    -62,
    -61,
    -60,
    -59,
    -1,
    0,
    1,
    59,
    60,
    61,
    62,
    3600,
    86339,
    86340,
    86341,
    40 * 86400,
  ].map((by) => time + by);
const dates = [
  ...around(),
  undefined,
  0,
  -5,
  0.5,
  time + 0.25,
  time - 59.5,
  time + 60.5,
  1e300,
  253402300800,
  '1795219300',
  null,
];

const beforeSigning: Change[] = [
  set(
    'header',
    'typ',
    undefined,
    'jwt',
    'JWT',
    'at+jwt',
    'application/jwt',
    'JOSE',
    'logout+jwt',
    1,
  ),
  set('header', 'kid', undefined, 'RSA', '', 'nobody', 7, null, 'rsa', 'p256', 'symmetric'),
  set(
    'header',
    'alg',
    'none',
    'HS256',
    'rs256',
    undefined,
    7,
    null,
    'ES256K',
    'Ed25519',
    ...algorithms,
  ),
  set('header', 'crit', [], ['x'], ['b64'], ['exp'], 'x'),
  set('header', 'b64', true, false),
  set('header', 'jwk', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }),
  set('header', 'jku', 'https://attacker.example/keys'),
  set('header', 'x5u', 'https://attacker.example/cert'),
  set('header', 'x5c', ['MIIB']),
  set('header', 'x5t', 'abc'),
  set('header', 'zip', 'DEF'),
  set('header', 'enc', 'A128GCM'),
  set('header', 'cty', 'JWT', 'json'),
  set('header', 'nonce', 'n'),
  ...['exp', 'nbf', 'iat', 'auth_time'].map((name) => set('claims', name, ...dates)),
  set(
    'claims',
    'aud',
    'other',
    `${audience}x`,
    audience.toUpperCase(),
    `api://${audience}`,
    [audience],
    ['other', audience],
    [audience, 7],
    [],
    [['x']],
  ),
  set(
    'claims',
    'iss',
    `${issuer}/`,
    issuer.toUpperCase(),
    [issuer],
    `https://sts.windows.net/${tenantId}/`,
    undefined,
  ),
  set(
    'claims',
    'tid',
    tenantId.toUpperCase(),
    '11111111-2222-4333-8444-555555555555',
    'contoso',
    undefined,
  ),
  set('claims', 'ver', '1.0', 2, undefined, '2.0'),
  set('claims', 'oid', people.ada.oid.toUpperCase(), 'ada', undefined),
  set('claims', 'azp', undefined, 'other', clientId),
  set('claims', 'appid', 'other', clientId),
  set(
    'claims',
    'scp',
    undefined,
    '',
    'User.Read',
    `${scopeName}X`,
    `A ${scopeName} B`,
    [scopeName],
    [1],
  ),
  set('claims', 'roles', undefined, [], ['claude.user'], 'Claude.User', ['x', 'Claude.User'], [1]),
  set('claims', 'groups', ['a', 'b'], 'a', [1], {}),
  set('claims', 'idtyp', 'user', 'app', 'device', 7),
  set('claims', 'acct', 0, 1, '0', '1'),
  set(
    'claims',
    'idp',
    issuer,
    'live.com',
    'https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/',
  ),
  set('claims', 'cnf', { jkt: 'x' }, null),
  set('claims', 'nonce', 'n'),
  set('claims', 'at_hash', 'h'),
  set('claims', 'token_use', 'access', 'id', 'refresh'),
  set('claims', 'typ', 'Bearer', 'ID', 'Refresh'),
  set('claims', 'hasgroups', true),
  set('claims', '_claim_names', { groups: 'src1' }),
  set('claims', 'xms_cc', ['cp1'], 'cp1', [1]),
  (draft, dice) => set('claims', dice.pick(Object.keys(draft.claims)), ...oddities)(draft, dice),
  (draft, dice) => set('header', dice.pick(Object.keys(draft.header)), ...oddities)(draft, dice),
  (draft, dice) => {
    draft.claims[`extra_${dice.below(9)}`] = dice.pick(oddities);
  },
  (draft, dice) => {
    draft.headerText = spoiled(JSON.stringify(draft.header), dice);
  },
  (draft, dice) => {
    draft.claimsText = spoiled(JSON.stringify(draft.claims), dice);
  },
];

/** JSON that two readers may read differently. */
function spoiled(text: string, dice: Dice): string | Buffer {
  const inside = text.slice(1);
  const first = JSON.parse(text);
  const name = dice.pick(Object.keys(first));
  const bytes = Buffer.from(text);
  switch (dice.below(14)) {
    case 0:
      return `{${JSON.stringify(name)}:"other",${inside}`;
    case 1:
      return `{"x":{"a":1,"a":2},${inside}`;
    case 2:
      return `{"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":"other",${inside}`;
    case 3:
      return `\ufeff${text}`;
    case 4:
      return ` \n${text}\t `;
    case 5:
      return `{"x":${'['.repeat(12)}${']'.repeat(12)},${inside}`;
    case 6:
      return `{"x":"\\ud800",${inside}`;
    case 7:
      return `{"x":"\\u0000",${inside}`;
    case 8:
      return Buffer.concat([
        Buffer.from('{"x":"'),
        Buffer.from([dice.pick([0xff, 0xc0, 0x80])]),
        Buffer.from(`",${inside}`),
      ]);
    case 9:
      return `{"x":${dice.pick(['01', '1e400', '-0', '1.', '.5', 'NaN', '+1', '9'.repeat(400)])},${inside}`;
    case 10:
      return `${text.slice(0, -1)},}`;
    case 11:
      return `{"x":"${'z'.repeat(12_000)}",${inside}`;
    case 12:
      return `{"x":[${'1,'.repeat(4200)}1],${inside}`;
    default:
      bytes[dice.below(bytes.length)] = dice.below(256);
      return bytes;
  }
}

function afterSigning(token: string, dice: Dice): string {
  const parts = token.split('.');
  const which = dice.below(parts.length);
  const at = dice.below(parts[which].length || 1);
  const put = (text: string) => {
    parts[which] = parts[which].slice(0, at) + text + parts[which].slice(at + 1);
    return parts.join('.');
  };
  const raw = Buffer.from(parts[2], 'base64url');
  switch (dice.below(14)) {
    case 0:
      return put(dice.pick([...'ABCxyz019-_']));
    case 1:
      return put(dice.pick(['+', '/', '=', ' ', '\n', '?', '.', '\0', '\u00e9']));
    case 2:
      parts[which] += dice.pick(['=', '==', '\n', ' ', 'A', 'AA']);
      return parts.join('.');
    case 3:
      return parts.slice(0, 2).join('.') + dice.pick(['', '.']);
    case 4:
      return `${token}.${dice.pick(['', 'AAAA', 'A.B'])}`;
    case 5:
      return token.slice(0, dice.below(token.length));
    case 6: // bits that the last character has too many
      parts[which] = parts[which].replace(/.$/, (c) => dice.pick([...'BCDEFGHIJKLMNOP', c]));
      return parts.join('.');
    case 7:
      parts[2] = b64(
        dice.pick([
          Buffer.alloc(raw.length),
          raw.subarray(1),
          raw.subarray(0, -1),
          Buffer.concat([raw, raw]),
        ]),
      );
      return parts.join('.');
    case 8:
      parts[2] = b64(Buffer.concat([Buffer.alloc(1), raw]));
      return parts.join('.');
    case 9:
      parts[1] = b64(JSON.stringify({ ...goodClaims(), oid: people.grace.oid }));
      return parts.join('.');
    case 10:
      return dice.pick([
        ` ${token}`,
        `${token} `,
        `${token}\n`,
        token.toUpperCase(),
        '',
        '..',
        'a.b.c',
      ]);
    case 11:
      raw[dice.below(raw.length || 1)] ^= 1 << dice.below(8);
      parts[2] = b64(raw);
      return parts.join('.');
    case 12:
      return JSON.stringify({ protected: parts[0], payload: parts[1], signature: parts[2] });
    default:
      parts[which] = Buffer.from(parts[which], 'base64url').toString('base64');
      return parts.join('.');
  }
}

/** One token: a tenth of them good, the others changed once to three times. */
export function mutated(keys: Keys, dice: Dice): string {
  const odd = dice.chance(4);
  const { kid, key, algorithms: fit } = dice.pick(odd ? keys.odd : keys.good);
  // RSA is slow to sign with; it is one key of six anyhow.
  const alg = dice.pick(fit);
  const draft: Draft = { header: { alg, kid, typ: 'JWT' }, claims: goodClaims() };
  const plain = dice.chance(10);
  if (!plain && dice.chance(80))
    for (let n = 1 + dice.below(2); n > 0; n -= 1) dice.pick(beforeSigning)(draft, dice);
  const input = `${b64(draft.headerText ?? JSON.stringify(draft.header))}.${b64(draft.claimsText ?? JSON.stringify(draft.claims))}`;
  // Where the header names another algorithm that the key can do, it is half the time really that one.
  const named = String(draft.header.alg);
  const really = named !== alg && fit.includes(named) && dice.chance(50) ? named : alg;
  const token = `${input}.${b64(signature(key, really, input))}`;
  return !plain && dice.chance(25) ? afterSigning(token, dice) : token;
}
