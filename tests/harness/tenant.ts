// A tenant of an identity provider in the shape of Entra ID, on a certified OpenID provider
// (oidc-provider): three people in groups, authorization code with PKCE, refresh tokens, JWT access
// tokens with Entra's claims, key rotation. It can go away and come back on the same port.
//
//   const tenant = await Tenant.open();
//   const token = await tenant.mint('ada');          // signed by the tenant, without the sign-in
//   await tenant.rotate();                           // a new key signs, the old one stays published
//   await tenant.stop(); await tenant.start();       // an outage
//   await tenant.close();

import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import Provider, { errors } from 'oidc-provider';
import { codePage, confirmPage, donePage, readForm, signInPage } from './tenant_pages.ts';

export const tenantId = '5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4';
export const audience = 'b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55';
export const clientId = '8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101';
/** The service principal of an application that signs in by itself. */
export const machineId = '3d4c5b6a-7e8f-4901-a2b3-c4d5e6f70819';
export const scopeName = 'Gateway.Access';
export const scope = `api://${audience}/${scopeName}`;

/** One more API of the tenant, and the public client that gets tokens for it. */
export interface Api {
  client: string;
  audience: string;
  scopeName: string;
}

export interface Person {
  oid: string;
  name: string;
  mail: string;
  roles: string[];
  groups: string[];
}

export const people: Record<string, Person> = {
  ada: {
    oid: '2e6a7c31-9d04-4b7f-a6e8-50c1d2f3a4b7',
    name: 'Ada Byron',
    mail: 'ada.byron@contoso.example',
    roles: ['Claude.User'],
    groups: ['0f7b1a52-8c6e-4b0d-9a3f-1d2e3c4b5a60', '6c1d5e0a-2b34-4c8f-8a71-9b0c7d6e5f41'],
  },
  grace: {
    oid: '7b91d4e8-3f25-4a6c-b0d7-8e1f2a3b4c5d',
    name: 'Grace Murray',
    mail: 'grace.murray@contoso.example',
    roles: ['Claude.User', 'Claude.Auditor'],
    groups: ['0f7b1a52-8c6e-4b0d-9a3f-1d2e3c4b5a60'],
  },
  mallory: {
    // in the tenant, but not one of those who may use the gateway
    oid: 'c4d5e6f7-1a2b-4c3d-9e8f-0a1b2c3d4e5f',
    name: 'Mallory Vance',
    mail: 'mallory.vance@contoso.example',
    roles: [],
    groups: [],
  },
};

interface SigningKey {
  kid: string;
  privateKey: CryptoKey;
  jwk: JWK;
}

async function newKey(kid: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return {
    kid,
    privateKey,
    jwk: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' },
  };
}

type Claims = Record<string, unknown>;

export class Tenant {
  port = 0;
  keys: SigningKey[] = [];
  /** Who the next sign-in is: stands for the person at the browser. */
  atTheDesk = 'ada';
  /** How often each path was asked for, such as `/discovery/keys`. */
  readonly asked = new Map<string, number>();
  tokenSeconds = 3600;
  /** When each person last signed in: `auth_time` of their tokens from then on. */
  private readonly signedInAt = new Map<string, number>();
  /** People sign in at a page with a form, in a browser; else whoever is at the desk is let in. */
  pages = false;
  /** A provider's grace: for so long a refresh token that was used is taken again. */
  reuseSeconds = 0;
  /** Answers instead of the provider: for errors on order. True: it has answered. */
  intercept: ((path: string, res: http.ServerResponse) => boolean) | undefined;
  /** Is told every token that is handed out. */
  issued: ((tokens: Record<string, string>) => void) | undefined;
  /** More applications: those that sign in without a person, and web applications. */
  machines: Claims[] = [];
  /** More APIs, each with a client of its own; known from the next rotate() on. */
  apis: Api[] = [];
  /** How long it thinks before it answers for its keys, in milliseconds. */
  delay = 0;
  private readonly memory = new Memory();
  private server: http.Server | undefined;
  private provider: any;
  private answer: ((req: http.IncomingMessage, res: http.ServerResponse) => void) | undefined;

  static async open(): Promise<Tenant> {
    const tenant = new Tenant();
    tenant.keys = [await newKey('key-1')];
    await tenant.start();
    return tenant;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  get issuer(): string {
    return `${this.origin}/${tenantId}/v2.0`;
  }

  /** Listens, on the port of before if there was one. */
  async start(): Promise<void> {
    const server = http.createServer((req, res) => void this.serve(req, res));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
    this.build();
  }

  /** The outage: no listener, no connection. */
  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async close(): Promise<void> {
    await this.stop();
  }

  /** A new key signs from now on. `drop`: the old ones vanish from the key set at once. */
  async rotate(options: { drop?: boolean } = {}): Promise<void> {
    this.keys.unshift(await newKey(`key-${this.keys.length + 1}-${randomUUID().slice(0, 4)}`));
    if (options.drop) this.keys.length = 1;
    this.build();
  }

  /** Nobody is signed in any more: what refresh tokens there are do not count. */
  forgetGrants(): void {
    for (const key of [...this.memory.entries.keys()])
      if (/^(RefreshToken|Grant|Session):/.test(key)) this.memory.entries.delete(key);
  }

  /** The claims of an access token for this person, as Entra writes them. */
  claims(person: string): Claims {
    const who = people[person];
    const now = Math.floor(Date.now() / 1000);
    return {
      aud: audience,
      iss: this.issuer,
      iat: now,
      nbf: now,
      exp: now + this.tokenSeconds,
      azp: clientId,
      azpacr: '0',
      name: who.name,
      oid: who.oid,
      preferred_username: who.mail,
      roles: who.roles,
      groups: who.groups,
      scp: scopeName,
      sid: '00c1f6d2-7f57-4c35-9b63-4f5b6d0a1e22',
      sub: `pairwise-${who.oid.slice(0, 8)}`,
      tid: tenantId,
      uti: randomUUID().replaceAll('-', '').slice(0, 22),
      ver: '2.0',
    };
  }

  private apiOf(client: string): Api {
    const known = this.apis.find((one) => one.client === client);
    return known ?? { client: clientId, audience, scopeName };
  }

  /** The claims of an application's own token. */
  machineClaims(client: string): Claims {
    const { scp, name, preferred_username, groups, sid, ...rest } = this.claims('ada');
    return { ...rest, azp: client, azpacr: '1', idtyp: 'app', oid: machineId, sub: machineId };
  }

  /** An access token without the sign-in; `overrides` with the value undefined remove a claim. */
  async mint(person: string, overrides: Claims = {}, header: Claims = {}): Promise<string> {
    const claims: Claims = { ...this.claims(person), ...overrides };
    for (const name of Object.keys(claims)) if (claims[name] === undefined) delete claims[name];
    const key = this.keys[0];
    return new SignJWT(claims)
      .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: key.kid, ...header })
      .sign(key.privateKey);
  }

  private async serve(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    const path = new URL(req.url ?? '/', this.origin).pathname;
    const prefix = `/${tenantId}/v2.0`;
    const inner = path.startsWith(prefix) ? path.slice(prefix.length) : path;
    this.asked.set(inner, (this.asked.get(inner) ?? 0) + 1);
    if (inner === '/jwks' && this.delay > 0)
      await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (!path.startsWith(prefix)) {
      res.writeHead(404).end();
      return;
    }
    if (this.intercept?.(inner, res)) return;
    if (inner.startsWith('/sign-in/')) {
      const details = await this.provider.interactionDetails(req, res);
      if (this.pages && details.prompt.name === 'login') {
        if (req.method !== 'POST') {
          res.writeHead(200, { 'content-type': 'text/html' }).end(signInPage());
          return;
        }
        const form = await readForm(req);
        const login = form.get('login') ?? '';
        if (!people[login] || form.get('password') !== `${login}'s password`) {
          res.writeHead(200, { 'content-type': 'text/html' }).end(signInPage('wrong'));
          return;
        }
        this.signedInAt.set(login, Math.floor(Date.now() / 1000));
        const answer = form.get('cancel')
          ? { error: 'access_denied', error_description: 'the person said no' }
          : { login: { accountId: login } };
        await this.provider.interactionFinished(req, res, answer);
        return;
      }
      if (details.prompt.name === 'login')
        this.signedInAt.set(this.atTheDesk, Math.floor(Date.now() / 1000));
      const result =
        details.prompt.name === 'login'
          ? { login: { accountId: this.atTheDesk } }
          : { consent: {} };
      await this.provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true });
      return;
    }
    // An issuer with a path, without a web framework: the provider sees the rest and knows the whole.
    (req as http.IncomingMessage & { originalUrl?: string }).originalUrl = req.url;
    req.url = (req.url ?? '').slice(prefix.length) || '/';
    this.answer?.(req, res);
  }

  // There is no call that changes the keys of a living provider: a new one takes its place, and the
  // grants survive in the memory that both share.
  private build(): void {
    const memory = this.memory;
    const tenant = this;
    const oidc = 'openid profile offline_access';
    const scopeOf = (api: Api) => `api://${api.audience}/${api.scopeName}`;
    this.provider = new Provider(this.issuer, {
      adapter: class extends MemoryAdapter {
        constructor(model: string) {
          super(memory, model, tenant);
        }
      },
      clients: [
        ...[clientId, ...this.apis.map((api) => api.client)].map((client) => ({
          client_id: client,
          token_endpoint_auth_method: 'none',
          application_type: 'native',
          redirect_uris: ['http://127.0.0.1/callback'], // a native client on a loopback address: any port
          grant_types: [
            'authorization_code',
            'refresh_token',
            'urn:ietf:params:oauth:grant-type:device_code',
          ],
          response_types: ['code'],
          scope: oidc,
        })),
        ...this.machines,
      ],
      jwks: { keys: this.keys.map((key) => key.jwk) },
      cookies: { keys: ['for tests alone'] },
      pkce: { required: () => true },
      scopes: oidc.split(' '),
      claims: {
        openid: ['sub', 'oid', 'tid', 'roles', 'groups'],
        profile: ['name', 'preferred_username'],
      },
      conformIdTokenClaims: false,
      findAccount: async (_: unknown, id: string) =>
        people[id] && {
          accountId: id,
          claims: async () => ({ ...this.claims(id), sub: id }),
        },
      rotateRefreshToken: true,
      issueRefreshToken: async () => true,
      ttl: {
        AccessToken: () => this.tokenSeconds,
        ClientCredentials: () => this.tokenSeconds,
        IdToken: 3600,
        RefreshToken: 86400,
        Grant: 86400,
        Session: 86400,
        Interaction: 600,
        AuthorizationCode: 60,
      },
      features: {
        devInteractions: { enabled: false },
        userinfo: { enabled: false },
        revocation: {
          enabled: true,
          allowedPolicy: async (_: unknown, client: any, token: any) =>
            client.clientId === token.clientId,
        },
        clientCredentials: { enabled: true },
        deviceFlow: {
          enabled: true,
          userCodeInputSource: async (ctx: any, form: string, _out: unknown, error?: Error) => {
            ctx.body = codePage(form, error?.message);
          },
          userCodeConfirmSource: async (ctx: any, form: string) => {
            ctx.body = confirmPage(form);
          },
          successSource: async (ctx: any) => {
            ctx.body = donePage;
          },
        },
        resourceIndicators: {
          enabled: true,
          defaultResource: async (_: unknown, client: any) =>
            `api://${this.apiOf(client.clientId).audience}`,
          useGrantedResource: async () => true,
          getResourceServerInfo: async (_: unknown, resource: string, client: any) => {
            const api = this.apiOf(client.clientId);
            if (resource !== `api://${api.audience}`) throw new errors.InvalidTarget();
            return {
              scope: scopeOf(api),
              audience: api.audience,
              accessTokenFormat: 'jwt',
              accessTokenTTL: this.tokenSeconds,
              jwt: { sign: { alg: 'RS256' } },
            };
          },
        },
      },
      formats: {
        customizers: {
          jwt: async (
            _: unknown,
            token: { accountId?: string; clientId: string },
            jwt: { header: Claims; payload: Claims },
          ) => {
            jwt.header = { typ: 'JWT' };
            const { audience: aud, scopeName: scp, client: azp } = this.apiOf(token.clientId);
            const auth_time = token.accountId && this.signedInAt.get(token.accountId);
            jwt.payload = token.accountId
              ? { ...this.claims(token.accountId), auth_time, aud, scp, azp }
              : this.machineClaims(token.clientId);
          },
        },
      },
      interactions: {
        url: (_: unknown, interaction: { uid: string }) =>
          `/${tenantId}/v2.0/sign-in/${interaction.uid}`,
      },
      // Consent is given without a question, as an administrator gives it for a whole tenant.
      loadExistingGrant: async (ctx: any) => {
        const { provider, session, client } = ctx.oidc;
        const id = ctx.oidc.result?.consent?.grantId || session.grantIdFor(client.clientId);
        const old = id && (await provider.Grant.find(id));
        if (old) return old;
        const grant = new provider.Grant({
          clientId: client.clientId,
          accountId: session.accountId,
        });
        grant.addOIDCScope(oidc);
        const api = this.apiOf(client.clientId);
        grant.addResourceScope(`api://${api.audience}`, scopeOf(api));
        await grant.save();
        return grant;
      },
    });
    this.provider.use(async (ctx: any, next: () => Promise<void>) => {
      await next();
      const answer = ctx.body as Record<string, unknown> | undefined;
      if (ctx.path.endsWith('/token') && typeof answer?.id_token === 'string')
        answer.id_token = await this.withType(answer.id_token);
      if (!this.issued || !ctx.path.endsWith('/token') || typeof answer?.access_token !== 'string')
        return;
      const names = ['access_token', 'id_token', 'refresh_token'];
      const tokens = Object.entries(answer).filter(([name]) => names.includes(name));
      this.issued(Object.fromEntries(tokens) as Record<string, string>);
    });
    this.answer = this.provider.callback();
  }

  /** The ID token with what Entra always writes, and this provider never does. */
  private withType(token: string): Promise<string> {
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
    const { ver, tid, oid } = people[claims.sub] ? this.claims(claims.sub) : ({} as Claims);
    const key = this.keys[0];
    return new SignJWT({ ver, tid, oid, ...claims })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.kid })
      .sign(key.privateKey);
  }
}

/** What the provider remembers. Its own built-in store would not survive a change of keys. */
class Memory {
  readonly entries = new Map<string, Claims>();
  readonly byGrant = new Map<string, Set<string>>();
  readonly byUid = new Map<string, string>();
  readonly byUserCode = new Map<string, string>();
}

class MemoryAdapter {
  private readonly memory: Memory;
  private readonly model: string;
  private readonly tenant: { reuseSeconds: number };
  constructor(memory: Memory, model: string, tenant: { reuseSeconds: number }) {
    this.memory = memory;
    this.model = model;
    this.tenant = tenant;
  }
  async upsert(id: string, payload: Claims): Promise<void> {
    const key = `${this.model}:${id}`;
    this.memory.entries.set(key, payload);
    if (payload.grantId && this.model !== 'Session') {
      const grant = String(payload.grantId);
      this.memory.byGrant.set(grant, (this.memory.byGrant.get(grant) ?? new Set()).add(key));
    }
    if (payload.uid && this.model === 'Session') this.memory.byUid.set(String(payload.uid), id);
    if (payload.userCode) this.memory.byUserCode.set(String(payload.userCode), id);
  }
  async find(id: string): Promise<Claims | undefined> {
    return this.memory.entries.get(`${this.model}:${id}`);
  }
  async findByUid(uid: string): Promise<Claims | undefined> {
    return this.find(this.memory.byUid.get(uid) ?? '');
  }
  async findByUserCode(code: string): Promise<Claims | undefined> {
    return this.find(this.memory.byUserCode.get(code) ?? '');
  }
  async consume(id: string): Promise<void> {
    const mark = async () => {
      const found = await this.find(id);
      if (found) found.consumed = Math.floor(Date.now() / 1000);
    };
    const grace = this.model === 'RefreshToken' ? this.tenant.reuseSeconds : 0;
    if (grace > 0) setTimeout(() => void mark(), grace * 1000).unref();
    else await mark();
  }
  async destroy(id: string): Promise<void> {
    this.memory.entries.delete(`${this.model}:${id}`);
  }
  async revokeByGrantId(grant: string): Promise<void> {
    for (const key of this.memory.byGrant.get(grant) ?? []) this.memory.entries.delete(key);
    this.memory.byGrant.delete(grant);
  }
}
