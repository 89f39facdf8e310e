// Glewlwyd (Debian's package): a second identity provider, written by other people in another
// language. Set up over its own API; the person's part of a sign-in is done over it as well.
//
//   const glewlwyd = await Glewlwyd.open(redirect);
//   glewlwyd.issuer, glewlwyd.clientId, glewlwyd.scope
//   await glewlwyd.arrive(url);             // the person signs in and the browser comes back
//   await glewlwyd.close();

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export const glewlwydPath = '/usr/bin/glewlwyd';
export const isInstalled = existsSync(glewlwydPath);

/** A port that was free a moment ago: Glewlwyd and its redirects know fixed ones only. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Glewlwyd {
  readonly clientId = 'desk';
  readonly scope = 'gw';
  /** Seconds that an access token lives. */
  tokenSeconds = 3600;
  private readonly directory = mkdtempSync(join(tmpdir(), 'sallyport-glewlwyd-'));
  private readonly jar = new Map<string, string>();
  private process: ChildProcess | undefined;
  private port = 0;

  static async open(redirect: string, tokenSeconds = 3600): Promise<Glewlwyd> {
    const provider = new Glewlwyd();
    try {
      provider.tokenSeconds = tokenSeconds;
      await provider.start();
      await provider.configure(redirect);
      return provider;
    } catch (error) {
      await provider.close();
      throw error;
    }
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  get issuer(): string {
    return `${this.origin}/api/idp`;
  }

  /** The person signs in and consents; the browser lands where it is sent. */
  async arrive(url: string): Promise<void> {
    this.jar.clear();
    await this.call('POST', 'auth/', { username: 'ada', password: 'the password of ada' });
    await this.call('PUT', `auth/grant/${this.clientId}`, { scope: `openid ${this.scope}` });
    const answer = await fetch(`${url}&g_continue`, {
      redirect: 'manual',
      headers: { cookie: this.cookies },
    });
    const landed = answer.headers.get('location') ?? '';
    if (!landed.includes('/callback?')) throw new Error(`sent to ${landed} (${answer.status})`);
    await (await fetch(landed)).text();
  }

  async close(): Promise<void> {
    const child = this.process;
    if (child && child.exitCode === null) {
      const ended = new Promise((resolve) => child.on('close', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async start(): Promise<void> {
    this.port = await freePort();
    const database = join(this.directory, 'glewlwyd.db');
    const schema = readFileSync('/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz');
    execFileSync('sqlite3', [database], { input: gunzipSync(schema) });
    const config = readFileSync('/etc/glewlwyd/glewlwyd.conf', 'utf8')
      .replace(/^@include.*/m, `database = { type = "sqlite3"; path = "${database}"; };`)
      .replace(/^log_mode=.*/m, 'log_mode="console"')
      .replace(/^external_url=.*/m, `external_url="${this.origin}"`)
      .replace(/^port=.*/m, `port=${this.port}\nbind_address="127.0.0.1"`);
    const file = join(this.directory, 'glewlwyd.conf');
    writeFileSync(file, config, { mode: 0o600 });
    this.process = spawn(glewlwydPath, [`--config-file=${file}`], { stdio: 'ignore' });
    const end = performance.now() + 15_000;
    while (
      !(await fetch(`${this.origin}/config`).then(
        (answer) => answer.ok,
        () => false,
      ))
    ) {
      if (performance.now() > end) throw new Error('Glewlwyd does not come up');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private async configure(redirect: string): Promise<void> {
    await this.call('POST', 'auth/', { username: 'admin', password: 'password' });
    const key = join(this.directory, 'key.pem');
    execFileSync('openssl', ['genrsa', '-out', key, '2048'], { stdio: 'ignore' });
    const cert = execFileSync('openssl', ['rsa', '-in', key, '-pubout'], { stdio: 'pipe' });
    await this.call('POST', 'mod/plugin/', {
      module: 'oidc',
      name: 'idp',
      display_name: 'the second provider',
      enabled: true,
      parameters: {
        iss: this.issuer,
        'jwt-type': 'rsa',
        'jwt-key-size': '256',
        key: readFileSync(key, 'utf8'),
        cert: cert.toString(),
        'access-token-duration': this.tokenSeconds,
        'refresh-token-duration': 86400,
        'code-duration': 600,
        'auth-type-code-enabled': true,
        'auth-type-token-enabled': false,
        'auth-type-id-token-enabled': true,
        'auth-type-none-enabled': false,
        'auth-type-password-enabled': false,
        'auth-type-client-enabled': false,
        'auth-type-refresh-enabled': true,
        'refresh-token-rolling': true,
        'refresh-token-one-use': 'always',
        'pkce-allowed': true,
        'allow-non-oidc': true,
        'jwks-show': true,
        'introspection-revocation-allowed': true,
        'introspection-revocation-allow-target-client': true,
        'name-claim': 'on-demand',
        claims: [{ name: 'login', 'user-property': 'username', type: 'string', mandatory: true }],
      },
    });
    await this.call('POST', 'scope/', { name: this.scope, display_name: 'the gateway' });
    await this.call('POST', 'client/?source=database', {
      client_id: this.clientId,
      name: 'desk',
      confidential: false,
      enabled: true,
      redirect_uri: [redirect],
      authorization_type: ['code', 'refresh_token'],
      scope: [],
    });
    await this.call('POST', 'user/?source=database', {
      username: 'ada',
      name: 'Ada Byron',
      password: 'the password of ada',
      email: 'ada@contoso.example',
      enabled: true,
      scope: ['openid', this.scope],
    });
  }

  private get cookies(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  private async call(method: string, path: string, body: object): Promise<void> {
    const answer = await fetch(`${this.origin}/api/${path}`, {
      method,
      headers: { 'content-type': 'application/json', cookie: this.cookies },
      body: JSON.stringify(body),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [name, ...rest] = line.split(';')[0].split('=');
      this.jar.set(name, rest.join('='));
    }
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  }
}
