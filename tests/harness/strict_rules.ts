// Our rules that a general JWT library does not have, each by a name, with the codes that it gives and
// a way to see, without our verifier, whether it applies to a token. Where the two verifiers differ,
// one of them must.

import { algorithms, issuer, time } from './mutations.ts';
import { b64 } from './smith.ts';
import { audience, clientId, scopeName, tenantId } from './tenant.ts';

export interface Opened {
  raw: string;
  header: Record<string, any>;
  claims: Record<string, any>;
  headerText: Buffer;
  claimsText: Buffer;
}
export interface Rule {
  name: string;
  codes: string[];
  applies: (token: Opened) => boolean;
}

/** As a lenient reader takes it apart; undefined if even he cannot. */
export function opened(raw: string): Opened | undefined {
  try {
    const [headerText, claimsText] = raw.split('.').map((part) => Buffer.from(part, 'base64url'));
    const read = (bytes: Buffer) => JSON.parse(new TextDecoder().decode(bytes));
    return { raw, headerText, claimsText, header: read(headerText), claims: read(claimsText) };
  } catch {
    return undefined;
  }
}

/** What a strict reader has against a JSON text. */
export function faults(bytes: Buffer): Set<'syntax' | 'encoding' | 'twice' | 'deep' | 'large'> {
  const found = new Set<'syntax' | 'encoding' | 'twice' | 'deep' | 'large'>();
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    JSON.parse(text);
  } catch (error) {
    return found.add(error instanceof SyntaxError ? 'syntax' : 'encoding');
  }
  // It is well-formed from here on, so a scan by pieces is enough.
  const pieces = text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g);
  const open: { object: boolean; names: Set<string>; expectName: boolean }[] = [];
  let nodes = 0;
  for (const [piece] of pieces) {
    const top = open.at(-1);
    if (piece === '{' || piece === '[') {
      nodes += 1;
      open.push({ object: piece === '{', names: new Set(), expectName: piece === '{' });
      if (open.length > 8) found.add('deep');
    } else if (piece === '}' || piece === ']') open.pop();
    else if (piece === ',') {
      if (top?.object) top.expectName = true;
    } else if (piece === ':') continue;
    else {
      const value = piece.startsWith('"') ? (JSON.parse(piece) as string) : '';
      if (value.includes('\0') || /\p{Surrogate}/u.test(value)) found.add('encoding');
      if (top?.expectName) {
        if (top.names.has(value)) found.add('twice');
        top.names.add(value);
        top.expectName = false;
      } else nodes += 1;
    }
  }
  if (nodes > 4096 || bytes.length > 16384) found.add('large');
  return found;
}

const plain = (value: unknown) =>
  typeof value === 'string' &&
  Buffer.byteLength(value) <= 512 &&
  !/[\u0000-\u001f\u007f]/.test(value);
const plainList = (value: unknown) => plain(value) || (Array.isArray(value) && value.every(plain));
const date = (value: unknown) =>
  typeof value === 'number' && Math.floor(value) >= 1 && Math.floor(value) <= 253402300799;
const given = (token: Opened, name: string) => Object.hasOwn(token.claims, name);
const guid = (value: unknown) =>
  typeof value === 'string' && /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value);
const either = (token: Opened, ...what: ('syntax' | 'encoding' | 'twice' | 'deep' | 'large')[]) =>
  [token.headerText, token.claimsText].some((text) => what.some((one) => faults(text).has(one)));
const words = (value: unknown) =>
  typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
const list = (value: unknown) =>
  typeof value === 'string' ? [value] : Array.isArray(value) ? value : [];
const accessMarks = ['scp', 'scope', 'appid', 'cid', 'client_id', 'azpacr', 'appidacr', 'azp'];
const clientClaims = ['azp', 'appid', 'cid', 'client_id'];

/** Where we refuse and the library accepts. */
export const stricter: Rule[] = [
  {
    name: 'a token has at most 16 KiB',
    codes: ['token.too_large'],
    applies: (t) => Buffer.byteLength(t.raw) > 16384,
  },
  {
    name: 'base64url is canonical',
    codes: ['token.malformed'],
    applies: (t) => t.raw.split('.').some((part) => b64(Buffer.from(part, 'base64url')) !== part),
  },
  {
    // RFC 8017 section 8.1.2. OpenSSL, and so the library, takes one whose leading zeros are gone.
    name: 'a PSS signature is as long as its key',
    codes: ['token.bad_signature'],
    applies: (t) =>
      String(t.header.alg).startsWith('PS') &&
      Buffer.from(t.raw.split('.')[2], 'base64url').length !== 256,
  },
  {
    name: 'JSON is strict: UTF-8, no byte order mark, no NUL, no half pair, bounded',
    codes: ['token.malformed'],
    applies: (t) => either(t, 'syntax', 'encoding', 'deep', 'large'),
  },
  {
    name: 'no member stands twice',
    codes: ['token.duplicate_member'],
    applies: (t) => either(t, 'twice'),
  },
  {
    name: 'a token names its key',
    codes: ['token.key_id_missing'],
    applies: (t) => t.header.kid === undefined,
  },
  {
    name: 'kid is a text',
    codes: ['token.malformed'],
    applies: (t) => typeof t.header.kid !== 'string',
  },
  {
    name: 'a key set names each key once, and none that is private, weak, of another use or tenant',
    codes: ['token.unknown_key'],
    applies: (t) =>
      [
        'twice',
        'private',
        'small',
        'encryption',
        'no-verify',
        'other-alg',
        'other-tenant',
        'symmetric',
      ].includes(t.header.kid),
  },
  {
    name: 'no key in the header',
    codes: ['token.key_in_header'],
    applies: (t) => ['jwk', 'jku', 'x5c', 'x5u'].some((name) => name in t.header),
  },
  {
    name: 'nothing critical, no b64',
    codes: ['token.crit_unsupported'],
    applies: (t) => 'crit' in t.header || 'b64' in t.header,
  },
  {
    name: 'not encrypted or compressed',
    codes: ['token.encrypted'],
    applies: (t) => 'enc' in t.header || 'zip' in t.header,
  },
  {
    name: 'typ is JWT, as Entra writes it, and there is no cty',
    codes: ['token.wrong_type'],
    applies: (t) =>
      'cty' in t.header ||
      !/^(application\/)?jwt$/i.test(String(t.header.typ)) ||
      typeof t.header.typ !== 'string',
  },
  {
    name: 'aud holds identifiers alone',
    codes: ['token.claim_invalid'],
    applies: (t) => !plainList(t.claims.aud),
  },
  {
    name: 'dates are numbers of seconds from 1970 to 9999',
    codes: ['token.time_invalid', 'token.claim_invalid'],
    applies: (t) =>
      ['exp', 'iat', 'nbf', 'auth_time'].some((name) => given(t, name) && !date(t.claims[name])),
  },
  {
    name: 'a token lives a day at most',
    codes: ['token.too_old'],
    applies: (t) => t.claims.exp - t.claims.iat > 86400 - 1,
  },
  {
    name: "a date's fraction is cut off",
    codes: ['token.expired'],
    applies: (t) => !Number.isInteger(t.claims.exp) && Math.floor(t.claims.exp) + 60 <= time,
  },
  {
    name: 'iat lies not in the future',
    codes: ['token.not_yet_valid'],
    applies: (t) => t.claims.iat > time + 60,
  },
  {
    name: "tid is the issuer's tenant",
    codes: ['token.tenant_mismatch'],
    applies: (t) => typeof t.claims.tid !== 'string' || t.claims.tid.toLowerCase() !== tenantId,
  },
  {
    name: 'ver fits the issuer',
    codes: ['token.version_mismatch'],
    applies: (t) => t.claims.ver !== '2.0',
  },
  { name: 'no bound token', codes: ['token.bound'], applies: (t) => given(t, 'cnf') },
  {
    name: 'an access token shows that it is one',
    codes: ['token.wrong_kind'],
    applies: (t) =>
      ['at_hash', 'c_hash', 's_hash', 'token_use', 'typ'].some((name) => given(t, name)) ||
      !accessMarks.some((name) => given(t, name)),
  },
  {
    name: 'sub and oid say who it is',
    codes: ['token.subject_missing'],
    applies: (t) => !plain(t.claims.sub) || t.claims.sub === '' || !guid(t.claims.oid),
  },
  {
    name: 'claims that are used have their types',
    codes: ['token.claim_invalid'],
    applies: (t) =>
      [...clientClaims, 'uti', 'jti', 'sid'].some(
        (name) => given(t, name) && !plain(t.claims[name]),
      ) ||
      ['roles', 'groups', 'xms_cc'].some((name) => given(t, name) && !plainList(t.claims[name])) ||
      (given(t, 'scp') &&
        (typeof t.claims.scp === 'string'
          ? /[\u0000-\u001f\u007f]/.test(t.claims.scp)
          : !plainList(t.claims.scp))),
  },
  {
    name: 'the client is an allowed one',
    codes: ['token.client_refused'],
    applies: (t) =>
      clientClaims.some((name) => given(t, name) && t.claims[name] !== clientId) ||
      !clientClaims.some((name) => given(t, name)),
  },
  {
    name: 'a person, not an application',
    codes: ['token.app_only_refused'],
    applies: (t) => (given(t, 'idtyp') ? t.claims.idtyp !== 'user' : !given(t, 'scp')),
  },
  {
    name: 'no guest',
    codes: ['token.guest_refused'],
    applies: (t) =>
      given(t, 'acct')
        ? String(t.claims.acct) !== '0'
        : given(t, 'idp') && !String(t.claims.idp).includes(tenantId),
  },
  {
    name: 'the scope is there as a whole word',
    codes: ['token.scope_missing'],
    applies: (t) => !words(t.claims.scp).includes(scopeName),
  },
  {
    name: 'the role is there',
    codes: ['token.role_missing'],
    applies: (t) => !list(t.claims.roles).includes('Claude.User'),
  },
];

/** Where we accept and the library refuses. */
export const kinder: Rule[] = [
  {
    name: "a date's fraction is cut off",
    codes: ['token.accepted'],
    applies: (t) =>
      ['nbf', 'iat'].some((name) => given(t, name) && !Number.isInteger(t.claims[name])),
  },
];

export const options = {
  issuer,
  audience,
  algorithms,
  clockTolerance: 60,
  maxTokenAge: '24h',
  currentDate: new Date(time * 1000),
  requiredClaims: ['exp', 'iat', 'sub'],
};
