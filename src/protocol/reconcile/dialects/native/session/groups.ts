import { OwnGroups, PeerGroups, type PeerGroupsInit } from '../groups/index.ts';
import type { NativeRecord } from '../wire/index.ts';
import type { NativeWork, RankedRange } from '../work.ts';
import type { Announced } from './announced.ts';

/** Records of groups that were taken, or are being taken. */
export type OfGroup = Extract<
  NativeRecord,
  { tag: 'sketch' | 'probe' | 'list' | 'more' | 'symbols' | 'found' | 'match' | 'give' | 'grant' }
>;

/** The groups of both sides, and who of the two a record is for. */
export class Groups {
  readonly own: OwnGroups;
  readonly peers: PeerGroups;
  readonly #announced: Announced;

  constructor(init: PeerGroupsInit, announced: Announced) {
    this.own = new OwnGroups(init);
    this.peers = new PeerGroups(init);
    this.#announced = announced;
  }

  /** Groups of either side that are not settled. */
  get open(): number {
    return this.own.open + this.peers.open;
  }

  *ranges(): Iterable<RankedRange> {
    yield* this.own.ranges();
    yield* this.peers.ranges();
  }

  /** Takes in one record; what it returns is to be done before the next. */
  receive(record: OfGroup): NativeWork | null {
    const { own, peers } = this;
    switch (record.tag) {
      case 'sketch':
        peers.sketch(this.#announced.group(), record);
        break;
      case 'probe':
        peers.probe(this.#announced.group(), record);
        break;
      case 'list':
        peers.list(() => this.#announced.group(), record);
        break;
      case 'symbols':
        peers.symbols(record.group, record.symbols);
        break;
      case 'more':
        own.more(record.group, record.symbols);
        break;
      case 'found':
        own.found(record);
        break;
      case 'match':
        return own.match(record);
      case 'give':
        return own.give(record);
      default:
        return peers.grant(record);
    }
    return null;
  }
}
