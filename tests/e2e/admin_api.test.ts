// What the help desk, the operator and the auditor ask over the local socket: persons, requests and
// why one was refused, the configuration and its reload, dry runs; and what a role may not.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run, writeConfig } from '../harness/gateway.ts';
import { House, question, requestFields, streamQuestion } from '../harness/house.ts';
import { RawClient } from '../harness/raw_client.ts';
import { lineWhere } from '../harness/records.ts';
import { people, tenantId } from '../harness/tenant.ts';
import { value } from '../harness/wire.ts';

const ada = `contoso/${tenantId}/${people.ada.oid}`;
const nobody = { uid: 65534, gid: 65534 };

interface Answer {
  status: number;
  headers: Record<string, string>;
  json: any;
}

/** One request to the API, as whoever runs this process. */
function ask(socketPath: string, method: string, path: string, body?: object, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        method,
        path: `/api/v1${path}`,
        headers: { host: 'localhost', ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
      },
      (answer) => {
        let text = '';
        answer.on('data', (bytes) => (text += bytes));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers as any, json: JSON.parse(text) }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body ? JSON.stringify(body) : undefined);
  });
}

/** The same in a process of another user. */
const asAnother = `
  const [socketPath, method, path, body] = process.argv.slice(1);
  const headers = { host: 'localhost', ...(body ? { 'content-type': 'application/json' } : {}) };
  const sent = require('node:http').request({ socketPath, method, path: '/api/v1' + path, headers }, (answer) => {
    let text = '';
    answer.on('data', (bytes) => (text += bytes));
    answer.on('end', () => console.log(JSON.stringify({ status: answer.statusCode, json: JSON.parse(text) })));
  });
  sent.end(body || undefined);`;

const root = { skip: process.getuid?.() === 0 ? false : 'needs root, to be another user' };

describe("the administrator's API", () => {
  let house: House;
  let socket: string;
  let refused: string;
  let passed: string;

  before(async () => {
    house = await House.open({
      change: (config) => (config.admin.socket_roles = { nogroup: 'helpdesk' }),
    });
    socket = join(house.directory, 'admin.sock');
    chmodSync(house.directory, 0o755);
    await house.ready();
    const token = await house.token('ada');
    passed = value((await house.ask(token, question())).head, 'x-request-id') ?? '';
    const roleless = await house.tenant.mint('ada', { roles: [] });
    const answer = await house.ask(roleless, question());
    assert.equal(answer.status, 403);
    refused = value(answer.head, 'x-request-id') ?? '';
    await house.closed(passed);
  });
  after(() => house.close());

  const get = (path: string) => ask(socket, 'GET', path);
  const post = (path: string, body: object = {}, headers = {}) => ask(socket, 'POST', path, body, headers);

  function helpdesk(method: string, path: string, body?: object): { status: number; json: any } {
    const done = spawnSync(
      process.execPath,
      ['-e', asAnother, socket, method, path, body ? JSON.stringify(body) : ''],
      { ...nobody, cwd: '/', encoding: 'utf8', timeout: 20_000 },
    );
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(done.stdout);
  }

  test('a help desk member finds a person and sees why a request was refused', root, () => {
    const me = helpdesk('GET', '/me');
    assert.deepEqual(me.json.roles, ['helpdesk']);
    const found = helpdesk('GET', `/people?q=${encodeURIComponent(people.ada.name.slice(0, 4))}`);
    assert.equal(found.status, 200);
    assert.ok(found.json.people.some((person: any) => person.key === ada), JSON.stringify(found.json));
    const list = helpdesk('GET', `/requests?person=${encodeURIComponent(ada)}&outcome=refused`);
    assert.deepEqual(list.json.requests.map((one: any) => one.id), [refused]);
    const shown = helpdesk('GET', `/requests/${refused}`).json;
    assert.equal(shown.reason, 'token.role_missing');
    assert.equal(shown.status, 403);
    for (const part of ['what', 'told', 'next_step']) assert.notEqual(shown[part] ?? '', '', part);
    assert.equal(shown.record, undefined, 'the lines themselves are for the auditor');
    const person = helpdesk('GET', `/people/${encodeURIComponent(ada)}`).json;
    assert.deepEqual(person.requests.map((one: any) => one.id), [refused, passed]);
  });

  test('a help desk member may end sign-ins and not lift', root, async () => {
    const made = helpdesk('POST', '/revocations/sign-ins', { targets: [ada], reason: 'lost laptop' });
    assert.equal(made.status, 200, JSON.stringify(made.json));
    const { id, by } = made.json.revocations[0];
    assert.match(by, /nobody \(uid 65534\)/);
    const lifted = helpdesk('POST', `/revocations/${id}/lift`);
    assert.equal(lifted.status, 403);
    assert.equal(lifted.json.code, 'api.role');
    assert.match(lifted.json.detail, /needs the role operator/);
    for (const path of ['/configuration', '/jobs/none']) {
      const answer = helpdesk('GET', path);
      if (path === '/configuration') assert.equal(answer.status, 403);
    }
    const line = await lineWhere(
      house.auditDirectory,
      (one) => one.event === 'admin' && one.details?.what === 'POST /api/v1/revocations/sign-ins',
    );
    assert.match(line.details.by, /nobody/);
    assert.equal(line.details.roles, 'helpdesk');
    assert.equal((await post(`/revocations/${id}/lift`)).status, 200);
  });

  test('lists come in pages that a cursor goes on with', async () => {
    const all = (await get('/requests?limit=1000')).json.requests.map((one: any) => one.id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page: any = (await get(`/requests?limit=1${cursor && `&cursor=${cursor}`}`)).json;
      seen.push(...page.requests.map((one: any) => one.id));
      cursor = page.next_cursor ?? '';
    } while (cursor && seen.length < 100);
    assert.deepEqual(seen, all);
    assert.equal((await get('/requests?cursor=nonsense')).status, 400);
    assert.equal((await get(`/requests/${refused.slice(0, 7)}`)).status, 400);
    assert.equal((await get('/requests/00000000-0000-7000-8000-000000000000')).json.code, 'requests.unknown');
  });

  test('issuers and upstreams are told with their health', async () => {
    const { issuers } = (await get('/issuers')).json;
    assert.deepEqual([issuers[0].name, issuers[0].ready], ['contoso', true]);
    const { upstreams } = (await get('/upstreams')).json;
    assert.match(upstreams[0].credential, /^file /);
    assert.ok(!JSON.stringify(upstreams).includes(house.foundry.key));
  });

  test('the configuration is shown with places, and without secrets', async () => {
    const answer = await get('/configuration');
    assert.equal(answer.headers.etag, `"${answer.json.sha256}"`);
    const of = (key: string) => answer.json.keys.find((one: any) => one.key === key);
    assert.equal(of('listen.workers').value, '2');
    assert.ok(of('listen.workers').line > 0);
    assert.equal(of('upstreams[0].credential.api_key').secret, true);
    assert.match(of('upstreams[0].credential.api_key').value, /^file .*foundry-key$/);
    assert.equal(of('limits.connect').default, true);
    assert.ok(!JSON.stringify(answer.json).includes(house.foundry.key));
  });

  test('a reload shows the difference first, then takes it over', async () => {
    const next = structuredClone(house.config);
    next.limits = { connect: '7s' };
    writeConfig(house.gateway.configFile, next as any);
    const before = (await get('/configuration')).json.sha256;
    const dry = await run(['config', 'reload', '--dry-run', '--socket', socket]);
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /^limits\.connect: .* -> 7s\n.*nothing was changed\n$/s);
    assert.equal((await get('/configuration')).json.sha256, before, 'a dry run changes nothing');
    const stale = await post('/configuration/reload', {}, { 'if-match': '"0000"' });
    assert.equal(stale.status, 412);
    const done = await post('/configuration/reload', {}, { 'if-match': `"${before}"` });
    assert.equal(done.status, 200, JSON.stringify(done.json));
    assert.equal(done.json.sha256_before, before);
    assert.deepEqual(done.json.changed.map((one: any) => [one.key, one.new]), [['limits.connect', '7s']]);
    assert.equal((await get('/configuration')).json.sha256, done.json.sha256);
    const line = await lineWhere(
      house.auditDirectory,
      (one) => one.event === 'configuration' && one.details?.sha256 === done.json.sha256,
    );
    assert.match(line.details.by, /\(uid \d+\)/);
    house.config = next;
  });

  test('a file that is wrong is refused with the line of each defect', async () => {
    const good = readFileSync(house.gateway.configFile, 'utf8');
    const before = (await get('/configuration')).json.sha256;
    writeConfig(house.gateway.configFile, `${good}\nlimitz: {connect: 5s}\nnonsense: 1\n`);
    const refusal = await post('/configuration/reload');
    assert.equal(refusal.status, 409);
    assert.match(refusal.json.code, /^config\./);
    const errors = refusal.json.findings.filter((one: any) => one.severity === 'error');
    assert.equal(errors.length, 2);
    for (const one of errors) assert.ok(one.line > 1 && one.column > 0 && one.message, JSON.stringify(one));
    const told = await run(['config', 'reload', '--socket', socket]);
    assert.equal(told.code, 1);
    const checked = await run(['config', 'check', house.gateway.configFile]);
    for (const text of checked.stderr.split('\n').filter((one) => one.includes(': error: '))) {
      assert.ok(told.stderr.includes(text), `${told.stderr}\nlacks\n${text}`);
    }
    assert.equal((await get('/configuration')).json.sha256, before);
    writeConfig(house.gateway.configFile, good);
  });

  test('a dry run of a revocation says whom it would hit', async () => {
    const token = await house.token('ada');
    house.foundry.answer = (call) => call.gone();
    const arrived = house.foundry.next();
    const client = await RawClient.connect(house.target);
    client.request('POST', '/v1/messages', requestFields(token), streamQuestion()).catch(() => {});
    await arrived;
    const dry = await post('/revocations?dry_run=true', { kind: 'user', targets: [ada] });
    assert.equal(dry.status, 200, JSON.stringify(dry.json));
    assert.deepEqual([dry.json.people, dry.json.streams], [1, 1]);
    assert.equal(dry.json.targets[0].name, people.ada.name);
    const told = await run(['revoke', 'user', ada, '--dry-run', '--socket', socket]);
    assert.equal(told.stdout, 'would cut 1 running request of 1 person; nothing was changed\n');
    assert.deepEqual((await get('/revocations')).json.revocations, []);
    client.close();
  });

  test('the same key twice is done once', async () => {
    const key = { 'idempotency-key': 'reload-1' };
    const wish = { kind: 'token', targets: ['uti-once'], reason: 'once' };
    const first = await post('/revocations', wish, key);
    const second = await post('/revocations', wish, key);
    assert.equal(first.status, 200, JSON.stringify(first.json));
    assert.deepEqual(second.json, first.json);
    const { revocations } = (await get('/revocations?target=uti-once')).json;
    assert.equal(revocations.length, 1);
    const other = await post('/revocations', { ...wish, targets: ['uti-two'] }, key);
    assert.equal(other.status, 422);
    assert.equal((await post(`/revocations/${revocations[0].id}/lift`)).status, 200);
  });

  test('a member of a group cannot reload their own role away', root, async () => {
    const good = readFileSync(house.gateway.configFile, 'utf8');
    const given = structuredClone(house.config);
    given.admin.socket_roles = { nogroup: 'operator' };
    writeConfig(house.gateway.configFile, given as any);
    assert.equal((await post('/configuration/reload')).status, 200);
    writeConfig(house.gateway.configFile, good);
    const refusal = helpdesk('POST', '/configuration/reload');
    assert.equal(refusal.status, 409, JSON.stringify(refusal.json));
    assert.equal(refusal.json.code, 'api.own_role');
    assert.match(refusal.json.detail, /operator/);
    assert.equal((await post('/configuration/reload')).status, 200, 'root may');
  });
});
