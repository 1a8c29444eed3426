import { setTimeout as pause } from 'node:timers/promises';
import type { BenchNode } from '../support/node.ts';
import type { LoopDelay } from './loop-hook.ts';

/** Arguments of Node for a node whose event loop is watched. */
export const WATCHED: readonly string[] = [
  '--import',
  new URL('./loop-hook.ts', import.meta.url).href,
];

const LIMIT_MS = 600_000;
const LOOK_EVERY_MS = 1_000;
const UNDER_WAY = 16;

/** The delays of the event loop of a watched node since the last call. */
export async function loopOf({ daemon }: BenchNode): Promise<LoopDelay> {
  return (await daemon.ask('look')) as LoopDelay;
}

/** Seldom looks: each costs the node milliseconds, which are no part of a catch-up. */
export async function caughtUp({ daemon }: BenchNode, items: () => number): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const text = await (await fetch(`${daemon.admin}/metrics`)).text();
    const held = Number(/^rangemesh_items (\d+)/m.exec(text)?.[1]);
    // The last puts may be under way.
    if (held >= items() - UNDER_WAY) return;
    if (performance.now() > end) throw new Error(`not within ${LIMIT_MS} ms: ${held} items`);
    await pause(LOOK_EVERY_MS);
  }
}
