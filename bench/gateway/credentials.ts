// Everything that is signed: the organization's key and its tokens, and the certificates for TLS.
import { execFileSync } from 'node:child_process';
import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const issuer = 'http://127.0.0.1/bench/v2.0';
export const audience = 'b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55';
export const client = '8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101';

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function oid(person: number): string {
  return `aaaaaaaa-0000-4000-8000-${String(person).padStart(12, '0')}`;
}

// Claims as Entra ID writes them into a version 2 access token, about 1.3 KB when signed.
function claims(person: number, now: number): object {
  return {
    aud: audience, iss: issuer, iat: now - 60, nbf: now - 60, exp: now + 20 * 3600,
    aio: 'AXQAi/8XAAAAq2pZ8g4sT0Yx5m1b7cWl9kQd3vHn6fRj2uEo1tSi5yGa8wLz0pCxVbNm',
    azp: client, azpacr: '0', name: `Person ${person}`,
    oid: oid(person), preferred_username: `person${person}@contoso.example`,
    groups: ['0b9a1c7e-4d52-4b3e-9f60-7a8c5d4e3f21', '5f2d8e34-1c6b-4a79-8e05-3b9d7c6a1f48'],
    rh: '0.AXQAeg4fW1I8jk6aQX0gxuG59GJO2bcfDDpPjiWR9qPIC1V0AAA.', roles: ['Claude.User'],
    scp: 'Gateway.Access', sid: '00c1d2e3-f4a5-4b6c-8d7e-9f0a1b2c3d4e',
    sub: createHash('sha256').update(oid(person)).digest('base64url'),
    tid: '5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4', uti: `uti-${person}-${now}`, ver: '2.0',
  };
}

// Writes pub.pem (for HAProxy), jwks.json (for the gateway), one.txt and many.txt (the tokens).
export function makeTokens(folder: string, many: number): void {
  mkdirSync(folder, { recursive: true });
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench-1', alg: 'RS256', use: 'sig' };
  writeFileSync(join(folder, 'jwks.json'), JSON.stringify({ keys: [jwk] }));
  const head = part({ typ: 'JWT', alg: 'RS256', kid: 'bench-1' });
  const now = Math.floor(Date.now() / 1000);
  const tokens: string[] = [];
  for (let person = 1; person <= many; ++person) {
    const signed = `${head}.${part(claims(person, now))}`;
    tokens.push(`${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey).toString('base64url')}`);
  }
  writeFileSync(join(folder, 'one.txt'), tokens[0] + '\n', { mode: 0o600 });
  writeFileSync(join(folder, 'many.txt'), tokens.join('\n') + '\n', { mode: 0o600 });
}

// A certificate authority of the moment and a server certificate for localhost and 127.0.0.1.
export function makeCertificates(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=rig');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
    '-out', 'server.pem', '-days', '2', '-extfile', 'names');
}
