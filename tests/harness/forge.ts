// Tokens that must not pass, each signed as an attacker (or an honest mistake) would sign it. The
// table is what the gateway's answer is checked against; claims follow Entra's shape.

import { constants, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { audience, type Tenant, tenantId } from './tenant.ts';

export interface Forgery {
  what: string;
  token: string;
  status: 401 | 403;
}

const base64url = (text: string | Buffer) => Buffer.from(text).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

/** A token with a bad signature, as cheap as can be: for floods. `salt` makes each one different. */
export function broken(good: string, salt: number): string {
  const [head, claims, signature] = good.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  bytes.writeUInt32BE(salt >>> 0, 8);
  return `${head}.${claims}.${bytes.toString('base64url')}`;
}

/** Head and claims as text, signed by the tenant's own key: for what a JWT library would refuse. */
function signedText(
  tenant: Tenant,
  head: string,
  claims: string,
  alg: 'RS256' | 'PS256' = 'RS256',
): string {
  const input = `${base64url(head)}.${base64url(claims)}`;
  const key = createPrivateKey({ key: tenant.keys[0].jwk as any, format: 'jwk' });
  const options =
    alg === 'PS256' ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : key;
  return `${input}.${base64url(sign('sha256', Buffer.from(input), options as any))}`;
}

function unsigned(
  head: Record<string, unknown>,
  claims: Record<string, unknown>,
  signature = '',
): string {
  return `${base64url(JSON.stringify(head))}.${base64url(JSON.stringify(claims))}.${signature}`;
}

function hmac(
  head: Record<string, unknown>,
  claims: Record<string, unknown>,
  key: Buffer | string,
): string {
  const input = `${base64url(JSON.stringify(head))}.${base64url(JSON.stringify(claims))}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

/** Every wrong kind of token for this tenant's gateway. */
export async function forgeries(tenant: Tenant): Promise<Forgery[]> {
  const claims = tenant.claims('ada');
  const kid = tenant.keys[0].kid;
  const good = await tenant.mint('ada');
  const [goodHead, goodClaims, goodSignature] = good.split('.');
  const stranger = await generateKeyPair('RS256', { extractable: true });
  const strangerJwk = await exportJWK(stranger.publicKey);
  const curve = await generateKeyPair('ES256', { extractable: true });
  const byStranger = (head: Record<string, unknown> = {}) =>
    new SignJWT(claims)
      .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid, ...head })
      .sign(stranger.privateKey);
  const publicPem = createPublicKey({ key: tenant.keys[0].jwk as any, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  });
  const header = { typ: 'JWT', alg: 'RS256', kid };
  const headText = JSON.stringify(header);
  const flipped = Buffer.from(goodSignature, 'base64url');
  flipped[40] ^= 1;

  const list: [what: string, token: string | Promise<string>, status?: 401 | 403][] = [
    // Not a token at all.
    ['a word', 'opensesame'],
    ['one segment', goodClaims],
    ['two segments', `${goodHead}.${goodClaims}`],
    ['four segments', `${good}.${goodSignature}`],
    ['five segments, as an encrypted token has', `${good}.${goodSignature}.${goodSignature}`],
    ['an empty signature', `${goodHead}.${goodClaims}.`],
    ['padding in a segment', `${goodHead}.${goodClaims}.${goodSignature}==`],
    ['the other base64 alphabet', `${goodHead}.${goodClaims}.+/${goodSignature.slice(2)}`],
    // Algorithms.
    ['algorithm none', unsigned({ ...header, alg: 'none' }, claims)],
    [
      'algorithm NoNe with a signature kept',
      unsigned({ ...header, alg: 'NoNe' }, claims, goodSignature),
    ],
    [
      'no algorithm',
      signedText(tenant, JSON.stringify({ typ: 'JWT', kid }), JSON.stringify(claims)),
    ],
    [
      'algorithm that is a number',
      signedText(tenant, JSON.stringify({ typ: 'JWT', kid, alg: 256 }), JSON.stringify(claims)),
    ],
    ['HMAC under the public key', hmac({ ...header, alg: 'HS256' }, claims, publicPem.toString())],
    ['HMAC under the empty key', hmac({ ...header, alg: 'HS256' }, claims, '')],
    [
      'an algorithm that is not configured',
      signedText(
        tenant,
        JSON.stringify({ ...header, alg: 'PS256' }),
        JSON.stringify(claims),
        'PS256',
      ),
    ],
    [
      'a curve where RSA is configured',
      new SignJWT(claims)
        .setProtectedHeader({ typ: 'JWT', alg: 'ES256', kid })
        .sign(curve.privateKey),
    ],
    // Keys.
    ['a stranger under our key id', byStranger()],
    ['an unknown key id', byStranger({ kid: 'key-of-nobody' })],
    [
      'no key id',
      signedText(tenant, JSON.stringify({ typ: 'JWT', alg: 'RS256' }), JSON.stringify(claims)),
    ],
    ['a key id that is a path', byStranger({ kid: '../../../../dev/null' })],
    ['its own key in the head', byStranger({ jwk: strangerJwk })],
    ['a key address in the head', byStranger({ jku: `${tenant.origin}/not/a/key/set` })],
    [
      'a certificate address in the head',
      byStranger({ x5u: `${tenant.origin}/not/a/certificate` }),
    ],
    [
      'an unknown critical header',
      signedText(
        tenant,
        JSON.stringify({ ...header, crit: ['mood'], mood: 'good' }),
        JSON.stringify(claims),
      ),
    ],
    ['one bit of the signature flipped', `${goodHead}.${goodClaims}.${base64url(flipped)}`],
    [
      'claims changed after signing',
      `${goodHead}.${base64url(JSON.stringify({ ...claims, roles: ['Claude.User', 'Claude.Auditor'] }))}.${goodSignature}`,
    ],
    // Shape.
    ['claims that are an array', signedText(tenant, headText, '[]')],
    ['claims that are no JSON', signedText(tenant, headText, '{"aud":')],
    [
      'an audience twice',
      signedText(tenant, headText, JSON.stringify(claims).replace('{', '{"aud":"another",')),
    ],
    [
      'a head with the algorithm twice',
      signedText(tenant, headText.replace('{', '{"alg":"none",'), JSON.stringify(claims)),
    ],
    // Claims.
    ['expired', tenant.mint('ada', { iat: now() - 7200, nbf: now() - 7200, exp: now() - 3600 })],
    ['not valid yet', tenant.mint('ada', { nbf: now() + 600 })],
    ['no expiry', tenant.mint('ada', { exp: undefined })],
    [
      'an expiry that is text',
      signedText(tenant, headText, JSON.stringify({ ...claims, exp: '9999999999' })),
    ],
    ['a life longer than a day', tenant.mint('ada', { exp: now() + 40 * 86400 })],
    ['another audience', tenant.mint('ada', { aud: '00000003-0000-0000-c000-000000000000' })],
    ['an audience with a tail', tenant.mint('ada', { aud: `${audience}x` })],
    ['an audience in capitals', tenant.mint('ada', { aud: audience.toUpperCase() })],
    ['no audience', tenant.mint('ada', { aud: undefined })],
    [
      'another issuer',
      tenant.mint('ada', { iss: 'https://login.microsoftonline.com/common/v2.0' }),
    ],
    ['an issuer with a slash more', tenant.mint('ada', { iss: `${tenant.issuer}/` })],
    ['no issuer', tenant.mint('ada', { iss: undefined })],
    ['another tenant', tenant.mint('ada', { tid: '11111111-2222-4333-8444-555555555555' })],
    ['nobody', tenant.mint('ada', { oid: undefined, sub: undefined })],
    [
      'an ID token',
      tenant.mint('ada', {
        scp: undefined,
        azp: undefined,
        azpacr: undefined,
        roles: undefined,
        nonce: 'n-1',
      }),
    ],
    // A known person, but not this way.
    [
      'an application instead of a person',
      tenant.mint('ada', {
        idtyp: 'app',
        scp: undefined,
        azpacr: '2',
        sub: '9a8b7c6d-1111-4222-8333-ddddeeeeffff',
        oid: '9a8b7c6d-1111-4222-8333-ddddeeeeffff',
      }),
      403,
    ],
    [
      'another client program',
      tenant.mint('ada', { azp: '11111111-61aa-4b0e-bf57-2a9e4c7d1101' }),
      403,
    ],
    ['a scope that only begins like ours', tenant.mint('ada', { scp: 'Gateway.AccessX' }), 403],
    ['no scope of ours', tenant.mint('ada', { scp: 'User.Read' }), 403],
    ['no role', tenant.mint('mallory'), 403],
    ['the role in another case', tenant.mint('ada', { roles: ['claude.user'] }), 403],
    [
      'a guest',
      tenant.mint('ada', {
        acct: 1,
        idp: 'https://sts.windows.net/11111111-2222-4333-8444-555555555555/',
      }),
      403,
    ],
  ];
  return Promise.all(
    list.map(async ([what, token, status]) => ({
      what,
      token: await token,
      status: status ?? 401,
    })),
  );
}

/** One forged token for show: everything right but the signer. */
export async function forgedFor(tenant: Tenant, person: string): Promise<string> {
  const { privateKey } = await generateKeyPair('RS256');
  return new SignJWT({ ...tenant.claims(person), tid: tenantId })
    .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: tenant.keys[0].kid })
    .sign(privateKey);
}
