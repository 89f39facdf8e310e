// Every key that a reload takes over, walked by the reference page that the schema prints: either
// the running gateway shows the change, or the table says which test sees it. And the two keys of
// the record, by what really happens to its files.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { streamHead, textEvents, wellBehaved } from '../harness/answers.ts';
import { run } from '../harness/gateway.ts';
import { House, question, requestFields, streamQuestion } from '../harness/house.ts';

type Tree = { [key: string]: any };

/** What `sallyport status --json` says, without the time that a process takes. */
async function status(house: House): Promise<Tree> {
  const socketPath = join(house.directory, 'admin.sock');
  const asked = get({ socketPath, path: '/api/v1/status', headers: { host: 'localhost' } });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return (await json(answer)) as Tree;
}

/** Reloads with the change and waits until that is said; the house keeps what it had. */
class Reloader {
  private count = 0;
  private readonly house: House;
  constructor(house: House) {
    this.house = house;
  }
  async to(change: (config: Tree) => void): Promise<void> {
    const next = structuredClone(this.house.config);
    change(next);
    this.house.gateway.reload(next);
    await this.house.gateway.logged('config.reloaded', { skip: this.count });
    this.count += 1;
  }
}

interface Shown {
  change: (config: Tree, house: House) => void;
  read: (house: House) => Promise<unknown>;
  expected: unknown;
}
const inStatus =
  (read: (status: Tree) => unknown): Shown['read'] =>
  async (house) =>
    read(await status(house));
const firstModel = (name: string) => async (house: House) => {
  const fields: [string, string][] = [['Authorization', `Bearer ${await house.token()}`]];
  return (await house.get('/v1/models', fields)).json.data[0][name];
};

const shown: { [key: string]: Shown } = {
  'listen.public_url': {
    change: (config) => (config.listen.public_url = 'https://gateway.example'),
    read: inStatus((found) => found.listen.public_url),
    expected: 'https://gateway.example',
  },
  issuers: {
    change: (config) =>
      config.issuers.push({
        ...config.issuers[0],
        name: 'second',
        issuer: 'http://127.0.0.1:1/second',
        audiences: ['second-audience'],
      }),
    read: inStatus((found) => found.issuers.length),
    expected: 2,
  },
  'issuers[].name': {
    change: (config) => (config.issuers[0].name = 'renamed'),
    read: inStatus((found) => found.issuers[0].name),
    expected: 'renamed',
  },
  'issuers[].issuer': {
    change: (config) => (config.issuers[0].issuer = 'http://127.0.0.1:1/other'),
    read: inStatus((found) => found.issuers[0].issuer),
    expected: 'http://127.0.0.1:1/other',
  },
  upstreams: {
    change: (config) => config.upstreams.push({ ...config.upstreams[0], name: 'second' }),
    read: inStatus((found) => found.upstreams.length),
    expected: 2,
  },
  'upstreams[].name': {
    change: (config) => {
      config.upstreams[0].name = 'renamed';
      for (const model of config.models)
        model.deployments = { renamed: model.deployments.foundry };
    },
    read: inStatus((found) => found.upstreams[0].name),
    expected: 'renamed',
  },
  'upstreams[].provider': {
    change: (config) => (config.upstreams[0].provider = 'anthropic'),
    read: inStatus((found) => found.upstreams[0].provider),
    expected: 'anthropic',
  },
  'upstreams[].resource': {
    change: (config) => {
      delete config.upstreams[0].base_url;
      config.upstreams[0].resource = 'contoso-models';
    },
    read: inStatus((found) => found.upstreams[0].host),
    expected: 'contoso-models.services.ai.azure.com',
  },
  'upstreams[].base_url': {
    change: (config) => (config.upstreams[0].base_url = 'http://127.0.0.1:2'),
    read: inStatus((found) => found.upstreams[0].host),
    expected: '127.0.0.1:2',
  },
  'upstreams[].credential.api_key': {
    change: (config, house) => {
      const file = join(house.directory, 'second-key');
      writeFileSync(file, 'another-key-of-the-resource\n', { mode: 0o600 });
      config.upstreams[0].credential.api_key = `\${file:${file}}`;
    },
    read: inStatus((found) => /\/second-key$/.test(found.upstreams[0].credential)),
    expected: true,
  },
  'upstreams[].credential.client_secret.secret': {
    change: (config) =>
      (config.upstreams[0].credential = {
        client_secret: {
          tenant: '5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4',
          client_id: '8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101',
          secret: 'a-secret-that-nobody-takes',
          authority: 'http://127.0.0.1:1',
        },
      }),
    read: inStatus((found) => found.upstreams[0].source),
    expected: 'client_secret',
  },
  models: {
    change: (config) => config.models.splice(1),
    read: async (house) => {
      const fields: [string, string][] = [['Authorization', `Bearer ${await house.token()}`]];
      return (await house.get('/v1/models', fields)).json.data.length;
    },
    expected: 1,
  },
  'models[].id': {
    change: (config) => (config.models[0].id = 'claude-new'),
    read: firstModel('id'),
    expected: 'claude-new',
  },
  'models[].display_name': {
    change: (config) => (config.models[0].display_name = 'The new one'),
    read: firstModel('display_name'),
    expected: 'The new one',
  },
  'audit.sync': {
    change: (config) => (config.audit.sync = 'each'),
    read: inStatus((found) => found.audit.sync),
    expected: 'each',
  },
  'audit.segment_bytes': {
    change: (config) => (config.audit.segment_bytes = 131072),
    read: inStatus((found) => found.audit.segment_bytes),
    expected: 131072,
  },
};

// What neither `status` nor the list of models shows: part of the snapshot that is swapped whole.
const swappedWhole: { [how: string]: RegExp } = {
  'the routes: limits of a request and the list of proxies': /^limits\.|^listen\.trusted_proxies$/,
  'the routes: the certificate, seen by tls.test.ts': /^listen\.tls\.(certificate|key)$/,
  'the identity snapshot: how a token is judged, seen by reload.test.ts':
    /^issuers\[\]\.(audiences|token|clients|require\.\w+|header|algorithms|skew|max_token_age|guests|app_only|heal_by)$/,
  'what profiles and commands read from the file': /^issuers\[\]\.sign_in\.\w+$/,
  'the key service, which fetches anew': /^issuers\[\]\.(key_refresh|jwks_file|ca_file|proxy)$/,
  'the credential source, made anew: upstream_credentials.test.ts': /^upstreams\[\]\.credential\./,
  'the way to the provider, whose connections are made anew': /^upstreams\[\]\.(ca_file|proxy)$/,
  'the roles at the socket, seen by roles.test.ts': /^admin\.socket_roles$/,
  "the port's certificate and name, as those of the gateway": /^admin\.(tls\.(certificate|key)|public_url)$/,
  'whose tokens count at the port, asked at every request: admin_sign_in.test.ts':
    /^admin\.(issuer|audience|clients|scope|sign_in\.[\w.]+|command_line\.\w+|roles\.\w+\.\w+)$/,
  "the scraper's token, asked at every request": /^metrics\.token$/,
  'the routes, seen by reload.test.ts': /^models\[\]\.deployments$/,
  'the address of the provider, as that of a resource': /^upstreams\[\]\.region$/,
};

describe('a reload of each key that needs no restart', () => {
  let house: House;
  let reloads: Reloader;
  before(async () => {
    house = await House.open();
    await house.ready();
    reloads = new Reloader(house);
  });
  after(() => house.close());

  test('is shown by the gateway, or the table says who sees it', async () => {
    const page = (await run(['config', 'reference'])).stdout;
    const rows = [...page.matchAll(/^\| `([^`]+)` \| ([^|]*) \| [^|]* \| (.*) \| [^|]* \|$/gm)];
    const applied = rows
      .filter(([, , type, remarks]) => type !== 'block' && !remarks.includes('*Restart.*'))
      .map(([, key]) => key);
    assert.ok(applied.length > 60, `${applied.length} keys`);
    for (const key of Object.keys(shown)) assert.ok(applied.includes(key), `${key} is not such a key`);
    const unknown = applied.filter(
      (key) => !(key in shown) && !Object.values(swappedWhole).some((keys) => keys.test(key)),
    );
    assert.deepEqual(unknown, [], 'nobody has said how a reload of these is seen');
  });

  for (const [key, { change, read, expected }] of Object.entries(shown)) {
    test(`${key} is another one afterwards, and the old one after that`, async () => {
      const before = await read(house);
      assert.notDeepEqual(before, expected);
      await reloads.to((config) => change(config, house));
      await becomes(() => read(house), expected);
      await reloads.to(() => {});
      await becomes(() => read(house), before);
    });
  }
});

async function becomes(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  const end = performance.now() + 3000;
  let got = await read().catch(String);
  while (got !== expected && performance.now() < end) got = await read().catch(String);
  assert.deepEqual(got, expected);
}

describe('a reload of the record', () => {
  let house: House;
  let reloads: Reloader;
  let token: string;
  before(async () => {
    house = await House.open({
      change: (config) => {
        config.listen.workers = 1;
        config.audit = { ...config.audit, sync: '10s', segment_bytes: 65536 };
      },
    });
    await house.ready();
    token = await house.token();
    reloads = new Reloader(house);
  });
  after(() => house.close());

  const unsynced = async () => (await status(house)).audit.chains[0].unsynced;

  test('with sync: each an answer begins when its record is on the disk, and not before', async () => {
    let waiting = 0;
    // several, since the one sync of ten seconds may come between the two
    for (let n = 0; n < 5 && waiting === 0; n += 1) {
      await house.ask(token, question());
      waiting = await unsynced();
    }
    assert.ok(waiting > 0, 'with 10s nothing is on the disk so soon');
    await reloads.to((config) => (config.audit.sync = 'each'));
    let release = () => {};
    house.foundry.answer = async (call) => {
      const gate = new Promise<void>((resolve) => (release = resolve));
      const [head, ...rest] = textEvents('sonnet-prod', 'one after the other');
      call.write(streamHead);
      call.chunk(head);
      await gate;
      for (const bytes of rest) call.chunk(bytes);
      call.end();
    };
    const client = await house.connect();
    for (let round = 0; round < 20; round += 1) {
      const began = new Promise<void>((resolve) => (client.onBody = () => resolve()));
      const fields = requestFields(token);
      const reply = client.request('POST', '/v1/messages', fields, streamQuestion());
      await began;
      assert.equal(await unsynced(), 0, `round ${round}`);
      release();
      assert.ok((await reply).complete);
    }
    client.close();
  });

  test('requests that run while it goes to and fro are all answered', async () => {
    house.foundry.answer = wellBehaved('to and fro', 1);
    let going = true;
    const asks = Array.from({ length: 4 }, async () => {
      const client = await house.connect();
      let good = 0;
      for (; going; good += 1) {
        const fields = requestFields(token);
        const reply = await client.request('POST', '/v1/messages', fields, streamQuestion());
        assert.ok(reply.status === 200 && reply.complete, reply.body.toString());
      }
      client.close();
      return good;
    });
    for (const sync of ['10s', 'each', '10s', 'each', '50ms', '10s', 'each', '10s']) {
      const before = house.foundry.requests.length;
      await reloads.to((config) => (config.audit.sync = sync));
      const end = performance.now() + 5000;
      // who waited for the old interval goes on: none of the four stands still for its ten seconds
      while (house.foundry.requests.length < before + 20) {
        assert.ok(performance.now() < end, `requests stand still since sync: ${sync}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    going = false;
    for (const good of await Promise.all(asks)) assert.ok(good > 0);
  });

  test('segment_bytes holds for the files that are begun from then on', async () => {
    house.foundry.answer = wellBehaved();
    const bytes = 262144;
    const reserved = () =>
      readdirSync(house.auditDirectory)
        .filter((name) => name.endsWith('.jsonl'))
        .map((name) => statSync(join(house.auditDirectory, name)).size);
    assert.ok(!reserved().includes(bytes));
    await reloads.to((config) => (config.audit.segment_bytes = bytes));
    const client = await house.connect();
    const tools = Array.from({ length: 64 }, (_, n) => ({
      name: `tool_${n}_`.padEnd(64, 'x'), // names of tools are recorded: the lines are long
      input_schema: {},
    }));
    const body = question('claude-sonnet-5', { tools });
    for (let n = 0; n < 2000 && !reserved().includes(bytes); n += 1) {
      const reply = await client.request('POST', '/v1/messages', requestFields(token), body);
      // On a slow disk the next file may not be there yet; then it is said, and nothing is sent.
      const waits = reply.status === 503 && reply.body.includes('cannot record');
      assert.ok(reply.status === 200 || waits, reply.body.toString());
    }
    client.close();
    assert.ok(reserved().includes(bytes), reserved().join(' '));
    assert.equal(await house.gateway.stop(), 0);
    const verified = await run(['audit', 'verify', '--directory', house.auditDirectory]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  });
});
