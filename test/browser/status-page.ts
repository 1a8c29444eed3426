import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { chromiumPath } from '../../scripts/support/chromium-path.ts';
import { cleanUp } from '../support/clean-up.ts';

/** Everything that a page did that it must not do. */
export interface Watched {
  readonly page: Page;
  /** Lines on the console above the level of information, and errors that no code caught. */
  readonly errors: string[];
  /** Requests to hosts other than that of the page. */
  readonly foreign: string[];
}

/** A rule of axe-core that the page breaks, with the first element that breaks it. */
export interface Violation {
  readonly id: string;
  readonly help: string;
  readonly html: string;
}

/** A headless Chromium, gone when the test ends. */
export async function openChromium(context: TestContext): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: chromiumPath()!,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  cleanUp(context, () => browser.close());
  return browser;
}

/** Opens the page of a daemon in a context of its own: no token is known there. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const page = await (await browser.newContext(options)).newPage();
  const watched: Watched = { page, errors: [], foreign: [] };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) watched.errors.push(message.text());
  });
  page.on('pageerror', (error) => watched.errors.push(String(error.stack)));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:'))
      watched.foreign.push(request.url());
  });
  await page.goto(url);
  await page.locator('.link.live').waitFor();
  return watched;
}

/** What axe-core finds on the page as it is now. */
export async function violations(page: Page): Promise<Violation[]> {
  const path = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.evaluate(await readFile(path, 'utf8'));
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, help, nodes }) => ({ id, help, html: nodes[0].html })))`);
}

/** An answer of the daemon as far as tests change it. */
type Answer = Readonly<Record<string, unknown>> & { readonly peers: readonly object[] };

/** Has the page get other answers from the calls of a pattern from now on. */
export async function changeAnswers(
  page: Page,
  pattern: string,
  change: (answer: Answer) => object,
): Promise<void> {
  await page.route(pattern, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: change(await response.json()) });
  });
}

/** Drops a file on the field for new items, as a person does with the mouse. */
export async function dropFile(page: Page, name: string, text: string): Promise<void> {
  const transfer = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}));
    return transfer;
  })()`);
  await page.dispatchEvent('.drop', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
}

/** Starts to take the times between frames; `framesOf` tells them. */
export async function watchFrames(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    globalThis.frames = [];
    let last = performance.now();
    const frame = () => {
      const now = performance.now();
      globalThis.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  })()`);
}

/** Milliseconds between frames since `watchFrames`, the longest first. */
export async function framesOf(page: Page): Promise<number[]> {
  return page.evaluate('globalThis.frames.toSorted((a, b) => b - a)');
}

/** The part of a trace of Chromium that is read here. Times are in microseconds. */
interface TraceEvent {
  /** `M` tells the name of a thread. */
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
  /** Time of the processor; a busy machine does not lengthen it. */
  readonly tdur?: number;
}

/** Milliseconds of the processor that each task of the page took while `run` ran, the longest first. */
export async function tasksDuring(page: Page, run: () => Promise<void>): Promise<number[]> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  await run();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const names = traceEvents.filter(({ ph, args }) => ph === 'M' && args?.name === 'CrRendererMain');
  const mains = new Set(names.map(threadOf));
  return traceEvents
    .filter((event) => event.name.endsWith('RunTask') && mains.has(threadOf(event)))
    .map(({ tdur = 0 }) => tdur / 1_000)
    .sort((a, b) => b - a);
}
