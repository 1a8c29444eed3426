import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { chromiumPath } from '../../scripts/support/chromium-path.ts';
import { Page } from '../browser/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { startExample } from './support.ts';

const CHROMIUM = chromiumPath();
const skip = CHROMIUM === null && 'there is no Chromium in the PATH: set RANGEMESH_CHROMIUM';

/** Writes a note as a person does; resolves with the notes on the page. */
const write = (text: string) => `(async () => {
  document.querySelector('#text').value = ${JSON.stringify(text)};
  document.querySelector('form').requestSubmit();
  return shown();
})()`;

/** Presses the button; resolves with the result and the notes on the page. */
const RECONCILE = `(async () => {
  document.querySelector('output').textContent = '';
  document.querySelector('#reconcile').click();
  return shown();
})()`;

/** Waits for the result of an action. */
const SHOWN = `globalThis.shown = () => new Promise((resolve) => {
  const told = document.querySelector('output');
  const look = () => {
    if (told.textContent === '') return;
    observer.disconnect();
    setTimeout(() => resolve(
      [told.textContent, ...[...document.querySelectorAll('li')].map((row) => row.textContent)]));
  };
  const observer = new MutationObserver(look);
  observer.observe(told, { childList: true });
  look();
}), 0`;

describe('the example browser-page', { skip }, () => {
  it('makes two pages and the server equal, and shows why a reconciliation fails', async (context) => {
    const server = startExample(context, 'browser-page', ['--port', '0']);
    const [url] = /http\S+/.exec(await server.line(/^open/))!;
    const open = async () => {
      const page = await Page.open(CHROMIUM!, url);
      cleanUp(context, () => page.close());
      await page.evaluate(SHOWN);
      return page;
    };
    const [a, b] = await Promise.all([open(), open()]);
    assert.deepEqual(await a.evaluate(write('from a')), ['Noted on this page.', 'from a']);
    assert.deepEqual(await b.evaluate(write('from b')), ['Noted on this page.', 'from b']);
    assert.deepEqual(await a.evaluate(RECONCILE), ['Equal: took 0, gave 1.', 'from a']);
    const both = ['from a', 'from b'];
    assert.deepEqual(await b.evaluate(RECONCILE), ['Equal: took 1, gave 1.', ...both]);
    assert.deepEqual(await a.evaluate(RECONCILE), ['Equal: took 1, gave 0.', ...both]);
    assert.deepEqual(await a.evaluate(RECONCILE), ['Equal: took 0, gave 0.', ...both]);

    const foreign = new WebSocket(`${url.replace('http', 'ws')}session`, {
      origin: 'http://other.example',
    });
    const [error] = await once(foreign, 'error');
    assert.match(error.message, /401/, 'the page of another origin is refused');
    const wrong = await fetch(`${url}notes/add`, { method: 'POST', body: '[{"at":-1}]' });
    assert.equal(`${wrong.status} ${await wrong.text()}`.slice(0, 19), '400 a note is {"at"');

    await server.kill('SIGKILL');
    const [failed] = (await b.evaluate(RECONCILE)) as string[];
    assert.match(failed!, /^Failed: the WebSocket did not open/);
  });
});
