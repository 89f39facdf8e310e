// The places where a machine gets a token for a provider, as strict as the documents say: the
// metadata service of a virtual machine, App Service's endpoint, Azure Arc's agent with its file
// challenge, and Entra's token endpoint for secrets, certificates and federated tokens. A request
// that is not exactly right is refused as the real one refuses it, and noted in `wrong`.
//
//   const identity = await AzureIdentity.open();
//   gateway: { env: identity.imdsEnv() }       // or appServiceEnv(), arcEnv(folder), clusterEnv(file)
//   identity.faults.push({ status: 503 });     // for the next request
//   identity.issued.at(-1)                     // the newest token; identity.takes(token) for Foundry

import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compactVerify, decodeProtectedHeader, importX509 } from 'jose';

export const gatewayClient = '0d9e8f7a-6b5c-4d3e-8f2a-1b0c9d8e7f6a';
export const gatewayTenant = '5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4';
export const foundryResource = 'https://ai.azure.com';

export interface Fault {
  status?: number;
  body?: string;
  headers?: Record<string, string>;
  /** Milliseconds before the answer. */
  delay?: number;
  /** The connection is cut without an answer. */
  cut?: boolean;
}

interface Request {
  method: string;
  url: URL;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export class AzureIdentity {
  readonly requests: Request[] = [];
  /** What was not as the documents say. */
  readonly wrong: string[] = [];
  readonly issued: string[] = [];
  /** Served before anything else, the first first. */
  readonly faults: Fault[] = [];
  /** Served to every request while it is set. */
  always: Fault | undefined;
  /** Seconds that a token lives. */
  life = 86_400;
  /** Hand out the same token again, as platforms do. */
  keep = false;
  /** What tokens can be had for. */
  resources = [foundryResource];
  /** What the endpoints demand. */
  clientId: string | undefined;
  readonly identityHeader = `header-${randomUUID()}`;
  secret = `secret~${randomUUID()}+/=&%`;
  certificate: string | undefined;
  federatedToken: string | undefined;
  /** Where the agent's folder, /var/opt/azcmagent/tokens, really lies. */
  arcFolder: string | undefined;
  /** Says what the challenge of Arc's agent names, instead of a good file. */
  arcRealm: string | undefined;
  readonly arcProofs: string[] = [];
  private readonly jtis = new Set<string>();
  private readonly server: http.Server;
  private readonly refusedTokens = new Set<string>();

  private readonly origin_: () => string;

  private constructor(tls?: { cert: string; key: string }) {
    const serve: http.RequestListener = (req, res) => void this.serve(req, res);
    this.server = tls ? https.createServer(tls, serve) : http.createServer(serve);
    // A name where there is TLS: loopback addresses are never asked for through a proxy.
    this.origin_ = () =>
      `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${(this.server.address() as AddressInfo).port}`;
  }
  /** With `tls` it stands for Entra alone: no platform's endpoint has TLS. */
  static async open(tls?: { cert: string; key: string }): Promise<AzureIdentity> {
    const identity = new AzureIdentity(tls);
    await new Promise<void>((resolve) => identity.server.listen(0, '127.0.0.1', resolve));
    return identity;
  }
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get origin(): string {
    return this.origin_();
  }
  get tokenUrl(): string {
    return `${this.origin}/${gatewayTenant}/oauth2/v2.0/token`;
  }
  imdsEnv(): Record<string, string> {
    return { AZURE_POD_IDENTITY_AUTHORITY_HOST: this.origin };
  }
  appServiceEnv(): Record<string, string> {
    return {
      IDENTITY_ENDPOINT: `${this.origin}/msi/token`,
      IDENTITY_HEADER: this.identityHeader,
    };
  }
  arcEnv(): Record<string, string> {
    return {
      IDENTITY_ENDPOINT: `${this.origin}/arc/metadata/identity/oauth2/token`,
      IMDS_ENDPOINT: this.origin,
    };
  }
  clusterEnv(file: string): Record<string, string> {
    return {
      AZURE_CLIENT_ID: gatewayClient,
      AZURE_TENANT_ID: gatewayTenant,
      AZURE_FEDERATED_TOKEN_FILE: file,
      AZURE_AUTHORITY_HOST: `${this.origin}/`,
    };
  }

  /** For a provider: is this one of ours, not withdrawn? */
  takes(token: string): boolean {
    return this.issued.includes(token) && !this.refusedTokens.has(token);
  }
  /** The provider refuses all tokens that were issued until now. */
  withdraw(): void {
    for (const token of this.issued) this.refusedTokens.add(token);
  }
  /** Resolves when so many requests have come. */
  async asked(count: number, timeout = 15_000): Promise<void> {
    const end = performance.now() + timeout;
    while (this.requests.length < count) {
      if (performance.now() > end) throw new Error(`only ${this.requests.length} of ${count} requests`);
      await sleep(10);
    }
  }

  private async serve(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of req) parts.push(part as Buffer);
    const request: Request = {
      method: req.method ?? '',
      url: new URL(req.url ?? '/', this.origin),
      headers: req.headers,
      body: Buffer.concat(parts).toString(),
    };
    this.requests.push(request);
    const fault = this.faults.shift() ?? this.always;
    if (fault?.delay) await sleep(fault.delay);
    if (fault?.cut) {
      req.socket.destroy();
      return;
    }
    if (fault?.status) {
      res.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      res.end(fault.body ?? '');
      return;
    }
    const path = request.url.pathname;
    const answer =
      path === '/metadata/identity/oauth2/token'
        ? this.imds(request)
        : path === '/msi/token'
          ? this.appService(request)
          : path === '/arc/metadata/identity/oauth2/token'
            ? this.arc(request)
            : path === new URL(this.tokenUrl).pathname
              ? await this.entra(request)
              : this.refuse(404, `path ${path}`, {});
    res.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    res.end(JSON.stringify(answer.body));
  }

  private refuse(status: number, why: string, body: object, headers: Record<string, string> = {}) {
    this.wrong.push(why);
    return { status, body, headers };
  }
  private token(resource: string): string {
    if (!this.keep || this.issued.length === 0) {
      const part = (text: string) => Buffer.from(text).toString('base64url');
      this.issued.push(
        [
          part(JSON.stringify({ typ: 'JWT', alg: 'RS256', kid: 'platform' })),
          part(
            JSON.stringify({
              aud: resource,
              iss: `https://sts.windows.net/${gatewayTenant}/`,
              tid: gatewayTenant,
              oid: '9a8b7c6d-1111-4222-8333-ddddeeeeffff',
              appid: gatewayClient,
              uti: randomUUID(),
            }),
          ),
          part(`canary-signature-${randomUUID()}-${randomUUID()}`),
        ].join('.'),
      );
    }
    return this.issued.at(-1) as string;
  }

  private resourceOf(request: Request): string {
    const asked = request.url.searchParams.get('resource') ?? '';
    return this.resources.includes(asked) ? asked : this.resources[0];
  }
  // Exactly these parameters, each once.
  private query(request: Request, expected: Record<string, string | undefined>): string | undefined {
    const wanted = Object.entries(expected).filter(([, text]) => text !== undefined);
    const got = [...request.url.searchParams.entries()];
    return JSON.stringify(got.sort()) === JSON.stringify(wanted.sort())
      ? undefined
      : `query ${request.url.search}`;
  }

  private imds(request: Request) {
    const bad = (why: string) =>
      this.refuse(400, `imds: ${why}`, {
        error: 'invalid_request',
        error_description: why,
      });
    if (request.method !== 'GET') return bad('method');
    if (request.headers.metadata !== 'true') return bad('Required metadata header not specified');
    if (request.headers['x-forwarded-for']) return bad('X-Forwarded-For');
    const query = this.query(request, {
      'api-version': '2018-02-01',
      resource: this.resourceOf(request),
      client_id: this.clientId,
    });
    if (query) return bad(query);
    const now = Math.floor(Date.now() / 1000);
    return {
      status: 200,
      headers: {},
      body: {
        access_token: this.token(this.resourceOf(request)),
        client_id: gatewayClient,
        expires_in: String(this.life),
        expires_on: String(now + this.life),
        ext_expires_in: String(this.life),
        not_before: String(now - 300),
        resource: this.resourceOf(request),
        token_type: 'Bearer',
      },
    };
  }

  private appService(request: Request) {
    if (request.headers['x-identity-header'] !== this.identityHeader)
      return this.refuse(401, 'app service: header', { statusCode: 401, message: 'Unauthorized' });
    const query = this.query(request, {
      'api-version': '2019-08-01',
      resource: this.resourceOf(request),
      client_id: this.clientId,
    });
    if (query || request.method !== 'GET')
      return this.refuse(500, `app service: ${query}`, {
        statusCode: 500,
        message: 'An unexpected error occured while fetching the AAD Token.',
      });
    return {
      status: 200,
      headers: {},
      body: {
        access_token: this.token(this.resourceOf(request)),
        expires_on: String(Math.floor(Date.now() / 1000) + this.life),
        resource: this.resourceOf(request),
        token_type: 'Bearer',
        client_id: gatewayClient,
      },
    };
  }

  private arc(request: Request) {
    const query = this.query(request, { 'api-version': '2020-06-01', resource: this.resourceOf(request) });
    if (query || request.headers.metadata !== 'true')
      return this.refuse(400, `arc: ${query}`, { error: 'bad_request' });
    const proof = request.headers.authorization;
    if (proof === undefined || this.arcProofs.length === 0) {
      const folder = this.arcFolder ?? '/nowhere';
      const name = `${randomUUID()}.key`;
      if (!this.arcRealm) {
        for (const old of readdirSync(folder)) rmSync(join(folder, old));
        this.arcProofs.unshift(randomUUID());
        writeFileSync(join(folder, name), this.arcProofs[0], { mode: 0o640 });
      }
      return {
        status: 401,
        headers: { 'www-authenticate': `Basic realm=${this.arcRealm ?? `/var/opt/azcmagent/tokens/${name}`}` },
        body: {},
      };
    }
    if (proof !== `Basic ${this.arcProofs[0]}`)
      return this.refuse(401, `arc: proof ${proof}`, { error: 'unauthorized' });
    const now = Math.floor(Date.now() / 1000);
    return {
      status: 200,
      headers: {},
      body: {
        access_token: this.token(this.resourceOf(request)),
        expires_in: this.life,
        expires_on: now + this.life,
        token_type: 'Bearer',
        resource: this.resourceOf(request),
      },
    };
  }

  private async entra(request: Request) {
    const bad = (why: string, code: number, error = 'invalid_client', status = 401) =>
      this.refuse(status, `entra: ${why}`, {
        error,
        error_description: `AADSTS${code}: ${why}. Trace ID: 0f1e2d3c`,
        error_codes: [code],
        timestamp: '2026-11-21 08:00:00Z',
        trace_id: '0f1e2d3c-0000-4000-8000-000000000000',
        correlation_id: '1f1e2d3c-0000-4000-8000-000000000000',
      });
    if (request.method !== 'POST') return bad('method', 900561, 'invalid_request', 400);
    if (request.headers['content-type'] !== 'application/x-www-form-urlencoded')
      return bad('content-type', 900144, 'invalid_request', 400);
    const form = new URLSearchParams(request.body);
    if (form.get('grant_type') !== 'client_credentials')
      return bad('grant', 70003, 'unsupported_grant_type', 400);
    if (form.get('client_id') !== gatewayClient)
      return bad('client', 700016, 'unauthorized_client', 400);
    const resource = this.resources.find((one) => form.get('scope') === `${one}/.default`);
    if (resource === undefined)
      return bad('scope', 500011, 'invalid_resource', 400);
    const assertion = form.get('client_assertion');
    const expected = assertion
      ? ['client_assertion', 'client_assertion_type', 'client_id', 'grant_type', 'scope']
      : ['client_id', 'client_secret', 'grant_type', 'scope'];
    if (JSON.stringify([...form.keys()].sort()) !== JSON.stringify(expected))
      return bad(`fields ${[...form.keys()]}`, 900144, 'invalid_request', 400);
    if (assertion) {
      if (
        form.get('client_assertion_type') !==
        'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
      )
        return bad('assertion type', 900144, 'invalid_request', 400);
      const why = this.federatedToken
        ? assertion === this.federatedToken
          ? undefined
          : 'federated token'
        : await this.judgeAssertion(assertion);
      if (why) return bad(why, this.federatedToken ? 700213 : 700027);
    } else if (form.get('client_secret') !== this.secret) {
      return bad('Invalid client secret provided', 7000215);
    }
    return {
      status: 200,
      headers: {},
      body: {
        token_type: 'Bearer',
        expires_in: this.life,
        ext_expires_in: this.life,
        access_token: this.token(resource),
      },
    };
  }

  /** As Entra reads a certificate's assertion: PS256, thumbprint, audience, times, used once. */
  private async judgeAssertion(assertion: string): Promise<string | undefined> {
    if (!this.certificate) return 'no certificate is registered';
    const thumbprint = createHash('sha256')
      .update(new X509Certificate(this.certificate).raw)
      .digest('base64url');
    const header = decodeProtectedHeader(assertion);
    if (JSON.stringify(Object.keys(header).sort()) !== JSON.stringify(['alg', 'typ', 'x5t#S256']))
      return `header ${JSON.stringify(header)}`;
    if (header.alg !== 'PS256' || header.typ !== 'JWT') return `alg ${header.alg}`;
    if ((header as Record<string, unknown>)['x5t#S256'] !== thumbprint) return 'thumbprint';
    let claims: Record<string, any>;
    try {
      const key = await importX509(this.certificate, 'PS256');
      const { payload } = await compactVerify(assertion, key, { algorithms: ['PS256'] });
      claims = JSON.parse(Buffer.from(payload).toString());
    } catch (error) {
      return `signature: ${String(error)}`;
    }
    const now = Date.now() / 1000;
    if (claims.aud !== this.tokenUrl) return `aud ${claims.aud}`;
    if (claims.iss !== gatewayClient || claims.sub !== gatewayClient) return 'iss or sub';
    if (!(claims.nbf <= now + 5 && claims.iat <= now + 5 && claims.nbf > now - 60)) return 'nbf';
    if (!(claims.exp > now && claims.exp <= now + 600)) return `exp ${claims.exp}`;
    if (typeof claims.jti !== 'string' || claims.jti.length < 16) return 'jti';
    if (this.jtis.has(claims.jti)) return 'jti used before';
    this.jtis.add(claims.jti);
    return undefined;
  }
}
