// A person signs in with our own command, in a real browser, and asks through the gateway with the
// token that the command prints. Nothing is minted by the test.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Desk } from '../harness/desk.ts';
import { House, question } from '../harness/house.ts';
import { people } from '../harness/tenant.ts';

describe('sallyport sign-in', () => {
  let house: House;
  let desk: Desk;
  before(async () => {
    house = await House.open();
    house.tenant.pages = true;
    await house.ready();
    desk = await Desk.open();
  });
  after(async () => {
    await desk?.close();
    await house?.close();
  });

  test('learns from the gateway where to sign in, and leaves a token that the gateway admits', async () => {
    const { page, ...done } = await desk.signIn('ada', ['--gateway', house.url]);
    assert.equal(done.code, 0, done.stderr);
    const said = JSON.parse(done.stdout);
    assert.equal(said.person, 'Ada Byron (ada.byron@contoso.example)');
    assert.equal(said.subject, people.ada.oid);
    assert.equal(said.vault, 'kernel');
    assert.match(await page.content(), /You can close this window/);
    assert.equal(desk.openedPages.length, 1, 'the browser was opened once');

    const token = await desk.run(['token']);
    assert.equal(token.code, 0, token.stderr);
    assert.match(token.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const reply = await house.ask(token.stdout.trim(), question());
    assert.equal(reply.status, 200, reply.body.toString());
    const { opened } = await house.closed(house.foundry.last.id);
    assert.equal(opened.person.object_id, people.ada.oid);
  });
});
