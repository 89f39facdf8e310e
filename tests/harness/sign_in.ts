// A person signs in as Claude Desktop does: authorization code with PKCE, a loopback redirect, a
// public client. Where a browser would be, redirects are followed by hand with a cookie jar.

import * as client from 'openid-client';
import { clientId, scope, type Tenant } from './tenant.ts';

export interface Tokens {
  accessToken: string;
  idToken: string;
  refreshToken: string;
  config: client.Configuration;
}

export async function signIn(tenant: Tenant, person: string): Promise<Tokens> {
  tenant.atTheDesk = person;
  const config = await client.discovery(
    new URL(tenant.issuer),
    clientId,
    undefined,
    client.None(),
    {
      execute: [client.allowInsecureRequests], // http, on loopback
    },
  );
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const redirect = 'http://127.0.0.1:53123/callback';
  const start = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope: `openid profile offline_access ${scope}`,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  });
  const landed = await followAsABrowserWould(start, redirect);
  const tokens = await client.authorizationCodeGrant(config, landed, {
    pkceCodeVerifier: verifier,
    expectedState: state,
  });
  return {
    accessToken: tokens.access_token,
    idToken: tokens.id_token ?? '',
    refreshToken: tokens.refresh_token ?? '',
    config,
  };
}

export async function followAsABrowserWould(
  start: URL,
  until: string,
  jar = new Map<string, string>(),
): Promise<URL> {
  let at = start;
  for (let hop = 0; hop < 10; hop += 1) {
    if (at.href.startsWith(until)) return at;
    const answer = await fetch(at, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([n, v]) => `${n}=${v}`).join('; ') },
    });
    await answer.arrayBuffer();
    for (const line of answer.headers.getSetCookie()) {
      const [name, ...rest] = line.split(';')[0].split('=');
      jar.set(name, rest.join('='));
    }
    const next = answer.headers.get('location');
    if (!next)
      throw new Error(`the sign-in stopped at ${at.pathname} with status ${answer.status}`);
    at = new URL(next, at);
  }
  throw new Error('the sign-in goes round in circles');
}

/** The next access token of somebody who has signed in; the refresh token changes each time. */
export async function refreshedAccessToken(
  config: client.Configuration,
  refreshToken: string,
): Promise<{ accessToken: string; refreshToken: string }> {
  const tokens = await client.refreshTokenGrant(config, refreshToken);
  return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token ?? refreshToken };
}
