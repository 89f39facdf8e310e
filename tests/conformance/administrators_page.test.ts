// docs/administrators.md tells the truth: its configuration is a good one, and its table of roles is
// that of the program.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { operationsOf, readDocument, roles } from '../harness/api_document.ts';
import { Authority } from '../harness/certificates.ts';
import { run, yaml } from '../harness/gateway.ts';
import { House } from '../harness/house.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/administrators.md'), 'utf8');
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
  .map((found) => found[1])
  .filter((block) => block.startsWith('admin:'));

test('its configurations pass the check', async () => {
  assert.ok(blocks.length >= 2);
  const house = await House.open({ start: false });
  try {
    const leaf = new Authority().leaf('admin', ['DNS:claude-admin.contoso.example']);
    const own = join(house.directory, 'etc');
    mkdirSync(own);
    writeFileSync(join(own, 'admin.pem'), leaf.cert);
    writeFileSync(join(own, 'admin.key'), leaf.key, { mode: 0o600 });
    for (const name of ['admin-secret', 'scrape-token'])
      writeFileSync(join(own, name), 'correct-horse-battery-staple\n', { mode: 0o600 });
    const { admin: _admin, metrics: _metrics, ...rest } = house.config;
    for (const block of blocks) {
      const file = join(house.directory, 'checked.yaml');
      const text = block
        .replaceAll('/etc/sallyport', own)
        .replaceAll('/run/sallyport', house.directory);
      writeFileSync(file, yaml(rest) + text);
      const found = await run(['config', 'check', file]);
      assert.equal(found.code, 0, `${found.stdout}${found.stderr}\n${text}`);
    }
  } finally {
    await house.close();
  }
});

test('its table of roles has every route, with the roles that may ask it', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && line.includes('`'));
  const named = new Map<string, string[]>();
  for (const row of rows) {
    const [what, ...cells] = row.slice(2, -1).split('|').map((cell) => cell.trim());
    const may = roles.filter((_, at) => cells[at] === 'yes');
    for (const [, route] of what.matchAll(/`([A-Z]+ \/[^`]*)`/g)) named.set(route, may);
  }
  const documented = new Map<string, string[]>();
  for (const { method, path, roles: may } of operationsOf(readDocument()))
    if (may.length > 0) documented.set(`${method} ${path}`, may);
  assert.deepEqual(
    Object.fromEntries([...named].sort()),
    Object.fromEntries([...documented].sort()),
  );
});
