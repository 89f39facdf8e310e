// A help desk member at another machine: signs in to the administrator's port with our own command,
// and asks, ends sign-ins and is refused through it. The token goes to that server alone.

import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { adminAudience, commandClient, keyOf } from '../harness/admin_port.ts';
import { Authority } from '../harness/certificates.ts';
import { Desk } from '../harness/desk.ts';
import { House, question } from '../harness/house.ts';
import { lineWhere } from '../harness/records.ts';
import { people, Tenant } from '../harness/tenant.ts';
import { value } from '../harness/wire.ts';

const scope = `api://${adminAudience}/Gateway.Admin`;
type Tree = { [key: string]: any };

function adminBlock(config: Tree, more: Tree = {}): Tree {
  return {
    ...config.admin,
    listen: '127.0.0.1:0',
    issuer: 'contoso',
    audience: adminAudience,
    clients: [commandClient],
    scope: 'Gateway.Admin',
    command_line: { client: commandClient, scopes: [scope, 'offline_access'] },
    roles: { helpdesk: { users: [keyOf('grace')] }, administrator: { users: [keyOf('mallory')] } },
    ...more,
  };
}

async function openTenant(): Promise<Tenant> {
  const tenant = await Tenant.open();
  tenant.apis = [{ client: commandClient, audience: adminAudience, scopeName: 'Gateway.Admin' }];
  await tenant.rotate(); // its clients are new, too
  tenant.atTheDesk = 'grace';
  return tenant;
}

interface Seen {
  path: string;
  authorization: string;
}

/** A server of somebody: answers by a function, and keeps what it was shown. */
class Stranger {
  readonly seen: Seen[] = [];
  private readonly server: http.Server;
  private constructor(server: http.Server) {
    this.server = server;
  }
  static async open(answer: (path: string, stranger: Stranger) => [number, object]): Promise<Stranger> {
    const stranger: Stranger = new Stranger(
      http.createServer((request, response) => {
        const path = request.url ?? '';
        stranger.seen.push({ path, authorization: request.headers.authorization ?? '' });
        const [status, body] = answer(path, stranger);
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      }),
    );
    await new Promise<void>((resolve) => stranger.server.listen(0, '127.0.0.1', resolve));
    return stranger;
  }
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  get tokens(): string[] {
    return this.seen.map((one) => one.authorization).filter((one) => one !== '');
  }
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function freePort(): Promise<number> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('sallyport --server', () => {
  let tenant: Tenant;
  let house: House;
  let desk: Desk;
  let server: string;
  let refused: string;
  let passed: string;

  before(async () => {
    tenant = await openTenant();
    house = await House.open({
      tenant,
      change: (config) => {
        config.admin = adminBlock(config);
      },
    });
    await house.ready();
    server = `http://127.0.0.1:${house.gateway.adminPort}`;
    desk = await Desk.open();
    passed = value((await house.ask(await house.token('ada'), question())).head, 'x-request-id') ?? '';
    const roleless = await tenant.mint('ada', { roles: [] });
    const answer = await house.ask(roleless, question());
    assert.equal(answer.status, 403);
    refused = value(answer.head, 'x-request-id') ?? '';
    await house.closed(passed);
  });
  after(async () => {
    await desk?.run(['sign-out', '--server', server]);
    await desk?.close();
    await house?.close();
    await tenant?.close();
  });

  const at = (...words: string[]) => desk.run([...words, '--server', server]);

  test('asks nobody before somebody signed in, and says how to', async () => {
    const none = await at('status');
    assert.equal(none.code, 1, none.stderr);
    assert.ok(none.stderr.includes(`sallyport sign-in --server ${server}`), none.stderr);
  });

  test('signs in by what the server says, and shows whom before', async () => {
    const done = await desk.signInAtOnce(['--server', server]);
    assert.equal(done.code, 0, done.stderr);
    const said = JSON.parse(done.stdout);
    assert.equal(said.person, 'Grace Murray (grace.murray@contoso.example)');
    assert.equal(said.server, server);
    assert.equal(said.gateway, undefined);
    const [first, second] = done.stderr.split('\n');
    assert.deepEqual(JSON.parse(first), {
      event: 'server',
      server,
      issuer: tenant.issuer,
      client: commandClient,
      scope: `${scope} offline_access`,
    });
    assert.equal(JSON.parse(second).event, 'browser');
    const me = await at('whoami', '--json');
    assert.equal(me.code, 0, me.stderr);
    const { who, way, roles, client } = JSON.parse(me.stdout);
    assert.deepEqual({ who, way, roles, client }, {
      who: keyOf('grace'),
      way: 'token',
      roles: ['helpdesk'],
      client: commandClient,
    });
    assert.match((await at('whoami')).stdout, /^roles +helpdesk$/m);
  });

  test('finds a person, and sees why a request was refused', async () => {
    const found = await at('people', 'find', 'Ada');
    assert.equal(found.code, 0, found.stderr);
    assert.match(found.stdout, /^Ada Byron <ada\.byron@contoso\.example>$/m);
    assert.ok(found.stdout.includes(keyOf('ada')), found.stdout);
    assert.equal((await at('people', 'find', 'Nobody at all')).code, 1);

    const list = await at('audit', 'show', '--person', people.ada.mail, '--json', '--since', '2024-1');
    assert.equal(list.code, 0, list.stderr);
    const { rows } = JSON.parse(list.stdout);
    assert.deepEqual(rows.map((row: any) => [row.kind, row.id]), [
      ['request', passed],
      ['refused', refused],
    ]);
    assert.equal(rows[0].name, 'Ada Byron');
    assert.equal(rows[0].outcome, 'complete');
    assert.equal(rows[0].status, 200);
    assert.equal(rows[1].outcome, 'token.role_missing');
    assert.equal(rows[1].status, 403);
    const newest = await at('audit', 'show', '--last', '1', '--outcome', 'refused', '--json');
    assert.deepEqual(JSON.parse(newest.stdout).rows.map((row: any) => row.id), [refused]);

    const shown = await at('audit', 'show', '--id', refused);
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /^TIME \(UTC\) +PERSON +MODEL +STATUS +OUTCOME .* REQUEST$/m);
    assert.match(shown.stdout, /Ada Byron .*403 token\.role_missing/);
    assert.match(shown.stdout, /^what happened +\S/m);
    assert.match(shown.stdout, /^what helps +\S/m);
    assert.ok(!shown.stdout.includes(`"id":"${refused}"`), 'the lines themselves are for the auditor');
    const unknown = await at('audit', 'show', '--id', '00000000-0000-0000-0000-000000000000');
    assert.equal(unknown.code, 1, unknown.stderr);
  });

  test('ends sign-ins and cannot lift; the record names the member', async () => {
    const done = await at('revoke', 'sign-ins', keyOf('ada'), '--reason', 'lost laptop', '--json');
    assert.equal(done.code, 0, done.stderr);
    const [{ id }] = JSON.parse(done.stdout).revocations;
    const listed = await at('revoke', 'list');
    assert.equal(listed.code, 0, listed.stderr);
    assert.ok(listed.stdout.includes(id), listed.stdout);
    const story = await at('audit', 'show', '--revocation', id, '--json');
    assert.equal(story.code, 0, story.stderr);
    assert.ok(JSON.parse(story.stdout).steps.some((step: any) => step.what === 'revoked'));
    const lift = await at('revoke', 'lift', id);
    assert.equal(lift.code, 1, lift.stderr);
    assert.equal(lift.stdout, '');
    assert.match(lift.stderr, /needs the role operator/);
    for (const words of [['revoke', 'user', keyOf('ada')], ['config', 'reload']]) {
      const no = await at(...words);
      assert.equal(no.code, 1, `${words}: ${no.stderr}`);
      assert.match(no.stderr, /role operator/);
    }
    const json = await at('revoke', 'lift', id, '--json');
    assert.equal(JSON.parse(json.stderr).error.code, 'api.role');
    const line = await lineWhere(
      house.auditDirectory,
      (one) =>
        one.event === 'admin' && one.details?.what === 'POST /api/v1/revocations/sign-ins',
    );
    assert.equal(line.details.by, keyOf('grace'));
    assert.equal(line.details.client, commandClient);
  });

  test('takes what is wrong as the socket does', async () => {
    const socket = ['--socket', join(house.directory, 'admin.sock')];
    const ask = ['revoke', 'sign-ins', 'nobody.of.this.name'];
    const [here, there] = await Promise.all([desk.run([...ask, ...socket]), at(...ask)]);
    assert.equal(there.code, here.code);
    assert.equal(there.stderr, here.stderr);
    for (const words of [
      ['status', '--server', server, ...socket],
      ['status', '--server', server, '--instance', 'default'],
      ['status', '--ca-file', '/x'],
      ['audit', 'show', '--server', server, '--directory', '/x'],
      ['audit', 'verify', '--server', server],
      ['status', '--server', 'http://claude.contoso.example'],
      ['status', '--server', `${server}/path`],
      ['sign-in', '--server', server, '--gateway', house.url],
      ['whoami', '--server', server, '--gateway', house.url],
    ]) {
      const wrong = await desk.run(words);
      assert.equal(wrong.code, 2, `${words.join(' ')}: ${wrong.stderr}`);
    }
  });

  test('is no sign-in for a gateway, and its token is not printed', async () => {
    for (const words of [['token'], ['token', '--gateway', server], ['token', '--json']]) {
      const token = await desk.run(words);
      assert.equal(token.code, 1, token.stderr);
      assert.equal(token.stdout, '');
      assert.ok(token.stderr.includes(server), token.stderr);
      assert.match(token.stderr, /administrators' commands alone/);
    }
    assert.equal((await desk.signInAtOnce(['--gateway', house.url])).code, 0);
    const token = await desk.run(['token']);
    assert.equal(token.code, 0, token.stderr);
    const claims = JSON.parse(Buffer.from(token.stdout.split('.')[1], 'base64url').toString());
    assert.notEqual(claims.aud, adminAudience);
    assert.equal((await at('whoami')).code, 0, 'each has its own');
    assert.equal((await desk.run(['sign-out'])).code, 0);
    assert.equal((await at('whoami')).code, 0, 'and keeps it');
  });

  test('gives nothing to another server', async () => {
    const document = (resource: string, client: string) => ({
      resource,
      sallyport_sign_in: [
        { name: 'contoso', issuer: tenant.issuer, client, scopes: [scope], token: 'access_token' },
      ],
    });
    let resource = server;
    const evil = await Stranger.open(() => [200, document(resource, commandClient)]);
    try {
      const asked = await desk.run(['whoami', '--server', evil.url]);
      assert.equal(asked.code, 1, asked.stderr);
      assert.deepEqual(evil.seen, [], 'it is not even asked');
      const pages = desk.openedPages.length;
      const mixed = await desk.run(['sign-in', '--json', '--server', evil.url]);
      assert.equal(JSON.parse(mixed.stderr).error.code, 'gateway.other_name');
      resource = evil.url; // its own name, and the application of another server
      const borrowed = await desk.run(['sign-in', '--json', '--server', evil.url]);
      assert.equal(JSON.parse(borrowed.stderr).error.code, 'server.same_application');
      assert.equal(desk.openedPages.length, pages, 'no browser was opened');
      assert.deepEqual(evil.tokens, []);
      assert.equal((await at('whoami')).code, 0, 'the sign-in of before stays');
    } finally {
      await evil.close();
    }
  });

  test('renews once after a 401 and tries once more, and follows no redirect', async () => {
    const me = { who: 'x', way: 'token', roles: [] };
    const answers = [401, 200, 302];
    const fussy = await Stranger.open((_, one) => [answers[one.seen.length - 1] ?? 500, me]);
    const named = ['--issuer', tenant.issuer, '--client', commandClient, '--scope', scope];
    try {
      const done = await desk.signInAtOnce(['--server', fussy.url, ...named]);
      assert.equal(done.code, 0, done.stderr);
      const asked = await desk.run(['whoami', '--server', fussy.url]);
      assert.equal(asked.code, 0, asked.stderr);
      assert.equal(fussy.tokens.length, 2);
      assert.notEqual(fussy.tokens[0], fussy.tokens[1]);
      const sent = await desk.run(['whoami', '--server', fussy.url]);
      assert.equal(sent.code, 3, sent.stderr);
      assert.match(sent.stderr, /redirect/);
      assert.equal(fussy.tokens.length, 3);
      assert.equal((await desk.run(['sign-out', '--server', fussy.url])).code, 0);
    } finally {
      await fussy.close();
    }
  });

  test('says where to sign in again when the server has ended the sign-in', async () => {
    const socket = ['--socket', join(house.directory, 'admin.sock')];
    const done = await desk.run(['revoke', 'sign-ins', keyOf('grace'), ...socket]);
    assert.equal(done.code, 0, done.stderr);
    const ended = await at('whoami');
    assert.equal(ended.code, 3, ended.stderr);
    assert.match(ended.stderr, /api\.revoked/);
    assert.ok(ended.stderr.includes(`sallyport sign-in --server ${server}`), ended.stderr);
    assert.equal((await at('sign-out')).code, 0);
    assert.equal((await at('whoami')).code, 1);
  });
});

describe('sallyport --server over TLS', () => {
  let tenant: Tenant;
  let house: House;
  let desk: Desk;
  let server: string;
  const authority = new Authority();
  const other = new Authority('Another Authority');

  before(async () => {
    tenant = await openTenant();
    const leaf = authority.leaf('admin');
    const port = await freePort();
    server = `https://127.0.0.1:${port}`;
    house = await House.open({
      tenant,
      change: (config) => {
        config.admin = adminBlock(config, {
          listen: `127.0.0.1:${port}`,
          public_url: server,
          tls: { certificate: leaf.certFile, key: leaf.keyFile },
        });
      },
    });
    await house.ready();
    desk = await Desk.open();
  });
  after(async () => {
    await desk?.run(['sign-out', '--server', server]);
    await desk?.close();
    await house?.close();
    await tenant?.close();
  });

  test('trusts the authority of the sign-in, or the one that is named, and no other', async () => {
    // By name: a server elsewhere may not send anybody to a provider on this machine, as ours is.
    const sent = await desk.run(['sign-in', '--server', server, '--ca-file', authority.caFile]);
    assert.match(sent.stderr, /not usable/);
    const named = ['--issuer', tenant.issuer, '--client', commandClient, '--scope', scope];
    const ca = ['--ca-file', authority.caFile];
    const done = await desk.signInAtOnce(['--server', server, ...ca, ...named]);
    assert.equal(done.code, 0, done.stderr);
    const remembered = await desk.run(['whoami', '--server', server]);
    assert.equal(remembered.code, 0, remembered.stderr);
    const foreign = await desk.run(['whoami', '--server', server, '--ca-file', other.caFile]);
    assert.equal(foreign.code, 3, foreign.stderr);
    assert.match(foreign.stderr, /certificate/i);
  });
});
