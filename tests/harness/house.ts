// The whole house for a test: a tenant, a provider, and the gateway between them.
//
//   const house = await House.open();
//   const reply = await house.ask(await house.token('ada'), '{"model":"claude-sonnet-5",...}');
//   house.foundry.last, house.records(), house.gateway.log
//   await house.close();

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { Foundry, type FoundryOptions } from './foundry.ts';
import { Gateway, type GatewayOptions, type Yaml } from './gateway.ts';
import { ask, RawClient, type Reply, type Target } from './raw_client.ts';
import { closedRecord, type Line, readLines } from './records.ts';
import { audience, clientId, scope, scopeName, Tenant } from './tenant.ts';
import type { Fields } from './wire.ts';

type Tree = { [key: string]: any };

export interface HouseOptions {
  tenant?: Tenant;
  foundry?: FoundryOptions;
  /** Changes the configuration before the start. */
  change?: (config: Tree, house: House) => void;
  gateway?: Partial<GatewayOptions>;
  /** Set by tests that start the gateway themselves. */
  start?: boolean;
}

/** Model ids that clients ask for, and what the provider calls them. */
export const models = {
  'claude-sonnet-5': 'sonnet-prod',
  'claude-opus-5': 'opus-prod',
  'claude-haiku-4-5': 'claude-haiku-4-5',
};

export class House {
  tenant!: Tenant;
  foundry!: Foundry;
  gateway!: Gateway;
  readonly directory = mkdtempSync(join(tmpdir(), 'sallyport-'));
  config: Tree = {};
  private ownsTenant = false;
  private options: HouseOptions = {};

  static async open(options: HouseOptions = {}): Promise<House> {
    const house = new House();
    house.options = options;
    try {
      house.ownsTenant = !options.tenant;
      house.tenant = options.tenant ?? (await Tenant.open());
      house.foundry = await Foundry.open(options.foundry);
      house.config = house.plainConfig();
      options.change?.(house.config, house);
      if (options.start !== false) await house.start();
      return house;
    } catch (error) {
      await house.close();
      throw error;
    }
  }

  /** Starts the gateway (again). */
  async start(): Promise<void> {
    this.gateway = await Gateway.start({ ...this.gatewayOptions() });
  }
  gatewayOptions(): GatewayOptions {
    return { config: this.config as Yaml, directory: this.directory, ...this.options.gateway };
  }

  get auditDirectory(): string {
    return join(this.directory, 'audit');
  }
  get target(): Target {
    return { port: this.gateway.port };
  }
  get url(): string {
    return `http://127.0.0.1:${this.gateway.port}`;
  }

  token(person = 'ada'): Promise<string> {
    return this.tenant.mint(person);
  }

  /** The official client, with a person's token. */
  client(token: string, options: { maxRetries?: number; baseURL?: string } = {}): Anthropic {
    return new Anthropic({
      baseURL: this.url,
      authToken: token,
      apiKey: null,
      maxRetries: 0,
      ...options,
    });
  }

  /** POST /v1/messages on a connection of its own. */
  ask(token: string, body: string | Buffer | object, fields: Fields = []): Promise<Reply> {
    const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return ask(this.target, 'POST', '/v1/messages', [...requestFields(token), ...fields], bytes);
  }
  get(path: string, fields: Fields = []): Promise<Reply> {
    return ask(this.target, 'GET', path, fields);
  }
  /** At metrics.listen. */
  scrape(path: string, host = `127.0.0.1:${this.gateway.metricsPort}`): Promise<Reply> {
    return ask({ port: this.gateway.metricsPort }, 'GET', path, [['Host', host]]);
  }
  connect(): Promise<RawClient> {
    return RawClient.connect(this.target);
  }

  records(): Line[] {
    return readLines(this.auditDirectory);
  }
  closed(id: string, timeout?: number) {
    return closedRecord(this.auditDirectory, id, timeout);
  }

  /** Waits until the gateway says that it can serve. */
  async ready(timeout = 10_000): Promise<void> {
    const end = performance.now() + timeout;
    while ((await this.get('/readyz')).status !== 200) {
      if (performance.now() > end) throw new Error(`not ready; stderr:\n${this.gateway.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async close(): Promise<void> {
    if (this.gateway?.running) await this.gateway.stop();
    await this.foundry?.close();
    if (this.ownsTenant) await this.tenant?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private plainConfig(): Tree {
    const keyFile = join(this.directory, 'foundry-key');
    writeFileSync(keyFile, `${this.foundry.key}\n`, { mode: 0o600 });
    return {
      listen: { address: '127.0.0.1:0', workers: 2 },
      issuers: [issuerConfig(this.tenant)],
      upstreams: [
        {
          name: 'foundry',
          provider: 'foundry',
          base_url: this.foundry.base,
          credential: { api_key: `\${file:${keyFile}}`, header: 'x-api-key' },
        },
      ],
      models: Object.entries(models).map(([id, deployment]) => ({
        id,
        deployments: { foundry: deployment },
      })),
      audit: { directory: this.auditDirectory, sync: '100ms' },
      store: `sqlite:${join(this.directory, 'state.db')}`,
      admin: { socket: join(this.directory, 'admin.sock') },
      metrics: { listen: '127.0.0.1:0' },
    };
  }
}

export function issuerConfig(tenant: Tenant): Tree {
  return {
    name: 'contoso',
    issuer: tenant.issuer,
    audiences: [audience],
    token: 'access_token',
    clients: [clientId],
    require: { scopes: [scopeName], roles: ['Claude.User'] },
    sign_in: { client: clientId, scopes: [scope, 'offline_access'] },
    heal_by: 'auth_time',
  };
}

export function requestFields(token: string): Fields {
  return [
    ['Authorization', `Bearer ${token}`],
    ['Content-Type', 'application/json'],
    ['anthropic-version', '2023-06-01'],
  ];
}

/** The smallest body that asks for something. */
export function question(model = 'claude-sonnet-5', more: object = {}): string {
  return JSON.stringify({
    model,
    max_tokens: 64,
    messages: [{ role: 'user', content: 'Which port?' }],
    ...more,
  });
}
export function streamQuestion(model = 'claude-sonnet-5'): string {
  return question(model, { stream: true });
}
