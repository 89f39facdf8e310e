// How each operation of the administrator's API is asked for a real answer, in a house where
// something has happened: people have asked, one was refused, one is revoked.

import { join } from 'node:path';
import { askSocket, type SocketReply } from './admin_socket.ts';
import { type Operation, targetOf } from './api_document.ts';
import { writeConfig, type Yaml } from './gateway.ts';
import { House, question } from './house.ts';
import { people, tenantId } from './tenant.ts';
import { value } from './wire.ts';

export interface Ask {
  places?: Record<string, string>;
  query?: string;
  body?: object;
}

/** The house and what its tests need to know of it. */
export class Stage {
  readonly house: House;
  request = ''; // a request's id
  private constructor(house: House) {
    this.house = house;
  }

  /** With an administrator's port, too. */
  static async open(): Promise<Stage> {
    const house = await House.open({
      change: (config) => {
        config.admin = {
          ...config.admin,
          listen: '127.0.0.1:0',
          audience: '5e0b8c37-64d2-4f19-b7a5-1c9e3d2f8a60',
          clients: ['61c4e9d8-2b7f-4a35-9d10-8e6f3b5a7c22'],
          roles: { administrator: { roles: ['Gateway.Administrator'] } },
        };
      },
    });
    const stage = new Stage(house);
    await house.ready();
    stage.request = await stage.question('ada');
    await house.ask(await house.token('mallory'), question());
    await stage.question('grace');
    await stage.seen('ada');
    await stage.revoke('grace');
    await house.ask(await house.token('grace'), question());
    return stage;
  }

  /** Asks as this person, and waits for the record's last word of it: the request's id. */
  private async question(person: string): Promise<string> {
    const reply = await this.house.ask(await this.house.token(person), question());
    const id = value(reply.head, 'x-request-id') ?? '';
    await this.house.closed(id);
    return id;
  }
  /** Names are written beside the requests, a moment later. */
  private seen(person: string): Promise<string> {
    const target = `/api/v1/people/${encodeURIComponent(this.key(person))}`;
    return this.until(target, (reply) => reply.status === 200 && 'name' in JSON.parse(reply.text));
  }
  private async until(target: string, good: (reply: SocketReply) => boolean): Promise<string> {
    const end = performance.now() + 10_000;
    for (;;) {
      const reply = await askSocket(this.socket, 'GET', target);
      if (good(reply)) return reply.text;
      if (performance.now() > end) throw new Error(`GET ${target}: still ${reply.text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  get socket(): string {
    return join(this.house.directory, 'admin.sock');
  }
  key(person: string): string {
    return `contoso/${tenantId}/${people[person].oid}`;
  }
  /** The id of a new revocation. */
  async revoke(person: string): Promise<string> {
    const body = JSON.stringify({ kind: 'user', targets: [this.key(person)], reason: 'has left' });
    const reply = await askSocket(this.socket, 'POST', '/api/v1/revocations', { body });
    return JSON.parse(reply.text).revocations[0].id;
  }
  /** The id of a job that has ended. */
  async job(): Promise<string> {
    const started = await askSocket(this.socket, 'POST', '/api/v1/record/verify');
    const { job } = JSON.parse(started.text);
    const ended = ({ text }: SocketReply) => JSON.parse(text).state !== 'running';
    await this.until(`/api/v1/jobs/${job}`, ended);
    return job;
  }
  async ask(operation: Operation): Promise<SocketReply> {
    const ask = (await asks[operation.id]?.(this)) ?? {};
    const query = ask.query ? `?${ask.query}` : '';
    return askSocket(this.socket, operation.method, targetOf(operation, ask.places) + query, {
      body: ask.body ? JSON.stringify(ask.body) : undefined,
    });
  }
}

/** By the operation's id. What is read without a place needs no row. */
export const asks: Record<string, (stage: Stage) => Ask | Promise<Ask>> = {
  postRevocations: (stage) => ({
    body: { kind: 'user', targets: [stage.key('mallory')], reason: 'has left' },
  }),
  postRevocationsSignIns: (stage) => ({ body: { targets: [stage.key('ada')] } }),
  getRevocationsId: async (stage) => ({ places: { id: await stage.revoke('mallory') } }),
  postRevocationsIdLift: async (stage) => ({
    places: { id: await stage.revoke('mallory') },
    body: { reason: 'was a mistake' },
  }),
  getPeopleKey: (stage) => ({ places: { key: stage.key('ada') } }),
  getRequestsId: (stage) => ({ places: { id: stage.request } }),
  // The file has changed by then, so that there is something to say.
  postConfigurationReload: (stage) => {
    const next = structuredClone(stage.house.config);
    next.limits = { ping: '20s' };
    writeConfig(stage.house.gateway.configFile, next as Yaml);
    return { query: 'dry_run=true' };
  },
  postRecordVerify: () => ({}),
  getJobsId: async (stage) => ({ places: { id: await stage.job() } }),
  postJobsIdCancel: async (stage) => ({ places: { id: await stage.job() } }),
};

/** Their members depend on how far something is: the recorded answer may have fewer. */
export const varying = new Set(['getStatus', 'getJobs', 'postJobsIdCancel']);

export function hasAsk(operation: Operation): boolean {
  return operation.id in asks || (operation.method === 'GET' && !operation.path.includes('{'));
}
