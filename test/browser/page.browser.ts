import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { chromiumPath } from '../../scripts/support/chromium-path.ts';
import { AdminClient } from '../../src/daemon/client/index.ts';
import { converged, join2, type Running, TestMesh } from '../e2e/support/mesh.ts';
import {
  changeAnswers,
  dropFile,
  framesOf,
  openChromium,
  openPage,
  tasksDuring,
  violations,
  watchFrames,
} from './status-page.ts';

const skip = chromiumPath() === null && 'there is no Chromium in the PATH: set RANGEMESH_CHROMIUM';
const encoder = new TextEncoder();

const FORMS = {
  light: { colorScheme: 'light', viewport: { width: 1200, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1200, height: 900 } },
  narrow: { colorScheme: 'light', viewport: { width: 360, height: 740 } },
} as const;

/** The promise of the page: a new item is seen at all peers within this time. */
const ARRIVAL_MS = 2_000;
/** Longest time between two frames under load, so also the longest task of the page. */
const FRAME_MS = 100;
const RATE = 10_000;
const LOAD_SECONDS = 6;
const CATCH_UP = {
  ...{ phase: 'slices', stored: 300, missing: 700, estimated: true, peers: 2 },
  ...{ itemsPerSecond: 100, secondsLeft: 7 },
  slices: { total: 4, closed: 1, checked: 0, givenUp: 0 },
};
const WANTS = {
  ...{ wanted: 1, orphans: 1 },
  items: [{ id: 'ab'.repeat(32), sources: [], fetchingFrom: null }],
};
/** A busy machine may spoil a measurement of time; the best of so many items counts. */
const ATTEMPTS = 5;

/** Three nodes, each connected with the others, that hold a few items. */
async function threeNodes(mesh: TestMesh): Promise<Running[]> {
  const nodes = await Promise.all(['a', 'b', 'c'].map((name) => mesh.start(name)));
  const [a, b, c] = nodes as [Running, Running, Running];
  await join2(a, b);
  await Promise.all([join2(b, c), join2(c, a)]);
  await Promise.all(nodes.map(({ client }, i) => client.put(encoder.encode(`first of ${i}`))));
  await converged(nodes, 2);
  return nodes;
}

it('the status page of three live nodes', { skip }, async (context) => {
  const mesh = await TestMesh.create(context);
  const nodes = await threeNodes(mesh);
  const [first] = nodes as [Running];
  const url = first.daemon.admin;
  const token = await first.daemon.token();
  const browser = await openChromium(context);

  await context.test('shows a new item at all peers within two seconds', (t) =>
    showsArrivals(t, nodes, browser),
  );

  for (const [name, options] of Object.entries(FORMS)) {
    await context.test(
      `has nothing that axe-core or the console complains of: ${name}`,
      async () => {
        const { page, errors, foreign } = await openPage(browser, url, options);
        await page.getByRole('heading', { name: 'In sync' }).waitFor();
        assert.deepEqual(await violations(page), []);
        await page.getByRole('button', { name: 'Enter token' }).click();
        await page.getByRole('dialog').waitFor();
        assert.deepEqual(await violations(page), [], 'with the dialog');
        assert.deepEqual([errors, foreign], [[], []]);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        assert.ok(Number(width) <= options.viewport.width, `the page is ${width} pixels wide`);
        await page.context().close();
      },
    );
  }

  await context.test('says nothing about the node before it has answered', async () => {
    const page = await (await browser.newContext(FORMS.light)).newPage();
    // No answer: the calls wait until the context closes.
    await page.route(`${url}/v1/**`, () => undefined);
    await page.goto(url);
    await page.getByRole('heading', { name: 'Put an item' }).waitFor();
    const headings = await page.getByRole('heading').allInnerTexts();
    assert.deepEqual(headings, ['Connecting', 'Put an item', 'Look up an item']);
    assert.equal(await page.locator('.link.live').count(), 0, 'no sign of a connection');
    await page.context().close();
  });

  await context.test('follows the colours of the system', async () => {
    const colours: string[] = [];
    const { page } = await openPage(browser, url, FORMS.light);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      colours.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
    }
    assert.notEqual(colours[0], colours[1]);
    await page.context().close();
  });

  await context.test('asks for the token at a put, and keeps it for the tab alone', async () => {
    const { page } = await openPage(browser, url);
    await dropFile(page, 'dropped.txt', 'a dropped file');
    const field = page.getByLabel('Token', { exact: true });
    await field.fill('not-the-token-of-this-daemon');
    await page.getByRole('button', { name: 'Use token' }).click();
    await page.getByText('does not accept this token').waitFor();
    await field.fill(token);
    await page.getByRole('button', { name: 'Use token' }).click();
    await page.getByText('dropped.txt: stored').waitFor();
    const kept = `[sessionStorage.length, localStorage.length, document.cookie]`;
    assert.deepEqual(await page.evaluate(kept), [1, 0, '']);
    await page.reload();
    await page.getByRole('button', { name: 'Forget token' }).click();
    assert.deepEqual(await page.evaluate(kept), [0, 0, '']);
    await page.context().close();
  });

  await context.test('asks for the token at once where reading needs it', async () => {
    const closed = await mesh.start('closed', { args: ['--set', 'admin.readToken=true'] });
    const page = await (await browser.newContext(FORMS.light)).newPage();
    await page.goto(closed.daemon.admin);
    await page.getByLabel('Token', { exact: true }).fill(await closed.daemon.token());
    await page.getByRole('button', { name: 'Use token' }).click();
    await page.locator('.link.live').waitFor();
    await page.context().close();
  });

  await context.test('keeps a text whose put is cancelled', async () => {
    const { page } = await openPage(browser, url);
    const field = page.getByLabel('Text of a new item');
    await field.fill('a text of ours');
    await field.press('Enter');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('#put ~ [role=log] .bad').waitFor();
    assert.equal(await field.inputValue(), 'a text of ours');
    await page.context().close();
  });

  await context.test('can be used by keyboard alone', async () => {
    const { page } = await openPage(browser, url);
    const reach = async (name: string) => {
      for (let i = 0; i < 60; i++) {
        const label = await page.evaluate(
          'document.activeElement.ariaLabel ?? document.activeElement.textContent',
        );
        if (label === name) return;
        await page.keyboard.press('Tab');
      }
      assert.fail(`the key Tab does not reach ${name}`);
    };
    await reach('Text of a new item');
    await page.keyboard.type('typed by hand');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await reach('Token');
    await page.keyboard.type(token);
    await page.keyboard.press('Enter');
    await page.getByText('Text: stored').waitFor();
    const { id } = await first.client.put(encoder.encode('to be looked up'), 5n);
    await reach('Id of an item, 8 digits or more');
    await page.keyboard.type(id.slice(0, 12));
    await page.keyboard.press('Enter');
    await page.getByText('Held here').waitFor();
    await page.getByText('the hint 5').waitFor();
    await page.context().close();
  });

  await context.test(
    'shows catching up, wants, a peer that is behind, and the next step at an incident',
    () => showsTrouble(browser, url),
  );

  await context.test('tells when the daemon is gone, and goes on when it is back', async () => {
    const { page } = await openPage(browser, url);
    await page.route('**/v1/**', (route) => route.abort());
    await page.getByRole('heading', { name: 'No answer' }).waitFor();
    await page.unroute('**/v1/**');
    await page.getByRole('heading', { name: 'In sync' }).waitFor();
    await page.context().close();
  });

  // Alone, so that the processor is left for the rate.
  await context.test('stays responsive while up to 10,000 items a second arrive', async (t) =>
    staysResponsive(t, await mesh.start('alone'), browser),
  );
});

async function showsArrivals(t: TestContext, nodes: Running[], browser: Browser): Promise<void> {
  const pages = await Promise.all(nodes.map(({ daemon }) => openPage(browser, daemon.admin)));
  const times: number[] = [];
  for (let i = 0; i < ATTEMPTS && !times.some((ms) => ms <= ARRIVAL_MS); i++) {
    const began = performance.now();
    const { id } = await nodes[0]!.client.put(encoder.encode(`seen everywhere ${i}`));
    for (const { page } of pages) {
      await page.locator(`[data-id="${id}"]`).getByText('✓ at all 2 peers').waitFor();
    }
    times.push(Math.round(performance.now() - began));
  }
  t.diagnostic(`on all three pages after ${times.join(', ')} ms`);
  assert.ok(Math.min(...times) <= ARRIVAL_MS);
  for (const { page, errors, foreign } of pages) {
    assert.deepEqual([errors, foreign], [[], []]);
    await page.context().close();
  }
}

/** The answers of the daemon, with the troubles that a healthy mesh has not. */
async function showsTrouble(browser: Browser, url: string): Promise<void> {
  const { page, errors } = await openPage(browser, url, FORMS.narrow);
  await changeAnswers(page, '**/v1/status', (status) => ({
    ...status,
    catchUp: CATCH_UP,
    incidents: [{ at: '2026-12-01T00:00:00.000Z', code: 'COMMITS_LOST', message: 'some are gone' }],
  }));
  await changeAnswers(page, '**/v1/wants*', (wants) => ({ ...wants, ...WANTS }));
  await changeAnswers(page, '**/v1/synced*', (synced) => ({
    ...synced,
    peers: synced.peers.map((peer) => ({ ...peer, lacks: 2 })),
  }));
  const texts = [
    'Catching up from 2 peers',
    '1 of 4 slices are complete, 0 are checked.',
    'Keep the peers connected: they refill the set.',
    'No connected peer is known to have 1 of them.',
    'The peer is behind by 2 items.',
  ];
  for (const text of texts) {
    await page.getByText(text).filter({ visible: true }).first().waitFor();
  }
  const drawn = await page.locator('.mesh svg').getAttribute('aria-label');
  assert.match(drawn!, /lacks 2 items/);
  assert.deepEqual([await violations(page), errors], [[], []]);
  await page.context().close();
}

async function staysResponsive(t: TestContext, node: Running, browser: Browser): Promise<void> {
  const client = new AdminClient({ url: node.daemon.admin, token: await node.daemon.token() });
  const { page, errors } = await openPage(browser, node.daemon.admin);
  await page.getByRole('heading', { level: 1 }).waitFor();
  let stored = 0;
  await watchFrames(page);
  const tasks = await tasksDuring(page, async () => {
    stored = await putAtRate(client);
  });
  const frames = await framesOf(page);
  const longest = (times: number[]) => times.slice(0, 3).map(Math.round).join(', ');
  t.diagnostic(
    `${Math.round(stored / LOAD_SECONDS)} items a second: the longest tasks of the page took ${longest(tasks)} ms ` +
      `of the processor, the longest of ${frames.length} frames ${longest(frames)} ms on the clock`,
  );
  assert.ok(tasks.length > 100, 'the trace has the tasks of the page');
  assert.ok(tasks[0]! < FRAME_MS, `a task took ${tasks[0]} ms of the processor`);
  await page.getByText('came too fast to be listed').waitFor();
  assert.ok((await page.locator('[data-id]').count()) <= 12);
  assert.deepEqual(errors, []);
  await page.context().close();
}

/** Puts items in batches, several at a time, at the rate or as fast as this machine does; how many. */
async function putAtRate(client: AdminClient): Promise<number> {
  const [began, batchItems] = [performance.now(), RATE / 5];
  let [asked, stored] = [0, 0];
  const writer = async () => {
    for (;;) {
      const elapsed = performance.now() - began;
      if (elapsed > LOAD_SECONDS * 1_000) return;
      if (asked > (RATE * elapsed) / 1_000) {
        await pause(20);
        continue;
      }
      const first = asked;
      asked += batchItems;
      const items = Array.from({ length: batchItems }, (_, i) => ({
        hint: BigInt(first + i),
        payload: encoder.encode(`under load ${first + i}`),
      }));
      for await (const line of client.putItems(items)) if ('id' in line) stored++;
    }
  };
  await Promise.all([writer(), writer(), writer()]);
  return stored;
}
