// The API's OpenAPI document: to the standard by a validator of others, and to the truth by real
// answers. The examples in it are such answers; RECORD_EXAMPLES=1 writes them anew (then build, and
// run scripts/docs).

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { askSocket } from '../harness/admin_socket.ts';
import { hasAsk, Stage, varying } from '../harness/api_asks.ts';
import { Judge, operationsOf, prefix, readDocument, targetOf } from '../harness/api_document.ts';
import { ask } from '../harness/raw_client.ts';
import { value } from '../harness/wire.ts';

const folder = join(import.meta.dirname, '../../data/api/examples');
const recording = process.env.RECORD_EXAMPLES === '1';
const document = readDocument();
const operations = operationsOf(document);

/** The members of an answer by path; lists have those of all their elements. */
function membersOf(node: unknown, at = '', found = new Set<string>()): Set<string> {
  if (Array.isArray(node)) for (const element of node) membersOf(element, `${at}[]`, found);
  else if (typeof node === 'object' && node !== null) {
    for (const [name, member] of Object.entries(node)) {
      found.add(`${at}.${name}`);
      membersOf(member, `${at}.${name}`, found);
    }
  }
  return found;
}

function exampleOf(name: string): any {
  const file = join(folder, `${name}.json`);
  assert.ok(existsSync(file), `no example ${name}: run this file with RECORD_EXAMPLES=1`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

describe('the OpenAPI document', () => {
  const judge = new Judge(document);
  const strict = new Judge(document, true);
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
    if (recording) mkdirSync(folder, { recursive: true });
  });
  after(() => stage.house.close());

  /** Compares a real answer with the recorded one, or records it. */
  function compare(name: string, text: string, unlike: (value: any) => string): void {
    if (recording) {
      // The test's own folder is nobody's; it stands for the usual places.
      const plain = text.replaceAll(stage.house.directory, '/var/lib/sallyport');
      writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(JSON.parse(plain), null, 2)}\n`);
    }
    const example = exampleOf(name);
    assert.equal(unlike(example), '', `the example ${name}`);
    if (varying.has(name)) return;
    const known = membersOf(example);
    const missing = [...membersOf(JSON.parse(text))].filter((member) => !known.has(member));
    assert.deepEqual(missing, [], `${name} has more by now: RECORD_EXAMPLES=1`);
  }

  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    assert.ok(result.valid, JSON.stringify(result.errors, null, 1));
    assert.equal(validator.version, '3.1');
    const broken = structuredClone(document);
    delete broken.info.title;
    assert.equal((await new Validator().validate(broken)).valid, false, 'the validator looks');
  });

  test('is the one that the gateway answers with, to anybody who is known', async () => {
    const reply = await askSocket(stage.socket, 'GET', `${prefix}/openapi.json`);
    assert.equal(reply.type, 'application/json');
    assert.deepEqual(JSON.parse(reply.text), document);
    assert.deepEqual(operations.find(({ id }) => id === 'getOpenapiJson')?.roles, []);
  });

  for (const operation of operations) {
    test(`${operation.method} ${operation.path} answers as it says`, async () => {
      assert.ok(hasAsk(operation), `${operation.id} wants a row in harness/api_asks.ts`);
      const reply = await stage.ask(operation);
      // A job may be at its end before it is asked to end.
      if (operation.id === 'postJobsIdCancel' && reply.status === 409) {
        const problem = JSON.parse(reply.text);
        assert.equal(judge.problem(problem), '');
        assert.equal(problem.code, 'jobs.ended');
        return;
      }
      assert.equal(String(reply.status), operation.done, reply.text);
      assert.equal(reply.type, 'application/json');
      const answer = JSON.parse(reply.text);
      assert.equal(judge.answer(operation, answer), '');
      assert.equal(strict.answer(operation, answer), '', 'each member is named');
      if (operation.id === 'getOpenapiJson') return; // would be an example of itself
      compare(operation.id, reply.text, (example) => strict.answer(operation, example));
    });
  }

  test('has the examples that were recorded, and no other', () => {
    const names = operations.map(({ id }) => id).concat('problem');
    for (const file of readdirSync(folder))
      assert.ok(names.includes(file.replace('.json', '')), `${file} is nobody's example`);
    if (recording) return; // they are in the program after the next build
    for (const operation of operations) {
      if (operation.id === 'getOpenapiJson') continue;
      const shown = operation.document.responses[operation.done].content['application/json'].example;
      assert.deepEqual(shown, exampleOf(operation.id), operation.id);
    }
  });

  test('describes every problem', async () => {
    const asked: [method: string, target: string, body?: string, headers?: object][] = [
      ['GET', `${prefix}/nothing`],
      ['DELETE', `${prefix}/me`],
      ['POST', `${prefix}/revocations`, '{"kind":"usr"}'],
      ['POST', `${prefix}/revocations`, '{', { 'content-type': 'application/json' }],
      ['POST', `${prefix}/revocations`, 'kind=user', { 'content-type': 'text/plain' }],
      ['POST', `${prefix}/revocations/nobody/lift`, '{}', { 'if-match': '"another"' }],
      ...operations.map(
        ({ method, ...rest }): [string, string, string?] => [
          method,
          `${targetOf({ method, ...rest })}?no_such_filter=1`,
          rest.takesBody ? '{}' : undefined,
        ],
      ),
    ];
    for (const [method, target, body, headers] of asked) {
      const named = `${method} ${target}`;
      const reply = await askSocket(stage.socket, method, target, {
        body,
        headers: headers as Record<string, string>,
      });
      assert.ok(reply.status >= 400 && reply.status < 500, `${named}: ${reply.text}`);
      assert.equal(reply.type, 'application/problem+json', named);
      const problem = JSON.parse(reply.text);
      assert.equal(judge.problem(problem), '', `${named}: ${reply.text}`);
      assert.equal(problem.status, reply.status, named);
      assert.equal(problem.type, `urn:sallyport:problem:${problem.code}`, named);
    }
  });

  test('shows a real problem', async () => {
    const reply = await askSocket(stage.socket, 'POST', `${prefix}/revocations`, {
      body: '{"kind":"usr"}',
    });
    compare('problem', reply.text, (example) => judge.problem(example));
  });

  test('says that the port wants a credential, and it does for every operation', async () => {
    const port = stage.house.gateway.adminPort;
    for (const operation of operations) {
      const target = targetOf(operation);
      const reply = await ask({ port }, operation.method, target, [['Host', `127.0.0.1:${port}`]]);
      assert.equal(reply.status, 401, `${operation.id}: ${reply.body.toString()}`);
      assert.match(value(reply.head, 'www-authenticate') ?? '', /^Bearer/);
      assert.equal(value(reply.head, 'content-type'), 'application/problem+json');
      assert.equal(judge.problem(JSON.parse(reply.body.toString())), '');
      assert.ok('401' in operation.document.responses);
    }
  });
});
