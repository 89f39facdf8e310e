// The shape of every refusal of ours, checked in one place.

import assert from 'node:assert/strict';
import type { Reply } from './raw_client.ts';
import { value } from './wire.ts';

const types: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  408: 'invalid_request_error',
  413: 'request_too_large',
  415: 'invalid_request_error',
  429: 'rate_limit_error',
  431: 'invalid_request_error',
  501: 'not_supported',
  502: 'api_error',
  503: 'api_error',
  504: 'timeout_error',
  505: 'invalid_request_error',
};

/** Checks envelope, ids, retry and challenge; gives back the sentence. */
export function assertRefusal(
  reply: Reply,
  status: number,
  options: { retry?: boolean; what?: string } = {},
): string {
  const what = options.what ?? reply.head.start;
  assert.equal(reply.status, status, `${what}: ${reply.head.start} ${reply.body}`);
  const json = reply.json;
  assert.ok(json, `${what}: the answer is not JSON`);
  assert.deepEqual(Object.keys(json), ['type', 'error', 'request_id'], what);
  assert.equal(json.type, 'error', what);
  assert.equal(json.error.type, types[status], what);
  assert.equal(
    json.request_id,
    value(reply.head, 'x-request-id'),
    `${what}: the id in the body is that of the head`,
  );
  assert.match(json.error.message, /^\w.*\.$/s, `${what}: a whole sentence`);
  const retry = options.retry ?? [408, 429, 502, 503, 504].includes(status);
  assert.equal(
    value(reply.head, 'x-should-retry'),
    retry ? undefined : 'false',
    `${what}: x-should-retry`,
  );
  const challenge = value(reply.head, 'www-authenticate');
  if (status === 401) assert.match(challenge ?? '', /^Bearer\b/, what);
  else assert.equal(challenge, undefined, what);
  return json.error.message as string;
}
