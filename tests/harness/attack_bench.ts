// What the rows of the attack table are written with: a good token of which any part is changed, and
// the list of what came of it.

import { generateKeyPairSync } from 'node:crypto';
import { type Rogue, Smith } from './smith.ts';
import { people, type Tenant } from './tenant.ts';
import type { Fields } from './wire.ts';

export interface Attack {
  row: string;
  what: string;
  fields: Fields;
  query?: string;
  status: number[];
  /** Ours; empty where the request does not get as far as a token. */
  code: string;
}

export const groupId = people.ada.groups[0];
export const now = () => Math.floor(Date.now() / 1000);
export const bearer = (token: string): Fields => [['Authorization', `Bearer ${token}`]];

/** What several rows are made of. */
export class Bench {
  readonly tenant: Tenant;
  readonly smith: Smith;
  readonly list: Attack[] = [];
  readonly header: Record<string, unknown>;
  row = '';
  constructor(tenant: Tenant) {
    this.tenant = tenant;
    this.smith = new Smith(tenant.keys[0].jwk);
    this.header = { alg: 'RS256', kid: tenant.keys[0].kid, typ: 'JWT' };
  }
  get claims(): Record<string, unknown> {
    return this.tenant.claims('ada');
  }
  /** The claims with some changed; undefined removes. */
  with(change: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries({ ...this.claims, ...change }).filter(([, one]) => one !== undefined),
    );
  }
  add(what: string, token: string, code: string, status: number | number[] = 401): void {
    this.fields(what, bearer(token), code, status);
  }
  fields(
    what: string,
    fields: Fields,
    code: string,
    status: number | number[] = 401,
    query?: string,
  ) {
    this.list.push({ row: this.row, what, fields, query, status: [status].flat(), code });
  }
  head(what: string, change: Record<string, unknown>, code: string): void {
    this.add(what, this.smith.token({ ...this.header, ...change }, this.claims), code);
  }
  claim(what: string, change: Record<string, unknown>, code: string, status = 401): void {
    this.add(what, this.smith.token(this.header, this.with(change)), code, status);
  }
  /** One member given as JSON text, for values that JavaScript cannot write. */
  rawClaim(what: string, name: string, json: string, code: string): void {
    const rest = JSON.stringify(this.with({ [name]: undefined }));
    this.add(what, this.smith.token(this.header, `{"${name}":${json},${rest.slice(1)}`), code);
  }
}

/** Private halves of the rogue issuer's keys; made once, RSA is slow. */
export const rogueKeys: Record<string, any> = {
  free: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  ps512: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  curve: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
};

export function rogueClaims(b: { claims: Record<string, unknown> }, rogue: Rogue) {
  return { ...b.claims, iss: rogue.issuer, tid: rogue.tenantId };
}
