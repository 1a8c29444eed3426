import { Confirming } from './confirming.ts';
import { failureText } from './failure.ts';
import { followArrivals } from './follow-arrivals.ts';
import { needsToken } from './needs-token.ts';
import { pause } from './pause.ts';
import type { LoopParts } from './types.ts';

export interface FollowInit extends LoopParts {
  /** The daemon wants its token, or another one. All loops have ended. */
  readonly locked: () => void;
}

/** Time between two looks at figures. */
const LOOK_MS = 2_000;
/** Time between two questions whether the node is in sync; each may cause a session with each peer. */
const IDLE_MS = 5_000;
/** Time that the push of a new item gets, before the first question about it. */
const PUSH_MS = 300;
/** Time between two questions about the same item. At the second one all proofs before the item are old. */
const AGAIN_MS = 750;
/** Oldest proof that answers such a question without a session. */
const STRICT_LAG_SECONDS = 1;
/** Oldest proof that counts for the verdict. */
const MAX_LAG_SECONDS = 10;
const RETRY_MS = 2_000;
/** Events that the page looks at; items come by their order of arrival. */
const EVENT_TYPES = ['session', 'peer', 'want', 'refused', 'incident', 'config'];
/** Wants in the list of the page. */
const MAX_WANTS = 12;

/** Follows the daemon until the signal aborts, over restarts of the daemon. */
export function follow({ locked, ...init }: FollowInit): void {
  const over = new AbortController();
  const signal = AbortSignal.any([init.signal, over.signal]);
  const confirming = new Confirming();
  const parts: LoopParts = {
    ...init,
    signal,
    dispatch: (event) => {
      confirming.hear(event);
      init.dispatch(event);
    },
  };
  const failed = (error: unknown) => {
    if (signal.aborted) return;
    if (needsToken(error)) {
      over.abort();
      init.dispatch({ type: 'locked' });
      locked();
    }
  };
  const lost = (error: unknown) => {
    failed(error);
    if (!signal.aborted) init.dispatch({ type: 'lost', reason: reasonOf(error) });
  };
  void repeat(() => look(parts), lost, parts);
  void repeat(() => followArrivals(parts), failed, parts);
  void repeat(() => followEvents(parts), failed, parts);
  void repeat(() => askSynced(parts, confirming), failed, parts);
}

/** Each loop goes on after a failure by itself. */
async function repeat(
  loop: () => Promise<void>,
  failed: (error: unknown) => void,
  { clock, signal }: LoopParts,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await loop();
    } catch (error) {
      failed(error);
    }
    await pause(clock, RETRY_MS, signal);
  }
}

async function followEvents({ client, dispatch, signal }: LoopParts): Promise<void> {
  for await (const line of client.watchEvents({ types: EVENT_TYPES, signal })) {
    dispatch({ type: 'told', line });
  }
}

async function look({ client, dispatch, clock, signal }: LoopParts): Promise<void> {
  for (; !signal.aborted; await pause(clock, LOOK_MS, signal)) {
    const [status, sessions, wants] = await Promise.all([
      client.getStatus({ signal }),
      client.listSessions({ signal }),
      client.listWants({ limit: MAX_WANTS, signal }),
    ]);
    dispatch({ type: 'sessions', sessions });
    dispatch({ type: 'wants', wants });
    dispatch({ type: 'status', status, atMs: clock.now() });
  }
}

/** A quiet set is asked about sooner after each item that came: sessions then prove where the item is. */
async function askSynced(
  { client, dispatch, clock, signal }: LoopParts,
  confirming: Confirming,
): Promise<void> {
  const times = { pushMs: PUSH_MS, againMs: AGAIN_MS, idleMs: IDLE_MS, signal };
  while (!signal.aborted) {
    if (confirming.isWanted) {
      // The verdict of so strict a question is none for people.
      const { peers } = await client.getSynced({ maxLagSeconds: STRICT_LAG_SECONDS, signal });
      dispatch({ type: 'proofs', peers });
    } else {
      const synced = await client.getSynced({ maxLagSeconds: MAX_LAG_SECONDS, signal });
      dispatch({ type: 'synced', synced });
    }
    await confirming.wait(clock, times);
  }
}

function reasonOf(error: unknown): string {
  return (
    failureText(error) ?? 'The daemon does not answer. The page tries again every two seconds.'
  );
}
