// What must stay here in the odd cases: the person's token over a reload and in places that nobody
// configured, the provider's key in the disguises of JSON and after a renewal.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { event, json, messageStart, stream } from '../harness/answers.ts';
import { AzureIdentity } from '../harness/azure_identity.ts';
import { run } from '../harness/gateway.ts';
import { House, question, requestFields, streamQuestion } from '../harness/house.ts';
import { writeHead } from '../harness/wire.ts';

describe("the person's token", () => {
  test('stays here when the header that it came in is no place for one any more', async () => {
    const house = await House.open({
      change: (config) => {
        config.issuers[0].header = 'x-sso-jwt';
      },
    });
    try {
      await house.ready();
      const token = await house.token();
      const body = Buffer.from(question());
      const client = await house.connect();
      const head = writeHead('POST /v1/messages HTTP/1.1', [
        ['Host', 'x'],
        ['x-sso-jwt', token],
        ['Content-Type', 'application/json'],
        ['Expect', '100-continue'],
        ['Content-Length', String(body.length)],
      ]);
      const waiting = client.reply();
      const admitted = once(client.socket, 'data'); // 100 Continue comes after the token was taken
      client.write(head);
      await admitted;
      const next = structuredClone(house.config);
      delete next.issuers[0].header;
      house.gateway.reload(next as never);
      await house.gateway.logged('config.reloaded');
      client.write(body);
      const reply = await waiting;
      assert.equal(reply.status, 200, reply.body.toString());
      assert.ok(!house.foundry.last.head.raw.includes(token));
    } finally {
      await house.close();
    }
  });

  test('stays here in a field of any name, and is refused in the query', async () => {
    const house = await House.open();
    try {
      await house.ready();
      const token = await house.token();
      const reply = await house.ask(token, question(), [
        ['X-Auth-Request-Access-Token', token],
        ['X-Note', `it is ${token}, really`],
        ['X-Other', 'passes'],
      ]);
      assert.equal(reply.status, 200);
      const seen = house.foundry.last.head.raw.toString();
      assert.ok(!seen.includes(token));
      assert.match(seen, /x-other: passes/i);
      const before = house.foundry.requests.length;
      const client = await house.connect();
      const path = `/v1/messages?access_token=${token}`;
      const refused = await client.request('POST', path, requestFields(token), question());
      assert.equal(refused.status, 401);
      assert.equal(house.foundry.requests.length, before);
    } finally {
      await house.close();
    }
  });
});

describe("the provider's key", () => {
  test('is not read out of the escapes of JSON: not for the log, the record, the answer, the check', async () => {
    const house = await House.open();
    try {
      await house.ready();
      const token = await house.token();
      const { key } = house.foundry;
      const escaped = [...key].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
      const answers: [string, string][] = [];
      for (const said of [key.replaceAll('-', '\\u002D'), escaped.join('')]) {
        answers.push(
          ['400 Bad Request', `{"error":{"code":"${said}","message":"not ${said}"}}`],
          ['400 Bad Request', `{"type":"error","error":{"type":"${said}","message":"${said}"}}`],
          [
            '200 OK',
            `{"type":"message","model":"sonnet-prod","content":[],"stop_reason":"${said}"}`,
          ],
          ['stream', `{"type":"error","error":{"type":"${said}","message":"x"}}`],
        );
      }
      for (const [status, body] of answers) {
        house.foundry.answer =
          status === 'stream'
            ? stream(
                Buffer.concat([
                  messageStart('sonnet-prod'),
                  Buffer.from(`event: error\ndata: ${body}\n\n`),
                ]),
              )
            : json(Buffer.from(body), [], `HTTP/1.1 ${status}`);
        const asked = status === 'stream' ? streamQuestion() : question();
        const text = (await house.ask(token, asked)).body.toString();
        assert.ok(!text.includes(key) && !text.includes('\\u00'), text);
        for (const form of [[], ['--json']]) {
          const args = ['upstream', 'check', '--config', house.gateway.configFile, ...form];
          const checked = await run(args);
          assert.ok(!(checked.stdout + checked.stderr).includes(key), checked.stdout);
        }
      }
      await house.gateway.logged('upstream.repeats_credential');
      assert.ok(!house.gateway.stderr.includes(key));
      assert.ok(house.records().length >= 2 * answers.length);
      assert.ok(!JSON.stringify(house.records()).includes(key));
    } finally {
      await house.close();
    }
  });

  test('is not shown in a stream either when it is the one that was refused before', async () => {
    const identity = await AzureIdentity.open();
    const house = await House.open({
      foundry: { bearer: (token) => identity.takes(token) },
      change: (config) => {
        config.upstreams[0].credential = { managed_identity: { source: 'auto' } };
      },
      gateway: { env: identity.imdsEnv() },
    });
    try {
      await house.ready();
      const token = await house.token();
      identity.withdraw();
      const first = identity.issued.at(-1) ?? 'none';
      const delta = { type: 'text_delta', text: `you sent ${first} before` };
      house.foundry.answer = stream(
        Buffer.concat([
          messageStart('sonnet-prod'),
          event('content_block_delta', { index: 0, delta }),
          event('message_stop'),
        ]),
      );
      const reply = await house.ask(token, streamQuestion());
      assert.equal(identity.issued.length, 2, 'it was renewed');
      assert.match(reply.body.toString(), /event: error/);
      assert.ok(!reply.body.toString().includes(first.slice(0, 40)));
    } finally {
      await house.close();
      await identity.close();
    }
  });
});
