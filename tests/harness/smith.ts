// A forger's workshop: tokens whose every byte is chosen, signed by any key in any manner, and an
// identity provider of his own whose discovery and key set say what he likes.
//
//   const smith = new Smith(tenant.keys[0].jwk);
//   const token = smith.token({ alg: 'RS256', kid: 'key-1', typ: 'JWT' }, claims);
//   const rogue = await Rogue.open();  rogue.keys = [...];  rogue.answerKeys = (res) => ...;

import {
  constants,
  createHmac,
  createPrivateKey,
  type KeyObject,
  privateEncrypt,
  sign,
} from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { JWK } from 'jose';

export const b64 = (bytes: string | Buffer) => Buffer.from(bytes).toString('base64url');
const text = (part: string | object) => (typeof part === 'string' ? part : JSON.stringify(part));

export class Smith {
  readonly key: KeyObject;
  constructor(jwk: JWK) {
    this.key = createPrivateKey({ key: jwk as any, format: 'jwk' });
  }

  /** Header and claims as objects or as text, signed as `alg` says, whatever the header says. */
  token(header: string | object, claims: string | object, alg = 'RS256'): string {
    const input = `${b64(text(header))}.${b64(text(claims))}`;
    return `${input}.${b64(this.signature(input, alg))}`;
  }

  signature(input: string, alg: string): Buffer {
    const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
    const options: any = { key: this.key };
    if (alg.startsWith('ES')) options.dsaEncoding = 'ieee-p1363';
    if (alg.startsWith('PS')) {
      options.padding = constants.RSA_PKCS1_PSS_PADDING;
      options.saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
    }
    return sign(hash, Buffer.from(input), options);
  }

  /** RSA on a block of our own making: for paddings that no library would write. */
  withBlock(header: object, claims: object, block: (input: string) => Buffer): string {
    const input = `${b64(text(header))}.${b64(text(claims))}`;
    const raw = privateEncrypt({ key: this.key, padding: constants.RSA_NO_PADDING }, block(input));
    return `${input}.${b64(raw)}`;
  }
}

export function hmacToken(header: object, claims: object, key: string | Buffer): string {
  const input = `${b64(text(header))}.${b64(text(claims))}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

/** Parts put together with any signature. */
export const assembled = (
  header: string | object,
  claims: string | object,
  signature: string | Buffer,
) =>
  `${b64(text(header))}.${b64(text(claims))}.${typeof signature === 'string' ? signature : b64(signature)}`;

type Answer = (res: http.ServerResponse) => void;

/** An identity provider in Entra's shape that publishes whatever the test wants. */
export class Rogue {
  readonly tenantId = '9d1f0c7a-5b3e-4a6c-8f21-0e7d6c5b4a39';
  keys: object[] = [];
  /** Instead of the key set. */
  answerKeys: Answer | undefined;
  /** Where its discovery says that the keys are. */
  keysUrl: string | undefined;
  keyFetches = 0;
  private readonly server: http.Server;

  static async open(tls?: { cert: string; key: string }): Promise<Rogue> {
    const rogue = new Rogue(tls);
    await new Promise<void>((resolve) => rogue.server.listen(0, '127.0.0.1', resolve));
    return rogue;
  }
  private readonly scheme: string;
  private constructor(tls?: { cert: string; key: string }) {
    this.scheme = tls ? 'https' : 'http';
    const serve: http.RequestListener = (req, res) => {
      if (req.url === `/${this.tenantId}/v2.0/.well-known/openid-configuration`) {
        const document = { issuer: this.issuer, jwks_uri: this.keysUrl ?? `${this.origin}/keys` };
        res.setHeader('content-type', 'application/json').end(JSON.stringify(document));
      } else if (req.url === '/keys') {
        this.keyFetches += 1;
        if (this.answerKeys) this.answerKeys(res);
        else
          res
            .setHeader('content-type', 'application/json')
            .end(JSON.stringify({ keys: this.keys }));
      } else res.writeHead(404).end();
    };
    this.server = tls ? https.createServer(tls, serve) : http.createServer(serve);
  }
  get origin(): string {
    // A name where there is TLS: loopback addresses are never asked for through a proxy.
    const host = this.scheme === 'https' ? 'localhost' : '127.0.0.1';
    return `${this.scheme}://${host}:${(this.server.address() as AddressInfo).port}`;
  }
  get issuer(): string {
    return `${this.origin}/${this.tenantId}/v2.0`;
  }
  /** Ends all connections that are kept. */
  hangUp(): void {
    this.server.closeAllConnections();
  }
  async close(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The public members of a key. */
export function publicPart(jwk: Record<string, any>): Record<string, any> {
  const { d, p, q, dp, dq, qi, k, ...rest } = jwk;
  return rest;
}
