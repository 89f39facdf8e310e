// The main job of Sallyport, seen from beginning to end, without a cloud: a tenant (a certified
// OpenID provider), a simulated Foundry that is strict about its key, and the real gateway between
// them. A person signs in with PKCE, gets a streamed answer, a forger does not, and the record
// shows both lines of the request. Then her access is taken back in the middle of an answer.
//
//   node demo/main.ts            stays up until Ctrl-C, for your own Claude Code
//   node demo/main.ts --once     ends after the show; exit 0 if everything went as told
//
// SALLYPORT_BIN names the program; without it, build/release/sallyport.

import { join } from 'node:path';
import { signIn } from '../tests/harness/sign_in.ts';
import { sendEvents, textEvents, withTool } from '../tests/harness/answers.ts';
import type { Call } from '../tests/harness/foundry.ts';
import { forgedFor } from '../tests/harness/forge.ts';
import { binary, run } from '../tests/harness/gateway.ts';
import { House, question } from '../tests/harness/house.ts';
import { audience, clientId, people, scope, scopeName, tenantId } from '../tests/harness/tenant.ts';
import { value } from '../tests/harness/wire.ts';
import { Desk } from './desk.ts';
import { bad, bold, dim, good, heading, indent, pairs, say } from './screen.ts';

const once = process.argv.includes('--once');
const unknown = process.argv.slice(2).filter((argument) => argument !== '--once');
if (unknown.length > 0) {
  console.error(`demo: ${unknown[0]} is not known here; --once is the one option`);
  process.exit(2);
}

/** What the simulated model says; the first words prove that it streams. */
const speech =
  "Good morning. Your words came through the gate under your own name, and under nobody else's key: " +
  'the gateway knew you by the token of your tenant, kept it, and asked me with the credential of the ' +
  'organization. One line was written before I heard a byte, and one more follows when I stop.';

function model(call: Call): void | Promise<void> {
  const asked = JSON.stringify(call.json.messages ?? '');
  if (asked.includes('what time') && call.json.tools) {
    const date = { command: 'date', description: 'Tell the time' };
    return withTool('Bash', date, (result) => `Your machine says: ${result}`)(call);
  }
  return sendEvents(call, textEvents(String(call.json.model), speech), 25);
}

async function show(house: House, desk: Desk): Promise<void> {
  heading('1', 'A person signs in');
  const adasToken = await desk.signIn(house);
  say(
    dim(
      'authorization code with PKCE, public client, loopback redirect: as Claude Desktop does it',
    ),
  );
  say(
    `Her access token is for ${bold(audience)} with scope ${bold(scopeName)} and role ${bold('Claude.User')}.`,
  );

  heading('2', 'She asks, and the answer streams through the gateway');
  say(dim('@anthropic-ai/sdk -> sallyport -> Foundry (simulated)'));
  process.stdout.write('\n  ');
  const forged = await forgedFor(house.tenant, 'ada');
  const client = house.client(adasToken);
  const stream = client.messages.stream({
    model: 'claude-sonnet-5',
    max_tokens: 300,
    messages: [{ role: 'user', content: 'Good morning! Who is at the gate?' }],
  });
  let beside: ReturnType<House['ask']> | undefined;
  let column = 0;
  let pieces = 0;
  stream.on('text', (text) => {
    beside ??= house.ask(forged, question()); // the forger knocks while she is being answered
    pieces += 1;
    if (column + text.length > 90) {
      process.stdout.write('\n  ');
      column = 0;
    }
    process.stdout.write(good(text));
    column += text.length;
  });
  const message = await stream.finalMessage();
  const seen = house.foundry.last;
  const id = seen.id;
  process.stdout.write('\n\n');
  say(`${pieces} pieces, ${message.usage.output_tokens} tokens, model ${bold(message.model)}`);
  say(
    `Foundry was asked for ${bold(String(seen.json.model))}, with ${bold('x-api-key')} of the organization and ${
      value(seen.head, 'authorization') === undefined
        ? bold('no Authorization header')
        : bad('HER TOKEN')
    }.`,
  );
  if (message.model !== 'claude-sonnet-5' || value(seen.head, 'authorization') !== undefined)
    throw new Error('the answer is not what it should be');

  heading('3', 'A forger knocks at the same time');
  say('The same claims, the same key id, signed with another key:');
  const refused = await (beside ?? house.ask(forged, question()));
  say(`${bad(String(refused.status))} ${refused.json?.error.message}`);
  say(
    dim(
      `x-should-retry: ${value(refused.head, 'x-should-retry')}   WWW-Authenticate: ${value(refused.head, 'www-authenticate')}`,
    ),
  );
  const mallory = await signIn(house.tenant, 'mallory');
  const without = await house.ask(mallory.accessToken, question());
  say(`${people.mallory.name} signed in honestly, but has no role:`);
  say(`${bad(String(without.status))} ${without.json?.error.message}`);
  if (refused.status !== 401 || without.status !== 403)
    throw new Error('a refusal is not what it should be');
  if (house.foundry.requests.length !== 1) throw new Error('Foundry heard of somebody else');
  say(`Foundry heard of neither: ${bold('1')} request in all.`);

  heading('4', 'What is remembered');
  await house.closed(id);
  const directory = ['--directory', house.auditDirectory];
  indent(await answerOf('audit', 'show', ...directory));
  say(
    `\nThe two lines of her request, written before the first byte left and after the last came back:`,
  );
  const [row] = JSON.parse(
    await answerOf('audit', 'show', ...directory, '--id', id, '--json'),
  ).rows;
  for (const line of [row.record, row.end]) record(line);
  console.log('');
  indent(await answerOf('audit', 'verify', ...directory));

  await revoke(house, desk, adasToken);
}

/** She is cut off in the middle of an answer, and the record tells it. */
async function revoke(house: House, desk: Desk, token: string): Promise<void> {
  heading('5', 'Her access is taken back while she is being answered');
  const socket = ['--socket', join(house.directory, 'admin.sock')];
  const stream = house.client(token).messages.stream({
    model: 'claude-sonnet-5',
    max_tokens: 300,
    messages: [{ role: 'user', content: 'And who decides whether I may stay?' }],
  });
  let pieces = 0;
  const answered = new Promise<void>((resolve) =>
    stream.on('text', (text) => {
      pieces += 1;
      process.stdout.write(pieces === 1 ? `  ${good(text)}` : good(text));
      if (pieces === 12) resolve();
    }),
  );
  const ending = stream.finalMessage().then(
    () => undefined,
    (error: unknown) => error,
  );
  await Promise.race([answered, ending]);
  const key = `contoso/${tenantId}/${people.ada.oid}`;
  const done = JSON.parse(
    await answerOf(
      'revoke',
      'user',
      key,
      '--reason',
      'the badge was handed in',
      '--json',
      ...socket,
    ),
  ).revocations[0];
  const error = await ending;
  if (error === undefined || done.cut !== 1) throw new Error('she was not cut off');
  say(`\n${bad('the answer ends:')} ${sentenceOf(error)}`);
  say(dim(`in force on every worker ${(done.took_us / 1000).toFixed(1)} ms after the command`));
  const next = await desk.signIn(house, { quiet: true });
  const refused = await house.ask(next, question());
  say(`She signs in again and asks with a fresh token: ${bad(String(refused.status))}`);
  if (refused.status !== 401) throw new Error('a fresh token brought access back');
  indent(await answerOf('revoke', 'lift', done.id, '--reason', 'a mistake', ...socket));
  const back = await house.ask(next, question());
  if (back.status !== 200) throw new Error('the lift did not bring access back');
  await house.closed(value(back.head, 'x-request-id') ?? '');
  say('Lifted, she is answered again. The record tells it in order:');
  const directory = ['--directory', house.auditDirectory];
  indent(await answerOf('audit', 'show', '--revocation', done.id, ...directory));
}

function sentenceOf(error: unknown): string {
  const found = /"message":"([^"]*)"/.exec(String(error));
  return found?.[1] ?? String(error);
}

/** Runs a command of the program, says which, and gives back what it prints. */
async function answerOf(...args: string[]): Promise<string> {
  const found = await run(args);
  if (found.code !== 0)
    throw new Error(
      `sallyport ${args.slice(0, 2).join(' ')} ended with ${found.code}: ${found.stdout}${found.stderr}`,
    );
  say(dim(`$ sallyport ${args.join(' ')}`));
  return found.stdout;
}

/** One line of the record, laid out for reading: nothing is left out but the tail of a hash. */
function record(line: Record<string, any>): void {
  const { type, time, id, seq, prev, ...rest } = line;
  console.log(`\n      ${bold(type)}  ${time}  ${id}`);
  const whole = Object.entries(rest).filter(([, item]) => typeof item !== 'object');
  if (whole.length > 0) pairs('', Object.fromEntries(whole));
  for (const [key, item] of Object.entries(rest)) {
    for (const one of Array.isArray(item) ? item : [item])
      if (typeof one === 'object') pairs(key, one);
  }
  pairs('chain', { line: seq, 'hash of the line before': `${String(prev).slice(0, 16)}...` });
}

function pointers(house: House, desk: Desk): void {
  heading('6', 'Point your own Claude here');
  say(bold('Claude Code') + dim(' (asks `sallyport token` whenever it wants one)'));
  indent(
    `ANTHROPIC_BASE_URL=${house.url} \\\n` +
      'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 \\\n' +
      `claude --model claude-sonnet-5 --settings ${desk.settings}`,
  );
  say(bold('Claude Desktop') + dim(' (third-party inference, on this machine)'));
  const oidc = {
    clientId,
    issuer: house.tenant.issuer,
    scopes: `openid profile offline_access ${scope}`,
    bearerTokenType: 'access_token',
  };
  indent(
    'inferenceProvider       gateway\n' +
      `inferenceGatewayBaseUrl ${house.url}\n` +
      'inferenceCredentialKind interactive\n' +
      `inferenceGatewayOidc    ${JSON.stringify(oidc)}\n` +
      'inferenceModels         ["claude-sonnet-5"]',
  );
  say(
    dim('The model here is a simulation: it says the same to everybody. Asked "what time is it"'),
  );
  say(dim('by Claude Code, it has the tool Bash called, and the record names the tools on offer.'));
}

async function main(): Promise<void> {
  console.log(`\n${bold('Sallyport')}: a gateway for Claude that knows who asks\n${dim(binary)}`);
  const house = await House.open({
    foundry: { key: 'the-key-of-the-organization', answer: model },
  });
  process.on('exit', () => house.gateway.process.kill('SIGTERM'));
  const desk = new Desk(house, { byHand: !once });
  try {
    await house.ready();
    say(`\ntenant   ${house.tenant.issuer}`);
    say(`Foundry  ${house.foundry.base}`);
    say(`gateway  ${bold(house.url)}   configuration ${house.gateway.configFile}`);
    await show(house, desk);
    pointers(house, desk);
    if (once) return;
    say(`\n${bold('Everything stays up until you press Ctrl-C.')}`);
    house.foundry.seen = (call) =>
      say(
        dim(
          `a request reached Foundry: ${call.head.start.split(' ')[1]} as ${String(call.json?.model)}, record ${call.id}`,
        ),
      );
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
    console.log('');
  } finally {
    await desk.signOut();
    await house.close();
  }
}

main().then(
  () => console.log(good('\n  demo: done\n')),
  (error: unknown) => {
    console.error(
      bad(`\n  demo: failed: ${error instanceof Error ? error.message : String(error)}\n`),
    );
    process.exitCode = 1;
  },
);
