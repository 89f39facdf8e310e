// A desk with Ada's sign-in to a house's gateway, made without a browser's help.

import assert from 'node:assert/strict';
import { Desk } from './desk.ts';
import type { House } from './house.ts';

/** A desk where Ada has signed in; her token has run out if `ended`. */
export async function adasDesk(
  house: House,
  options: {
    keyRing?: boolean;
    ended?: boolean;
    args?: string[];
    env?: Record<string, string>;
  } = {},
): Promise<Desk> {
  const desk = await Desk.open({ keyRing: options.keyRing, env: options.env });
  try {
    house.tenant.tokenSeconds = options.ended ? 1 : 3600;
    const done = await desk.signInAtOnce(['--gateway', house.url, ...(options.args ?? [])]);
    house.tenant.tokenSeconds = 3600;
    assert.equal(done.code, 0, done.stderr);
    if (options.ended) await desk.tokenEnded();
    return desk;
  } catch (error) {
    await desk.close();
    throw error;
  }
}

/** Does the work and closes the desk; the tenant answers by itself again. */
export async function withDesk<T>(
  house: House,
  made: Promise<Desk>,
  work: (desk: Desk) => Promise<T>,
): Promise<T> {
  const desk = await made;
  try {
    return await work(desk);
  } finally {
    house.tenant.intercept = undefined;
    await desk.close();
  }
}
