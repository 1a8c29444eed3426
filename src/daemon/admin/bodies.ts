import type { onRequestAsyncHookHandler } from 'fastify';
import type { RoutesInit } from './endpoint.ts';
import { AdminError } from './errors.ts';
import { PayloadMemory } from './payload-memory.ts';

const FULL = new AdminError(
  'BUSY',
  'payloads that other clients send take up the memory for them; try again in a minute',
);

/** Has a payload that a client sends wait for memory before any of it is read. */
export function bodyMemory(
  init: Pick<RoutesInit, 'clock' | 'bounds' | 'limits'>,
): onRequestAsyncHookHandler {
  const { clock, bounds, limits } = init;
  const memory = new PayloadMemory({ clock, bounds, totalBytes: bounds.bodyBytes, full: FULL });
  return async ({ headers, raw }, reply) => {
    if (headers['transfer-encoding'] === undefined && headers['content-length'] === undefined)
      return;
    // In chunks it may have any length. A longer one is refused unread.
    const bytes = Number(headers['content-length'] ?? limits.maxItemBytes);
    if (bytes > limits.maxItemBytes) return;
    // Once the body is here, its client has no part in how long the put takes.
    await memory.hold(reply, bytes, () =>
      raw.complete ? Number.POSITIVE_INFINITY : raw.socket.bytesRead,
    );
  };
}
