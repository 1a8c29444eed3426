import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, beforeEach, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Admin, type AdminInit, createAdmin } from '../../../src/daemon/admin/index.ts';
import { createLogger } from '../../../src/daemon/index.ts';
import { systemClock } from '../../../src/daemon/system/index.ts';
import { placeAt, proofOf } from '../../../src/daemon/testing.ts';
import { within } from '../../support/within.ts';
import { FakeControl } from './fake-control.ts';
import { FakeNode } from './fake-node.ts';

/** A self-signed certificate of no use, and its key. */
export const CERTIFICATE: string = fileURLToPath(new URL('tls/cert.pem', import.meta.url));
export const TLS: NonNullable<AdminInit['tls']> = {
  cert: readFileSync(CERTIFICATE, 'utf8'),
  key: readFileSync(new URL('tls/key.pem', import.meta.url), 'utf8'),
};

/** Another certificate of `tls/`, with its key. */
export function tlsOf(name: 'issued' | 'named' | 'expired' | 'future'): typeof TLS {
  const pem = (part: string) =>
    readFileSync(new URL(`tls/${name}-${part}.pem`, import.meta.url), 'utf8');
  return { cert: pem('cert'), key: pem('key') };
}

/** Of `startAdminOn`, as a daemon draws it. */
export const KEY: string = 'ab'.repeat(32);
export const TOKEN = 'a-token-of-at-least-thirty-two-characters';

/** A token whose file does not change. */
export function fixedToken(token: string): NonNullable<AdminInit['token']> {
  return { token, trouble: null, look: () => null };
}

export interface RunningAdmin {
  readonly node: FakeNode;
  readonly control: FakeControl;
  readonly admin: Admin;
  readonly url: string;
  /** What was logged at error level and above. */
  readonly errors: Record<string, unknown>[];
}

/** An admin endpoint on any free port over a fake node. */
export async function startAdmin(init: Partial<AdminInit> = {}): Promise<RunningAdmin> {
  const node = new FakeNode();
  const control = new FakeControl();
  const errors: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void errors.push(JSON.parse(line)) };
  const admin = createAdmin({
    node,
    metrics: { contentType: 'text/plain', text: async () => '' },
    control,
    token: fixedToken(TOKEN),
    host: '127.0.0.1',
    port: 0,
    limits: { maxItemBytes: 1_024 },
    prove: () => KEY,
    clock: systemClock,
    logger: createLogger({ clock: systemClock, level: 'error', destination }),
    ...init,
  });
  return { node, control, admin, url: await admin.listen(), errors };
}

/** One that a command line finds through `directory`, as it finds the daemon that runs there. */
export async function startAdminOn(
  directory: string,
  init: Partial<AdminInit> = {},
): Promise<RunningAdmin> {
  const place = await placeAt(directory);
  const running = await startAdmin({
    prove: (challenge) => proofOf(KEY, place, challenge),
    ...init,
  });
  const { socket = null } = init;
  const cert = init.tls ? CERTIFICATE : null;
  const file = { url: running.url, pid: 1, key: KEY, socket, cert };
  await writeFile(join(directory, 'admin.json'), JSON.stringify(file));
  await writeFile(join(directory, 'admin.token'), `${TOKEN}\n`);
  return running;
}

/**
 * One for a single test, closed when the test ends, however it ends: the process of a test file does not
 * exit while a server listens.
 */
export async function startAdminFor(
  context: TestContext,
  init: Partial<AdminInit> = {},
): Promise<RunningAdmin> {
  const running = await startAdmin(init);
  context.after(() => running.admin.close());
  return running;
}

export interface Sent {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Uint8Array;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly json: any;
}

export interface SendInit {
  method?: string;
  body?: string | Uint8Array;
  headers?: Record<string, string>;
  /** @default true */
  token?: boolean;
  /** Of server-sent events the first bytes are enough. @default false */
  isEndless?: boolean;
}

/** One exchange on a connection of its own. */
export function send(url: string, path: string, init: SendInit = {}): Promise<Sent> {
  const { method = 'GET', body, token = true, isEndless = false } = init;
  const headers: Record<string, string> = { ...init.headers };
  if (token) headers.authorization ??= `Bearer ${TOKEN}`;
  // Node frames the body of a POST by itself, not that of a DELETE.
  if (method === 'DELETE') headers['content-length'] ??= String(Buffer.byteLength(body ?? ''));
  const answer = new Promise<Sent>((resolve, reject) => {
    const call = request(`${url}${path}`, { method, headers, agent: false });
    call.on('error', reject).on('response', (response) => {
      const parts: Uint8Array[] = [];
      const type = response.headers['content-type'] ?? '';
      const isCut = isEndless && type.startsWith('text/event-stream');
      const done = () => {
        const bytes = Buffer.concat(parts);
        const isJson = type.startsWith('application/json');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: new Uint8Array(bytes),
          json: isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined,
        });
        if (isCut) response.destroy();
      };
      response.on('data', (part) => {
        parts.push(part);
        if (isCut) done();
      });
      response.on('error', reject).on('end', done);
    });
    call.end(body);
  });
  return within(answer, `an answer to ${method} ${path}`);
}

/** An endpoint for all tests of a file, as new before each. */
export class SharedAdmin {
  #running: RunningAdmin | undefined;

  constructor() {
    before(async () => {
      this.#running = await startAdmin();
    });
    after(() => this.#running?.admin.close());
    beforeEach(() => {
      this.node.items.clear();
      this.node.feed.entries.length = 0;
      this.node.dialled.length = 0;
      this.node.fault = null;
      this.errors.length = 0;
    });
  }

  get node(): FakeNode {
    return this.#running!.node;
  }

  get control(): FakeControl {
    return this.#running!.control;
  }

  get url(): string {
    return this.#running!.url;
  }

  get errors(): Record<string, unknown>[] {
    return this.#running!.errors;
  }

  readonly call = (path: string, init?: SendInit): Promise<Sent> => send(this.url, path, init);

  readonly post = (path: string, body: unknown, init: SendInit = {}): Promise<Sent> =>
    this.call(path, {
      method: 'POST',
      body: JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    });

  readonly put = (body: string | Uint8Array, query = '', init: SendInit = {}): Promise<Sent> =>
    this.call(`/v1/items${query}`, { method: 'POST', body, ...init });
}
