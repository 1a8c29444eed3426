import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../../src/daemon/config/index.ts';
import { blocksOf, docPages } from '../../support/doc-pages.ts';

const RECIPES = ['relay', 'ledger', 'edge'];
const INDENTED = /^## Configuration\n\n((?: {4}.*\n)+)/m;
const SETTING = /--set (\S+)=(\S+)/g;
const GB = 1e9;
const MIB = 2 ** 20;

function pageOf(recipe: string) {
  const page = docPages().find(({ name }) => name === `docs/operations-${recipe}.md`);
  assert.ok(page !== undefined, recipe);
  return page;
}

/** The configuration that the page shows, as a start would read it. */
function shown(recipe: string) {
  const text = INDENTED.exec(pageOf(recipe).text)![1]!.replace(/^ {4}/gm, '');
  return loadConfig({ file: '/node.yaml', cwd: '/', read: async () => text });
}

describe('the recipes of the docs', () => {
  for (const recipe of RECIPES) {
    it(`${recipe}: the commands make the configuration that the page shows`, async () => {
      const [block] = blocksOf(pageOf(recipe));
      const settings = [...block!.commands.matchAll(SETTING)];
      assert.ok(settings.length >= 2);
      const flags = settings.map(([, path, value]) => ({
        path: path!,
        value: value!,
        source: '--set',
      }));
      const made = await loadConfig({ cwd: '/', flags, read: async () => '' });
      assert.deepEqual(made, await shown(recipe));
    });
  }

  it('keep 30 days at a relay, all at a ledger, and what fits into 2 GB at the edge', async () => {
    const relay = await shown('relay');
    assert.equal(relay.retention.maxAge, 30 * 86_400_000);
    assert.ok(30 * 1e6 * (500 + 228) < relay.limits.maxSetBytes);
    const ledger = await shown('ledger');
    const { maxAge, maxBytes, minHint } = ledger.retention;
    assert.deepEqual([maxAge, maxBytes, minHint, ledger.limits.maxSetBytes], [0, 0, '0', 0]);
    const edge = await shown('edge');
    const { maxSetBytes, minFreeBytes } = edge.limits;
    assert.ok(edge.retention.maxBytes < maxSetBytes);
    const rest = 2 * GB - maxSetBytes - minFreeBytes;
    assert.equal(Math.floor(rest / MIB), 251, 'as the table of the page says');
    assert.deepEqual(
      [relay, ledger, edge].map(({ hints }) => hints.unit),
      Array(3).fill('milliseconds'),
    );
  });
});
