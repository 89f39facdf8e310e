// Every route of the API with every role, from the document that the program prints: whoever has a
// role that the route names is never refused for their role, everybody else is told which role
// would suffice. A new route is in it by itself.

import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { askSocket, nobody, type SocketReply } from '../harness/admin_socket.ts';
import { type Operation, operationsOf, readDocument, roles, targetOf } from '../harness/api_document.ts';
import { House } from '../harness/house.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root, to be another user';

describe('roles at the socket', { skip }, () => {
  const operations = operationsOf(readDocument());
  let house: House;
  let reloads = 0;
  before(async () => {
    house = await House.open({
      change: (config) => (config.admin.socket_roles = { nogroup: roles[0] }),
    });
    await house.ready();
    chmodSync(house.directory, 0o755); // the test's own folder, in which the socket is
  });
  after(() => house.close());

  const socket = () => join(house.directory, 'admin.sock');
  async function give(role: string | undefined): Promise<void> {
    if (role) house.config.admin.socket_roles = { nogroup: role };
    else delete house.config.admin.socket_roles;
    house.gateway.reload(house.config as never);
    await house.gateway.logged('config.reloaded', { skip: reloads });
    reloads += 1;
  }
  /** A write is asked with a filter that there is not: the role is looked at before that. */
  function ask(operation: Operation): Promise<SocketReply> {
    const harmless = operation.method === 'GET' ? '' : '?no_such_filter=1';
    const body = operation.takesBody ? '{}' : undefined;
    return askSocket(socket(), operation.method, targetOf(operation) + harmless, {
      as: nobody,
      body,
    });
  }

  test('there are routes, and each names its roles in their order', () => {
    assert.ok(operations.length > 5);
    for (const { id, roles: named } of operations) {
      assert.deepEqual(named, roles.filter((role) => named.includes(role)), id);
      assert.ok(named.length === 0 || named.includes('administrator'), id);
    }
  });

  for (const role of [...roles.slice(1), roles[0]]) {
    test(`${role}: may ask what names it and is told what would suffice for the rest`, async () => {
      await give(role);
      const me = await askSocket(socket(), 'GET', '/api/v1/me', { as: nobody });
      assert.deepEqual(JSON.parse(me.text).roles, [role], me.text);
      assert.equal(JSON.parse(me.text).because, 'admin.socket_roles: nogroup');
      for (const operation of operations) {
        const named = `${operation.method} ${operation.path} as ${role}`;
        const reply = await ask(operation);
        const may = operation.roles.length === 0 || operation.roles.includes(role);
        if (may) {
          assert.notEqual(reply.status, 403, `${named}: ${reply.text}`);
          assert.ok(reply.status < 500, `${named}: ${reply.text}`);
          if (operation.method !== 'GET') assert.equal(JSON.parse(reply.text).code, 'api.query', named);
          continue;
        }
        assert.equal(reply.status, 403, `${named}: ${reply.text}`);
        const problem = JSON.parse(reply.text);
        assert.equal(problem.code, 'api.role', named);
        assert.ok(problem.detail.includes(`needs the role ${operation.roles[0]};`), reply.text);
        assert.ok(problem.next_step.includes(operation.roles[0]), reply.text);
      }
    });
  }

  test('without a role there is no answer at all', async () => {
    await give(undefined);
    for (const operation of operations.slice(0, 3)) await assert.rejects(ask(operation), operation.id);
    const root = await askSocket(socket(), 'GET', '/api/v1/me');
    assert.deepEqual(JSON.parse(root.text).roles, ['administrator'], 'root is let in as ever');
  });
});
