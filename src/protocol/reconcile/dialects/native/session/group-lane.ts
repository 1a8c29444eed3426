import type { VerifiedItem } from '../../../../../store/index.ts';
import type { OwnGroups, PeerGroups } from '../groups/index.ts';
import type { NativeRecord } from '../wire/index.ts';
import type { NativeWork } from '../work.ts';
import type { Announced } from './announced.ts';

/** Records about a group. */
export type GroupRecord = Extract<
  NativeRecord,
  {
    tag:
      | 'sketch'
      | 'probe'
      | 'list'
      | 'more'
      | 'symbols'
      | 'found'
      | 'match'
      | 'give'
      | 'grant'
      | 'rest';
  }
>;

export interface GroupLaneInit {
  own: OwnGroups;
  peers: PeerGroups;
  announced: Announced;
}

/** Hands the records about groups to the side of them that they are for. */
export class GroupLane {
  readonly #init: GroupLaneInit;

  constructor(init: GroupLaneInit) {
    this.#init = init;
  }

  /** Takes one record; `items` are those of its ids. Returned work precedes the next record. */
  receive(record: GroupRecord, items?: readonly VerifiedItem[]): NativeWork | null {
    const { own, peers, announced } = this.#init;
    switch (record.tag) {
      case 'sketch':
        peers.sketch(announced.group(), record);
        break;
      case 'probe':
        peers.probe(announced.group(), record);
        break;
      case 'list':
        peers.list(() => announced.group(), record);
        break;
      case 'symbols':
        peers.symbols(record);
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
        return own.give(record, items);
      case 'rest':
        return peers.rest(record);
      default:
        return peers.grant(record, items);
    }
    return null;
  }
}
