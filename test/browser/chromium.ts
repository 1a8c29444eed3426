import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The part of an answer of the devtools protocol that is read here. */
interface Answer {
  readonly id?: number;
  /** Of an event. */
  readonly method?: string;
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
  };
}

/** A page of a headless Chromium that the devtools protocol drives. */
export class Page {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #loaded = Promise.withResolvers<void>();
  #calls = 0;

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#child = child;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const answer: Answer = JSON.parse(String(data));
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
      if (answer.method === 'Page.loadEventFired') this.#loaded.resolve();
    });
  }

  /** Opens the address in a Chromium of its own; resolves once its scripts have run. */
  static async open(chromium: string, url: string): Promise<Page> {
    const profile = await mkdtemp(join(tmpdir(), 'rangemesh-chromium-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
    const child = spawn(
      chromium,
      [...flags, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const port = await debuggingPort(child);
    const socket = new WebSocket(await pageAddress(port));
    await once(socket, 'open');
    const page = new Page(child, profile, socket);
    await page.#call('Page.enable', {});
    await page.#call('Page.navigate', { url });
    await page.#loaded.promise;
    return page;
  }

  /** The value of an expression, once its promise has settled. Rejects with what it throws. */
  async evaluate(expression: string): Promise<unknown> {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result } = await this.#call('Runtime.evaluate', params);
    const exception = result?.exceptionDetails?.exception;
    if (exception !== undefined) throw new Error(exception.description ?? 'the page threw');
    return result?.result?.value;
  }

  #call(method: string, params: object): Promise<Answer> {
    const id = ++this.#calls;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answered;
  }

  async close(): Promise<void> {
    this.#socket.close();
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function debuggingPort(child: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: child.stderr! })) {
    const [, port] = /DevTools listening on ws:\/\/[^:]+:(\d+)/.exec(line) ?? [];
    if (port !== undefined) {
      child.stderr!.resume();
      return Number(port);
    }
  }
  throw new Error('Chromium ended before it listened');
}

async function pageAddress(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`);
  const pages = (await response.json()) as { type: string; webSocketDebuggerUrl: string }[];
  const page = pages.find(({ type }) => type === 'page');
  if (page === undefined) throw new Error('Chromium shows no page');
  return page.webSocketDebuggerUrl;
}
