import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { type BareDaemon, type BareInit, startBare } from './bare-daemon.ts';

/** A daemon whose two outputs are kept as texts. */
export interface Told extends BareDaemon {
  readonly log: Promise<string>;
  readonly errors: Promise<string>;
}

export async function startTold(context: TestContext, init: BareInit = {}): Promise<Told> {
  const daemon = await startBare(context, init);
  const { stdout, stderr } = daemon.child;
  return { ...daemon, log: text(stdout!), errors: text(stderr!) };
}

export async function assertServes({ client }: BareDaemon): Promise<void> {
  assert.equal((await client.send('GET', '/livez')).status, 200);
}
