import { ClientError } from '../../client/index.ts';
import { Confirming } from './confirming.ts';
import { followArrivals } from './follow-arrivals.ts';
import { pause } from './pause.ts';
import type { LoopParts } from './types.ts';

export interface FollowInit extends LoopParts {
  /** The daemon wants its token, or another one. All loops have ended. */
  readonly locked: () => void;
}

/** Time between two looks at figures. */
const LOOK_MS = 2_000;
/** Time between two questions whether the node is in sync; each may cause a session with each peer. */
const SYNCED_MS = 5_000;
/** Time between two questions while an item that came is not proved to be at all peers. */
const CONFIRM_MS = 1_000;
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
    if (error instanceof ClientError && error.status === 401) {
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
  while (!signal.aborted) {
    const maxLagSeconds = confirming.isWanted ? CONFIRM_MS / 1_000 : MAX_LAG_SECONDS;
    const synced = await client.getSynced({ maxLagSeconds, signal });
    dispatch({ type: 'synced', synced: { ...synced, maxLagSeconds: MAX_LAG_SECONDS } });
    await confirming.wait(clock, { quickMs: CONFIRM_MS, slowMs: SYNCED_MS, signal });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ClientError) return `${error.message} [${error.code}]`;
  return 'The daemon does not answer. The page tries again every two seconds.';
}
