import type { AdminClient } from 'rangemesh/client';
import type { EventIndex, TimeRange } from './event-index.ts';
import { eventOf, isSound, itemOf } from './events.ts';
import type { RelayConnection, RelayMessage } from './relay-connection.ts';

/** Events in one request of either direction. */
const CHUNK = 100;
/** Ids that a relay refused, and that are not offered again. The oldest are forgotten. */
const MAX_REFUSED = 10_000;

/** The result of one round. */
export interface Round {
  /** Events that came from the relay, and that the node took. */
  taken: number;
  /** Events that the relay took. */
  given: number;
  /** Events that one side refused, or did not have any more. */
  refused: number;
  /** The last reason of a refusal. */
  reason: string | null;
}

/** The node of a bridge. */
export interface BridgeInit {
  readonly daemon: AdminClient;
  readonly index: EventIndex;
}

/** Makes a node and relays equal, one round at a time. */
export class Bridge {
  readonly #init: BridgeInit;
  readonly #refused = new Set<string>();

  constructor(init: BridgeInit) {
    this.#init = init;
  }

  async round(relay: RelayConnection, range: TimeRange): Promise<Round> {
    const { index } = this.#init;
    await index.catchUp();
    const snapshot = index.snapshot(range);
    const round: Round = { taken: 0, given: 0, refused: 0, reason: null };
    try {
      const { have, need } = await relay.reconcile(snapshot, range);
      for (const ids of chunksOf(need)) await this.#take(relay, ids, round);
      const offered = have.filter((id) => !this.#refused.has(id));
      for (const ids of chunksOf(offered)) await this.#give(relay, ids, round);
    } finally {
      snapshot.release();
    }
    return round;
  }

  /** Fetches events from the relay, and puts the sound ones that were asked for. */
  async #take(relay: RelayConnection, ids: readonly string[], round: Round): Promise<void> {
    const { daemon } = this.#init;
    const wanted = new Set(ids);
    const items: ReturnType<typeof itemOf>[] = [];
    const subscription = relay.nextId();
    await relay.converse([['REQ', subscription, { ids }]], ([type, about, value]) => {
      if (about !== subscription) return false;
      if (type === 'CLOSED') throw new Error(`the relay sends no events: ${value}`);
      if (type === 'EVENT' && isSound(value) && wanted.delete(value.id)) items.push(itemOf(value));
      return type === 'EOSE';
    });
    relay.tell(['CLOSE', subscription]);
    if (wanted.size > 0) note(round, wanted.size, 'the relay did not send a sound event');
    if (items.length === 0) return;
    for await (const line of daemon.putItems(items)) {
      if ('id' in line) round.taken++;
      else if ('line' in line) note(round, 1, line.error.message);
      else if (line.trailer.error !== null) throw new Error(line.trailer.error.message);
    }
  }

  /** Publishes events to the relay. */
  async #give(relay: RelayConnection, ids: readonly string[], round: Round): Promise<void> {
    const { daemon, index } = this.#init;
    const itemIds = ids.map((id) => index.itemIdOf(id)).filter((id) => id !== undefined);
    const messages: RelayMessage[] = [];
    const waiting = new Set<string>();
    for await (const line of daemon.getItems(itemIds)) {
      const event = 'payload' in line && eventOf(Buffer.from(line.payload, 'base64'));
      if (!event) continue;
      messages.push(['EVENT', event]);
      waiting.add(event.id);
    }
    if (messages.length === 0) return;
    await relay.converse(messages, ([type, id, accepted, reason]) => {
      if (type !== 'OK' || !waiting.delete(String(id))) return false;
      if (accepted === true) round.given++;
      else this.#refuse(String(id), round, String(reason));
      return waiting.size === 0;
    });
  }

  #refuse(id: string, round: Round, reason: string): void {
    note(round, 1, reason);
    this.#refused.add(id);
    const [oldest] = this.#refused;
    if (this.#refused.size > MAX_REFUSED && oldest !== undefined) this.#refused.delete(oldest);
  }
}

function note(round: Round, refused: number, reason: string): void {
  round.refused += refused;
  round.reason = reason;
}

function chunksOf(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / CHUNK) }, (_, i) =>
    ids.slice(i * CHUNK, (i + 1) * CHUNK),
  );
}
