// People at the administrator's port with a browser: an administrator, an auditor, somebody without
// a role; and everybody who would like to come in with them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exportJWK, importX509 } from 'jose';
import type { Page } from 'playwright-core';
import {
  adminAudience,
  AdminPort,
  adminUrl,
  commandClient,
  keyOf,
  neighbour,
  sessionCookie,
  signInCookie,
  stranger,
  webClient,
} from '../harness/admin_port.ts';
import { run } from '../harness/gateway.ts';
import { House } from '../harness/house.ts';
import { ask } from '../harness/raw_client.ts';
import { lineWhere } from '../harness/records.ts';
import { value, values } from '../harness/wire.ts';

const text = (page: Page) => page.locator('main').innerText();

/** The answer to a top-level visit, as the browser got it. */
async function visit(page: Page, path: string) {
  const answer = await page.goto(`${adminUrl}${path}`);
  assert.ok(answer);
  return answer;
}

describe('a browser at the port of administrators', () => {
  let port: AdminPort;
  before(async () => {
    port = await AdminPort.open();
  });
  after(() => port.close());
  const socket = () => ['--socket', join(port.house.directory, 'admin.sock')];

  test('lets an administrator in and says why', async () => {
    const page = await (await port.browser()).newPage();
    await port.signIn(page, 'ada');
    const shown = await text(page);
    assert.match(shown, /Ada Byron/);
    assert.match(shown, /administrator/);
    assert.ok(shown.includes(`admin.roles.administrator.users: ${keyOf('ada')}`), shown);
    const me = await (await visit(page, '/api/v1/me')).json();
    assert.equal(me.way, 'session');
    assert.equal(me.who, keyOf('ada'));
    assert.deepEqual(me.roles, ['administrator']);
    assert.equal((await visit(page, '/api/v1/status')).status(), 200);
    const line = await lineWhere(
      port.house.auditDirectory,
      (one) => one.type === 'event' && JSON.stringify(one).includes('"sign_in"'),
    );
    assert.ok(JSON.stringify(line).includes(keyOf('ada')));
  });

  test('lets an auditor in, who may not revoke', async () => {
    const page = await (await port.browser()).newPage();
    await port.signIn(page, 'grace');
    assert.match(await text(page), /auditor/);
    const raw = port.raw();
    await raw.signIn('grace');
    const own = [['Origin', adminUrl] as [string, string]];
    const json = [...own, ['Content-Type', 'application/json'] as [string, string]];
    const refused = await raw.send('POST', '/api/v1/revocations', json, '{"kind":"all"}');
    assert.equal(refused.status, 403, refused.body.toString());
    assert.match(refused.body.toString(), /"code":"api\.role".*operator|operator.*"api\.role"/s);
  });

  test('tells a person without a role which there are and whom to ask', async () => {
    const context = await port.browser();
    const page = await context.newPage();
    port.tenant.atTheDesk = 'mallory';
    await page.goto(`${adminUrl}/`, { waitUntil: 'commit' });
    await page.getByRole('heading', { name: 'You have no role here' }).waitFor();
    const shown = await text(page);
    for (const role of ['viewer', 'helpdesk', 'finance', 'auditor', 'operator', 'administrator'])
      assert.ok(shown.includes(`${role}:`), shown);
    assert.match(shown, /Ask whoever keeps this gateway/);
    const me = await (await visit(page, '/api/v1/me')).json();
    assert.deepEqual(me.roles, []);
    assert.equal((await visit(page, '/api/v1/status')).status(), 403);
  });

  test('gives a session cookie that no script, no other host and no other site gets', async () => {
    const context = await port.browser();
    const page = await context.newPage();
    await port.signIn(page, 'ada');
    const cookies = await context.cookies(adminUrl);
    const session = cookies.find((cookie) => cookie.name === sessionCookie);
    assert.ok(session);
    assert.equal(session.httpOnly, true);
    assert.equal(session.secure, true);
    assert.equal(session.sameSite, 'Strict');
    assert.equal(session.path, '/');
    assert.equal(session.domain, new URL(adminUrl).host, 'this host alone');
    assert.ok(Math.abs(session.expires - Date.now() / 1000 - 8 * 3600) < 60);
    assert.match(session.value, /^[\w-]{43}$/);
    assert.ok(!cookies.some((cookie) => cookie.name === signInCookie), 'that of the attempt is gone');
    assert.equal(await page.evaluate('document.cookie'), '');
  });

  test('binds an attempt to its browser by a cookie that comes back with a redirect', async () => {
    const reply = await port.raw().get('/sign-in');
    assert.equal(reply.status, 303);
    const [line] = values(reply.head, 'set-cookie');
    assert.match(
      line,
      /^__Host-sallyport-sign-in=[\w.~-]{100,2048}; Max-Age=600; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    );
    const to = new URL(value(reply.head, 'location') ?? '');
    assert.ok(to.href.startsWith(`${port.tenant.issuer}/`));
    const asked = to.searchParams;
    assert.equal(asked.get('response_type'), 'code');
    assert.equal(asked.get('client_id'), webClient);
    assert.equal(asked.get('redirect_uri'), `${adminUrl}/sign-in/callback`);
    assert.equal(asked.get('scope'), 'openid profile email');
    assert.equal(asked.get('code_challenge_method'), 'S256');
    for (const name of ['state', 'nonce', 'code_challenge'])
      assert.match(asked.get(name) ?? '', /^[\w-]{43}$/);
    assert.equal(asked.get('prompt'), null);
  });

  test('keeps no session that somebody planted', async () => {
    const context = await port.browser();
    const planted = 'p'.repeat(43);
    await context.addCookies([
      { name: sessionCookie, value: planted, url: adminUrl, secure: true, httpOnly: true },
    ]);
    const page = await context.newPage();
    await port.signIn(page, 'ada');
    const found = (await context.cookies(adminUrl)).filter((one) => one.name === sessionCookie);
    assert.equal(found.length, 1);
    assert.notEqual(found[0].value, planted);
    const reply = await port.ask('GET', '/api/v1/me', [['Cookie', `${sessionCookie}=${planted}`]]);
    assert.equal(reply.status, 401);
    const both = `${sessionCookie}=${planted}; ${sessionCookie}=${found[0].value}`;
    const doubled = await port.ask('GET', '/api/v1/me', [['Cookie', both]]);
    assert.equal(doubled.status, 401);
    assert.match(doubled.body.toString(), /api\.two_sessions/);
  });

  test('signs nobody in by a link that somebody else began', async () => {
    const attacker = port.raw();
    const callback = await attacker.visitProvider(await attacker.begin(), 'mallory');
    const context = await port.browser();
    const page = await context.newPage();
    const answer = await visit(page, callback);
    assert.equal(answer.status(), 400);
    assert.match(await text(page), /sign_in\.not_begun/);
    assert.deepEqual(await context.cookies(adminUrl), []);
    // With an attempt of the victim's own under way it is no better.
    const victim = port.raw();
    await victim.begin();
    assert.equal((await victim.get(callback)).status, 400);
    assert.equal(victim.jar.has(sessionCookie), false);
    await port.house.gateway.logged('admin.sign_in_failed');
    // The browser of the attacker may, once.
    assert.equal((await attacker.get(callback)).status, 403, 'no role');
    assert.equal((await attacker.get(callback)).status, 400, 'nothing comes back twice');
  });

  test('takes no answer of another provider', async () => {
    for (const iss of ['&iss=https%3A%2F%2Fevil.example', '']) {
      const visitor = port.raw();
      const to = await visitor.begin();
      const before = port.tenant.asked.get('/token') ?? 0;
      const state = to.searchParams.get('state');
      const reply = await visitor.get(`/sign-in/callback?code=stolen&state=${state}${iss}`);
      assert.equal(reply.status, 400, reply.body.toString());
      assert.match(reply.body.toString(), /sign_in\.foreign_answer/);
      assert.equal(port.tenant.asked.get('/token') ?? 0, before, 'the code goes nowhere');
      assert.equal(visitor.jar.has(sessionCookie), false);
    }
  });

  test('shows how the provider refuses, with its code', async () => {
    const visitor = port.raw();
    const state = (await visitor.begin()).searchParams.get('state');
    const iss = encodeURIComponent(port.tenant.issuer);
    const words = encodeURIComponent('<b>the person said no</b>');
    const reply = await visitor.get(
      `/sign-in/callback?error=access_denied&error_description=${words}&state=${state}&iss=${iss}`,
    );
    assert.equal(reply.status, 403);
    assert.match(reply.body.toString(), /access_denied: &lt;b&gt;the person said no/);
    assert.match(reply.body.toString(), /Next: sign in again/);
  });

  test('goes on to paths of its own alone', async () => {
    const context = await port.browser();
    const page = await context.newPage();
    port.tenant.atTheDesk = 'ada';
    await page.goto(`${adminUrl}/sign-in?return=${encodeURIComponent('//evil.example/')}`, {
      waitUntil: 'commit',
    });
    await page.waitForURL(`${adminUrl}/`);
    await page.goto(`${adminUrl}/sign-in?return=%2Fapi%2Fv1%2Fme`, { waitUntil: 'commit' });
    await page.waitForURL(`${adminUrl}/api/v1/me`);
    assert.match(await page.locator('body').innerText(), /"way":\s*"session"/);
  });

  test('holds a session in every tab, and two sign-ins side by side', async () => {
    const context = await port.browser();
    const first = await context.newPage();
    await port.signIn(first, 'ada');
    const asked = port.tenant.asked.get('/auth') ?? 0;
    const second = await context.newPage();
    await visit(second, '/');
    assert.match(await text(second), /Ada Byron/);
    assert.equal(port.tenant.asked.get('/auth') ?? 0, asked, 'without the provider');

    const visitor = port.raw();
    const one = await visitor.begin();
    const other = await visitor.begin();
    const oneBack = await visitor.visitProvider(one, 'ada');
    const otherBack = await visitor.visitProvider(other, 'ada');
    assert.equal((await visitor.get(oneBack)).status, 200);
    assert.equal((await visitor.get(otherBack)).status, 200);
    assert.equal(visitor.jar.has(signInCookie), false);
  });

  test('acts on a cookie only for a page of its own', async () => {
    const visitor = port.raw();
    await visitor.signIn('ada');
    const json: [string, string] = ['Content-Type', 'application/json'];
    const rows: [string, [string, string][], number][] = [
      ['GET', [], 200],
      ['GET', [['Sec-Fetch-Site', 'none']], 200],
      ['GET', [['Sec-Fetch-Site', 'cross-site']], 403],
      ['POST', [], 403],
      ['POST', [['Origin', stranger]], 403],
      ['POST', [['Origin', 'null']], 403],
      ['POST', [['Origin', `${adminUrl}:8443`]], 403],
      ['POST', [['Sec-Fetch-Site', 'cross-site']], 403],
      ['POST', [['Origin', adminUrl]], 400],
      ['POST', [['Sec-Fetch-Site', 'same-origin']], 400],
    ];
    for (const [method, fields, status] of rows) {
      const path = method === 'GET' ? '/api/v1/me' : '/api/v1/revocations';
      const body = method === 'GET' ? '' : '{"kind":"nothing"}';
      const reply = await visitor.send(method, path, [json, ...fields], body);
      assert.equal(reply.status, status, `${method} ${JSON.stringify(fields)}: ${reply.body}`);
      if (status === 403) assert.match(reply.body.toString(), /api\.cross_site/);
    }
  });

  test('stands in no frame and runs no script', async () => {
    const context = await port.browser();
    const page = await context.newPage();
    await port.signIn(page, 'ada');
    const evil = await context.newPage();
    await evil.goto(`${neighbour}/`);
    await evil.evaluate(
      `new Promise((resolve) => { const frame = document.createElement('iframe');` +
        ` frame.src = '${adminUrl}/'; frame.onload = resolve; frame.onerror = resolve;` +
        ` document.body.append(frame); setTimeout(resolve, 3000); })`,
    );
    for (const frame of evil.frames().slice(1)) {
      const shown = await frame.locator('body').innerText({ timeout: 2000 }).catch(() => '');
      assert.ok(!shown.includes('Ada Byron'), shown);
    }
    const answer = await visit(page, '/');
    const fields = answer.headers();
    assert.match(
      fields['content-security-policy'],
      /^default-src 'none'; style-src 'nonce-[\w-]{43}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    assert.equal(fields['x-frame-options'], 'DENY');
    assert.equal(fields['x-content-type-options'], 'nosniff');
    assert.equal(fields['cross-origin-opener-policy'], 'same-origin');
    assert.equal(fields['cross-origin-resource-policy'], 'same-origin');
    assert.equal(fields['cache-control'], 'no-store');
    assert.match(fields['strict-transport-security'], /^max-age=\d+/);
    assert.doesNotMatch(await page.content(), /<script/);
    const weight = await page.evaluate('getComputedStyle(document.querySelector("dt")).fontWeight');
    assert.equal(weight, '600', 'its own style is let in');
  });

  test('answers an ended session with 401 in mid-work and with the sign-in at the front', async () => {
    const visitor = port.raw();
    await visitor.signIn('ada');
    const session = `${sessionCookie}=${visitor.jar.get(sessionCookie)}`;
    assert.equal((await port.ask('GET', '/api/v1/me', [['Cookie', session]])).status, 200);
    const out = await visitor.send('POST', '/sign-out', [['Origin', adminUrl]]);
    assert.equal(out.status, 200);
    assert.equal(visitor.jar.has(sessionCookie), false);
    const ended = await port.ask('GET', '/api/v1/me', [['Cookie', session]]);
    assert.equal(ended.status, 401);
    assert.match(value(ended.head, 'content-type') ?? '', /^application\/problem\+json/);
    assert.match(ended.body.toString(), /"code":"api\.no_session"/);
    const front = await port.ask('GET', '/', [['Cookie', session]]);
    assert.equal(front.status, 303);
    assert.equal(value(front.head, 'location'), '/sign-in');
  });

  test('shows nothing to whoever goes back after signing out', async () => {
    const context = await port.browser();
    const page = await context.newPage();
    await port.signIn(page, 'ada');
    port.tenant.pages = true; // who comes next has to type a password
    try {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      const left = await context.cookies(adminUrl);
      assert.ok(!left.some((cookie) => cookie.name === sessionCookie));
      await page.goBack({ waitUntil: 'commit' });
      await page.getByRole('heading', { name: 'Sign in to Contoso' }).waitFor();
      assert.doesNotMatch(await page.content(), /Ada Byron/);
    } finally {
      port.tenant.pages = false;
    }
    await lineWhere(
      port.house.auditDirectory,
      (one) => one.type === 'event' && JSON.stringify(one).includes('"sign_out"'),
    );
  });

  test('takes a token before a cookie, and only tokens of its own', async () => {
    const visitor = port.raw();
    await visitor.signIn('grace');
    const token = await port.tenant.mint('ada', {
      aud: adminAudience,
      azp: commandClient,
      scp: 'Gateway.Admin',
    });
    const both = await visitor.get('/api/v1/me', [['Authorization', `Bearer ${token}`]]);
    assert.equal(both.status, 200, both.body.toString());
    assert.equal(both.json.way, 'token');
    assert.equal(both.json.who, keyOf('ada'));
    const foreign = await visitor.get('/api/v1/me', [
      ['Authorization', `Bearer ${await port.house.token('ada')}`],
    ]);
    assert.equal(foreign.status, 401, 'a token of the data plane, with a good cookie beside it');
  });

  test('says how the command line signs in', async () => {
    const reply = await port.ask('GET', '/.well-known/oauth-protected-resource');
    assert.equal(reply.status, 200);
    assert.equal(reply.json.resource, adminUrl);
    assert.deepEqual(reply.json.sallyport_sign_in, [
      {
        name: 'contoso',
        issuer: port.tenant.issuer,
        client: commandClient,
        scopes: [`api://${adminAudience}/Gateway.Admin`, 'offline_access'],
        token: 'access_token',
      },
    ]);
  });

  test('turns a revoked administrator out at once', async () => {
    const context = await port.browser();
    const page = await context.newPage();
    await port.signIn(page, 'grace');
    const revoked = await run(['revoke', 'user', keyOf('grace'), '--reason', 'left', ...socket()]);
    assert.equal(revoked.code, 0, revoked.stderr);
    const answer = await visit(page, '/api/v1/me');
    assert.equal(answer.status(), 401);
    assert.match(await answer.text(), /"code":"api\.revoked"/);
    await page.goto(`${adminUrl}/`, { waitUntil: 'commit' });
    await page.getByRole('alert').waitFor();
    assert.match(await text(page), /access was taken back/);
    assert.match(await text(page), /api\.revoked/);
    const left = await context.cookies(adminUrl);
    assert.ok(!left.some((cookie) => cookie.name === sessionCookie));
  });

  test('takes a role away with the reload', async () => {
    const visitor = port.raw();
    await visitor.signIn('ada');
    const config = structuredClone(port.house.config);
    config.admin.roles.administrator.users = [keyOf('mallory')];
    port.house.gateway.reload(config as never);
    await port.house.gateway.logged('config.reloaded');
    const me = await visitor.get('/api/v1/me');
    assert.deepEqual(me.json.roles, []);
    assert.equal((await visitor.get('/api/v1/status')).status, 403);
  });
});

describe('a web application with a certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-web-'));
  const file = (name: string) => join(folder, name);
  let port: AdminPort;
  before(async () => {
    const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=web'];
    execFileSync('openssl', [...make, '-keyout', file('key'), '-out', file('pem')], {
      stdio: 'ignore',
    });
    execFileSync('chmod', ['600', file('key')]);
    const jwk = await exportJWK(await importX509(readFileSync(file('pem'), 'utf8'), 'PS256'));
    port = await AdminPort.open({
      credential: { certificate: file('pem'), key: file('key') },
      client: {
        client_secret: undefined,
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'PS256',
        jwks: { keys: [{ ...jwk, alg: 'PS256', use: 'sig' }] },
      },
    });
  });
  after(async () => {
    await port.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('proves itself by a signed assertion', async () => {
    const visitor = port.raw();
    const reply = await visitor.signIn('ada');
    assert.equal(reply.status, 200, reply.body.toString());
    assert.equal((await visitor.get('/api/v1/me')).json.who, keyOf('ada'));
  });
});

describe('the port of administrators without TLS', () => {
  let house: House;
  before(async () => {
    house = await House.open({
      change: (config) => {
        config.admin = {
          ...config.admin,
          listen: '127.0.0.1:0',
          sign_in: { client: webClient },
          roles: { auditor: { roles: ['Claude.Auditor'] }, administrator: { users: [keyOf('ada')] } },
        };
      },
    });
  });
  after(() => house.close());

  test('gives no cookie to anybody and says what is missing', async () => {
    const port = house.gateway.adminPort;
    const host: [string, string] = ['Host', `127.0.0.1:${port}`];
    const front = await ask({ port }, 'GET', '/', [host]);
    assert.equal(front.status, 303);
    const reply = await ask({ port }, 'GET', '/sign-in', [host]);
    assert.equal(reply.status, 501);
    assert.match(reply.body.toString(), /admin\.tls/);
    assert.deepEqual(values(reply.head, 'set-cookie'), []);
    const shown = await ask({ port }, 'GET', '/api/v1/me', [
      host,
      ['Cookie', `${sessionCookie}=${'a'.repeat(43)}`],
    ]);
    assert.equal(shown.status, 401);
    assert.match(shown.body.toString(), /api\.no_credential/);
  });
});
