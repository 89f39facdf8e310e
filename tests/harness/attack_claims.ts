// The rows of the attack table about claims (P, D) and about where in a request the token is (H).

import { createHash } from 'node:crypto';
import { type Bench, bearer, groupId, now } from './attack_bench.ts';
import { b64 } from './smith.ts';
import { audience, clientId, people } from './tenant.ts';

export function claims(b: Bench, listener: string): void {
  const t = now();
  b.row = 'P1';
  const twice = (what: string, more: string) =>
    b.add(
      what,
      b.smith.token(b.header, `{${more},${JSON.stringify(b.claims).slice(1)}`),
      'token.duplicate_member',
    );
  twice('aud twice', '"aud":"other"');
  twice('oid twice', `"oid":"${people.grace.oid}"`);
  twice('aud twice, once escaped', '"\\u0061ud":"other"');
  twice('a member twice further down', '"x":{"a":1,"a":2}');
  b.add(
    'alg twice',
    b.smith.token(`{"alg":"none",${JSON.stringify(b.header).slice(1)}`, b.claims),
    'token.duplicate_member',
  );
  b.row = 'P2';
  for (const [what, text] of [
    ['a list', '[]'],
    ['a number', '1'],
    ['null', 'null'],
    ['half an object', '{"aud":'],
    ['something after it', '{}{}'],
    ['a comma too many', '{"a":1,}'],
    ['a comment', '/* c */{}'],
    ['depth 3,000', `{"a":${'['.repeat(3000)}${']'.repeat(3000)}}`],
    ['a lone surrogate', '{"a":"\\ud800"}'],
    ['a NUL', '{"a":"\\u0000"}'],
    ['not a number', '{"exp":NaN}'],
  ])
    b.add(what, b.smith.token(b.header, text), 'token.malformed');
  const broken = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  const input = `${b64(JSON.stringify(b.header))}.${b64(broken)}`;
  b.add('not UTF-8', `${input}.${b64(b.smith.signature(input, 'RS256'))}`, 'token.malformed');
  b.add(
    'depth 10,000',
    b.smith.token(b.header, `{"a":${'['.repeat(10000)}${']'.repeat(10000)}}`),
    '',
    [401, 431],
  );
  b.add('claims of 1 MB', b.smith.token(b.header, { a: 'x'.repeat(1 << 20) }), '', [401, 431]);
  b.rawClaim('a huge exponent', 'iat', '1e999999', 'token.time_invalid');
  b.row = 'P3';
  b.claim('no exp', { exp: undefined }, 'token.time_invalid');
  for (const exp of [
    `"${t + 600}"`,
    '-1',
    '0',
    '1e400',
    '9223372036854775808',
    'null',
    'true',
    '[]',
  ])
    b.rawClaim(`exp ${exp.slice(0, 24)}`, 'exp', exp, 'token.time_invalid');
  b.claim('exp in the year 9999', { exp: 253402300799 }, 'token.too_old');
  b.claim('exp in forty days', { exp: t + 40 * 86400 }, 'token.too_old');
  b.row = 'P4';
  b.claim(
    'expired by the skew and a second',
    { exp: t - 61, iat: t - 600, nbf: t - 600 },
    'token.expired',
  );
  b.claim(
    'not before the skew and some seconds from now',
    { nbf: t + 60 + 45 },
    'token.not_yet_valid',
  );
  b.claim(
    'issued after the skew from now',
    { iat: t + 60 + 45, exp: t + 600 },
    'token.not_yet_valid',
  );
  b.row = 'P5';
  b.claim('exactly at exp and skew', { exp: t - 60, iat: t - 600, nbf: t - 600 }, 'token.expired');
  b.row = 'P6';
  for (const aud of [
    'other',
    `${audience}x`,
    audience.toUpperCase(),
    `${audience}/`,
    `api://${audience}`,
    '',
    ['x', 'y'],
    [],
  ])
    b.claim(`aud ${JSON.stringify(aud)}`, { aud }, 'token.audience_mismatch');
  b.claim('no aud', { aud: undefined }, 'token.audience_mismatch');
  b.claim('aud a number', { aud: 7 }, 'token.claim_invalid');
  b.claim('aud of two blocks at once', { aud: [audience, clientId] }, 'token.audience_mismatch');
  b.claim('aud a list with ours and another', { aud: ['other', audience] }, '', 200);
  b.row = 'P7';
  const iss = b.tenant.issuer;
  const tid = String(b.claims.tid);
  for (const [what, value, code] of [
    [
      'another tenant',
      iss.replace(tid, '11111111-2222-4333-8444-555555555555'),
      'token.issuer_unknown',
    ],
    ['version 1 of our tenant', `https://sts.windows.net/${tid}/`, 'token.issuer_mismatch'],
    ['without /v2.0', iss.replace('/v2.0', ''), 'token.issuer_mismatch'],
    ['with a slash', `${iss}/`, 'token.issuer_mismatch'],
    ['another scheme', iss.replace('http:', 'https:'), 'token.issuer_mismatch'],
    [
      'a host that looks like it',
      `https://login.micros0ftonline.com/${tid}/v2.0`,
      'token.issuer_mismatch',
    ],
    ['{tenantid}', 'https://login.microsoftonline.com/{tenantid}/v2.0', 'token.issuer_unknown'],
    ['nothing', '', 'token.issuer_unknown'],
  ])
    b.claim(what, { iss: value }, code);
  b.claim('no iss', { iss: undefined }, 'token.issuer_unknown');
  b.row = 'P8';
  for (const bad of ['11111111-2222-4333-8444-555555555555', 'contoso.onmicrosoft.com', '', 7])
    b.claim(`tid ${JSON.stringify(bad)}`, { tid: bad }, 'token.tenant_mismatch');
  b.claim('no tid', { tid: undefined }, 'token.tenant_mismatch');
  b.row = 'P9';
  for (const ver of ['1.0', 2, '2', undefined])
    b.claim(`ver ${ver}`, { ver }, 'token.version_mismatch');
  b.row = 'P10';
  const idToken = { scp: undefined, azp: undefined, azpacr: undefined };
  b.claim('an ID token for our API', { ...idToken, nonce: 'n' }, 'token.wrong_kind');
  b.claim('an ID token for our API without nonce', idToken, 'token.wrong_kind');
  b.claim('an access token where an ID token belongs', { aud: clientId }, 'token.wrong_kind');
  for (const aud of [
    '00000003-0000-0000-c000-000000000000',
    'https://graph.microsoft.com',
    'https://management.azure.com',
    'https://ai.azure.com',
  ])
    b.claim(`a token for ${aud}`, { aud }, 'token.audience_mismatch');
  b.row = 'P11';
  const nonce = b.smith
    .token({ ...b.header, nonce: createHash('sha256').update('n').digest('hex') }, b.claims)
    .split('.');
  b.add(
    'a token of Graph, nonce hashed when signed',
    `${b64(JSON.stringify({ ...b.header, nonce: 'n' }))}.${nonce[1]}.${nonce[2]}`,
    'token.bad_signature',
  );
  b.row = 'P12';
  const robot = '9a8b7c6d-1111-4222-8333-ddddeeeeffff';
  const app = { scp: undefined, azpacr: '2', sub: robot, oid: robot };
  b.claim('an application, idtyp app', { ...app, idtyp: 'app' }, 'token.app_only_refused', 403);
  b.claim('an application without idtyp', app, 'token.app_only_refused', 403);
  b.row = 'P13';
  b.claim(
    'another client',
    { azp: '11111111-61aa-4b0e-bf57-2a9e4c7d1101' },
    'token.client_refused',
    403,
  );
  b.claim('no client', { azp: undefined }, 'token.client_refused', 403);
  b.row = 'P14';
  for (const scp of [
    'Gateway.AccessX',
    'xGateway.Access',
    'gateway.access',
    'User.Read',
    'Gateway.Access,User.Read',
  ])
    b.claim(`scp ${scp}`, { scp }, 'token.scope_missing', 403);
  b.row = 'P15';
  b.claim('no role', { roles: undefined }, 'token.role_missing', 403);
  b.claim('the role in another case', { roles: ['claude.user'] }, 'token.role_missing', 403);
  b.claim(
    'the role among the groups',
    { roles: [], groups: ['Claude.User', groupId] },
    'token.role_missing',
    403,
  );
  b.row = 'P16';
  const sources = { src1: { endpoint: `${listener}/getMemberObjects` } };
  b.claim(
    '_claim_names',
    { groups: undefined, _claim_names: { groups: 'src1' }, _claim_sources: sources },
    'token.groups_overage',
    403,
  );
  b.claim(
    '_claim_sources alone',
    { groups: undefined, _claim_sources: sources },
    'token.groups_overage',
    403,
  );
  b.claim('hasgroups', { groups: undefined, hasgroups: true }, 'token.groups_overage', 403);
  b.claim(
    'hasgroups as text',
    { groups: undefined, hasgroups: 'true' },
    'token.groups_overage',
    403,
  );
  b.claim('another group', { groups: ['other'] }, 'token.group_missing', 403);
  b.row = 'P17';
  b.claim('acct 1', { acct: 1 }, 'token.guest_refused', 403);
  b.claim(
    'another idp',
    { idp: 'https://sts.windows.net/11111111-2222-4333-8444-555555555555/' },
    'token.guest_refused',
    403,
  );
  b.claim('a private account', { idp: 'live.com' }, 'token.guest_refused', 403);
  b.row = 'P18';
  b.claim('no oid', { oid: undefined }, 'token.subject_missing');
  b.claim('an oid that is no GUID', { oid: 'ada' }, 'token.subject_missing');
  b.claim('no sub', { sub: undefined }, 'token.subject_missing');
  b.row = 'D1';
  b.claim('bound to a DPoP key', { cnf: { jkt: 'x' } }, 'token.bound');
  b.claim('bound to a certificate', { cnf: { 'x5t#S256': 'x' } }, 'token.bound');
  b.fields(
    'bound, with a proof beside it',
    [
      ...bearer(b.smith.token(b.header, b.with({ cnf: { jkt: 'x' } }))),
      ['DPoP', b.smith.token({ ...b.header, typ: 'dpop+jwt' }, {})],
    ],
    'token.bound',
  );
}

export function credentials(b: Bench): void {
  const good = b.smith.token(b.header, b.claims);
  const other = b.smith.token(b.header, b.tenant.claims('grace'));
  b.row = 'H1';
  b.fields(
    'Authorization twice',
    [...bearer(good), ...bearer(good)],
    'token.ambiguous_credentials',
  );
  b.fields(
    'two in one, with a comma',
    [['Authorization', `Bearer ${good}, Bearer ${good}`]],
    'token.malformed_credential',
  );
  b.fields('a tab', [['Authorization', `Bearer\t${good}`]], 'token.malformed_credential');
  b.fields(
    'Bearer twice',
    [['Authorization', `Bearer Bearer ${good}`]],
    'token.malformed_credential',
  );
  b.fields('no scheme', [['Authorization', good]], 'token.wrong_scheme');
  b.fields('in the query', [], 'token.missing', 401, `access_token=${good}`);
  b.fields('bearer in lower case', [['authorization', `bearer ${good}`]], '', 200);
  b.row = 'H2';
  b.fields(
    'a placeholder and the token in x-api-key',
    [
      ['Authorization', 'Bearer dummy'],
      ['x-api-key', good],
    ],
    '',
    200,
  );
  b.fields('the token in the header that the issuer names', [['x-gateway-token', good]], '', 200);
  b.row = 'H3';
  b.fields(
    'two different tokens',
    [...bearer(good), ['x-api-key', other]],
    'token.ambiguous_credentials',
  );
  b.fields(
    'two different tokens, one in the extra header',
    [...bearer(good), ['x-gateway-token', other]],
    'token.ambiguous_credentials',
  );
  b.row = 'H4';
  b.fields(
    'a header of 17 KB',
    [['Authorization', `Bearer ${'a'.repeat(17000)}.b.c`]],
    '',
    [401, 431],
  );
  b.fields(
    'a header of 100 KB',
    [['Authorization', `Bearer ${'a'.repeat(100_000)}.b.c`]],
    '',
    [401, 431],
  );
}
