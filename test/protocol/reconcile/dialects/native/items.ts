import type { ItemRoom, Session } from '../../../../../src/protocol/index.ts';
import type { NativeRecord } from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { decodeFrame } from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { bytesToHex, identifyItem, type VerifiedItem } from '../../../../../src/store/index.ts';
import { converse, type Dialogue } from '../../../../conformance/dialect.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { type OpenInit, open } from './support.ts';

/** What a side takes in place of ids where a test names nothing else. */
export const ROOM: ItemRoom = { maxBytes: 512, totalBytes: 1_048_576 };

/** Items whose payloads have the lengths that `bytes` gives. */
export function itemsOf(
  seed: string,
  count: number,
  bytes: (i: number) => number = () => 100,
): VerifiedItem[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, i) =>
    identifyItem(BigInt(1e12 + i * 10), random.bytes(bytes(i)), new Uint8Array(32)),
  );
}

/** What a session over these items needs to send them. */
export function holding(
  items: readonly VerifiedItem[],
): Required<Pick<OpenInit, 'keys' | 'shortItem'>> {
  const byId = new Map(items.map((item) => [bytesToHex(item.id), item]));
  const shortItem = (id: Uint8Array, maxBytes: number): VerifiedItem | undefined => {
    const item = byId.get(bytesToHex(id));
    return item !== undefined && item.payload.length <= maxBytes ? item : undefined;
  };
  return { keys: items, shortItem };
}

export interface TalkInit {
  initiator: OpenInit;
  responder: OpenInit;
}

export interface Talk extends Dialogue {
  readonly sessions: Readonly<Record<Session['role'], Session>>;
  readonly records: readonly NativeRecord[];
}

/** A session of two sides. */
export function talk(init: TalkInit): Talk {
  const sessions = {
    initiator: open('initiator', init.initiator),
    responder: open('responder', init.responder),
  };
  const dialogue = converse(sessions.initiator, sessions.responder);
  const records = dialogue.frames.flatMap(({ frame }) => [...decodeFrame(frame)]);
  return { ...dialogue, sessions, records };
}
