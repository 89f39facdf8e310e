// The administrator's port behind a name of its own, and those who come to it: a real browser
// (Debian's Chromium) that finds the port by its name, and a browser's habits without one, for
// requests that no browser would send.
//
//   const port = await AdminPort.open();
//   const page = await (await port.browser()).newPage();
//   await port.signIn(page, 'ada');
//   const raw = port.raw(); await raw.get('/sign-in');
//   await port.close();

import { writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { Authority } from './certificates.ts';
import { chromiumPath } from './desk.ts';
import { House } from './house.ts';
import { ask, type Reply } from './raw_client.ts';
import { followAsABrowserWould } from './sign_in.ts';
import { people, Tenant, tenantId } from './tenant.ts';
import { type Fields, value, values } from './wire.ts';

export const adminHost = 'admin.contoso.example';
export const adminUrl = `https://${adminHost}`;
/** Of the same site as the port, as browsers see it, and of another one. */
export const neighbour = 'https://other.contoso.example';
export const stranger = 'https://evil.example';
export const webClient = 'c1a7f0de-55b2-4d0b-8f6e-3a2b1c0d9e8f';
export const commandClient = '61c4e9d8-2b7f-4a35-9d10-8e6f3b5a7c22';
export const adminAudience = '5e0b8c37-64d2-4f19-b7a5-1c9e3d2f8a60';
export const sessionCookie = '__Host-sallyport';
export const signInCookie = '__Host-sallyport-sign-in';

export const keyOf = (person: string) => `contoso/${tenantId}/${people[person].oid}`;

type Tree = { [key: string]: any };

export interface AdminPortOptions {
  /** How the web application proves itself; a secret, where left out. */
  credential?: Tree;
  /** How the provider wants it to. */
  client?: Tree;
  change?: (config: Tree) => void;
}

export class AdminPort {
  readonly house: House;
  private readonly authority: Authority;
  private readonly elsewhere: https.Server;
  private chromium: Browser | undefined;
  private readonly contexts: BrowserContext[] = [];

  private constructor(house: House, authority: Authority, elsewhere: https.Server) {
    this.house = house;
    this.authority = authority;
    this.elsewhere = elsewhere;
  }

  static async open(options: AdminPortOptions = {}): Promise<AdminPort> {
    const authority = new Authority();
    const names = [adminUrl, neighbour, stranger].map((url) => `DNS:${new URL(url).host}`);
    const leaf = authority.leaf('admin', names);
    const tenant = await Tenant.open();
    const secret = 'canary-secret-of-the-web-application-0123456789';
    tenant.machines = [
      {
        client_id: webClient,
        client_secret: secret,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [`${adminUrl}/sign-in/callback`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        ...options.client,
      },
    ];
    await tenant.rotate();
    const house = await House.open({
      tenant,
      change: (config, made) => {
        const file = join(made.directory, 'web-secret');
        writeFileSync(file, secret, { mode: 0o600 });
        config.admin = {
          ...config.admin,
          listen: '127.0.0.1:0',
          public_url: adminUrl,
          tls: { certificate: leaf.certFile, key: leaf.keyFile },
          issuer: 'contoso',
          sign_in: {
            client: webClient,
            credential: options.credential ?? { client_secret: `\${file:${file}}` },
          },
          audience: adminAudience,
          clients: [commandClient],
          scope: 'Gateway.Admin',
          command_line: {
            client: commandClient,
            scopes: [`api://${adminAudience}/Gateway.Admin`, 'offline_access'],
          },
          roles: {
            administrator: { users: [keyOf('ada')] },
            auditor: { roles: ['Claude.Auditor'] },
          },
        };
        options.change?.(config);
      },
    });
    await house.ready();
    const elsewhere = https.createServer({ cert: leaf.cert, key: leaf.key }, (_, res) => {
      res.writeHead(200, { 'content-type': 'text/html' });
      res.end('<!doctype html><html lang="en"><title>Elsewhere</title><body></body></html>');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    return new AdminPort(house, authority, elsewhere);
  }

  get tenant(): Tenant {
    return this.house.tenant;
  }

  /** A fresh profile of the one browser. */
  async browser(): Promise<BrowserContext> {
    const elsewhere = (this.elsewhere.address() as AddressInfo).port;
    const map = (url: string, port: number) =>
      `MAP ${new URL(url).host}:443 127.0.0.1:${port}`;
    this.chromium ??= await chromium.launch({
      executablePath: chromiumPath,
      args: [
        `--host-resolver-rules=${[
          map(adminUrl, this.house.gateway.adminPort),
          map(neighbour, elsewhere),
          map(stranger, elsewhere),
        ].join(', ')}`,
      ],
    });
    const context = await this.chromium.newContext({ ignoreHTTPSErrors: true });
    this.contexts.push(context);
    return context;
  }

  /** From the front page through the provider back to it. */
  async signIn(page: Page, person: string): Promise<void> {
    this.tenant.atTheDesk = person;
    await page.goto(`${adminUrl}/`, { waitUntil: 'commit' });
    await page.waitForURL(`${adminUrl}/`);
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  }

  raw(): RawVisitor {
    return new RawVisitor(this);
  }

  /** One request as it is written, on a connection of its own. */
  ask(method: string, path: string, fields: Fields = [], body = ''): Promise<Reply> {
    const target = {
      port: this.house.gateway.adminPort,
      tls: { ca: this.authority.ca, servername: adminHost },
    };
    return ask(target, method, path, [['Host', adminHost], ...fields], body);
  }

  async close(): Promise<void> {
    for (const context of this.contexts) await context.close();
    await this.chromium?.close();
    this.elsewhere.closeAllConnections();
    await new Promise((resolve) => this.elsewhere.close(resolve));
    await this.house.close();
    await this.tenant.close();
  }
}

/** Somebody with a cookie jar for the port, and one for the provider. */
export class RawVisitor {
  readonly jar = new Map<string, string>();
  readonly providersJar = new Map<string, string>();
  private readonly port: AdminPort;
  constructor(port: AdminPort) {
    this.port = port;
  }

  get cookies(): Fields {
    if (this.jar.size === 0) return [];
    return [['Cookie', [...this.jar].map(([name, text]) => `${name}=${text}`).join('; ')]];
  }

  async send(method: string, path: string, fields: Fields = [], body = ''): Promise<Reply> {
    const reply = await this.port.ask(method, path, [...this.cookies, ...fields], body);
    for (const line of values(reply.head, 'set-cookie')) {
      const [name, text] = line.split(';')[0].split('=');
      if (/Max-Age=0;/.test(line)) this.jar.delete(name);
      else this.jar.set(name, text);
    }
    return reply;
  }
  get(path: string, fields: Fields = []): Promise<Reply> {
    return this.send('GET', path, fields);
  }

  /** Begins a sign-in: the provider's address, with its parameters. */
  async begin(path = '/sign-in'): Promise<URL> {
    const reply = await this.get(path);
    if (reply.status !== 303) throw new Error(`${path} answers ${reply.status}: ${reply.body}`);
    return new URL(value(reply.head, 'location') ?? '');
  }

  /** What the provider sends the browser back to: path and query. */
  async visitProvider(start: URL, person: string): Promise<string> {
    this.port.tenant.atTheDesk = person;
    const landed = await followAsABrowserWould(start, `${adminUrl}/`, this.providersJar);
    return landed.pathname + landed.search;
  }

  /** The whole way. */
  async signIn(person: string): Promise<Reply> {
    return this.get(await this.visitProvider(await this.begin(), person));
  }
}
