import type { PeerProof, SyncedAnswer } from '../../explain-api.ts';
import type { PeerStatus, Status } from '../../node-api.ts';
import { countText, durationText, shortId } from './format.ts';

/** `good`: equal or proved. `warn`: one of both sides is behind. `off`: nothing is replicated. */
export type PeerTone = 'good' | 'warn' | 'off';

/** A peer as drawing and table show it. */
export interface PeerLink {
  readonly peerId: string | null;
  /** Short enough for the drawing. */
  readonly name: string;
  readonly address: string | null;
  readonly tone: PeerTone;
  /** Two or three words for the drawing. */
  readonly label: string;
  /** A sentence. */
  readonly detail: string;
  readonly session: PeerStatus['lastSession'];
}

type LinkState = Pick<PeerLink, 'tone' | 'label' | 'detail'>;

/** Connected peers first, each group by its ids, so that places in the drawing stay. */
export function peerLinks(
  { peers, paused }: Pick<Status, 'peers' | 'paused'>,
  synced: Pick<SyncedAnswer, 'peers' | 'maxLagSeconds'> | null,
): PeerLink[] {
  const proofs = new Map((synced?.peers ?? []).map((proof) => [proof.peerId, proof]));
  const maxLag = synced?.maxLagSeconds ?? Number.POSITIVE_INFINITY;
  return peers
    .toSorted((a, b) => Number(b.connected) - Number(a.connected) || compare(keyOf(a), keyOf(b)))
    .map((peer) => {
      const { peerId, address } = peer;
      const isPaused = paused.all || (peerId !== null && paused.peers.includes(peerId));
      const state = stateOf(
        peer,
        peerId === null ? undefined : proofs.get(peerId),
        isPaused,
        maxLag,
      );
      const name = peerId === null ? (address ?? 'unknown') : `…${shortId(peerId)}`;
      return { peerId, name, address, session: peer.lastSession, ...state };
    });
}

function stateOf(
  peer: PeerStatus,
  proof: PeerProof | undefined,
  isPaused: boolean,
  maxLag: number,
): LinkState {
  if (!peer.connected) return away(peer);
  if (isPaused) return { tone: 'off', label: 'paused', detail: 'An operator paused replication.' };
  if (!peer.gives) return { tone: 'off', label: 'gives nothing', detail: GIVES_NOTHING };
  const failed = peer.lastSession?.error ?? null;
  if (proof !== undefined && proof.lacks > 0) {
    const items = itemsText(proof.lacks);
    return { tone: 'warn', label: `lacks ${items}`, detail: `The peer is behind by ${items}.` };
  }
  if (peer.inSync) return { tone: 'good', label: 'equal', detail: 'Both sets are equal.' };
  const lag = proof?.lagSeconds ?? null;
  if (lag === null || lag > maxLag) return behind(lag, failed);
  const missing = peer.lastSession?.missing ?? 0;
  if (missing > 0) {
    const detail = `The last session found ${itemsText(missing)} of the peer that were missing here.`;
    return { tone: 'good', label: `${durationText(lag)} ago`, detail };
  }
  const detail = `This node has all items that the peer had ${durationText(lag)} ago.`;
  return { tone: 'good', label: `proved ${Math.round(lag)} s`, detail };
}

const GIVES_NOTHING = 'The peer gives this node nothing, so no session can prove that all is here.';

function behind(lag: number | null, failed: { code: string; message: string } | null): LinkState {
  const why = failed === null ? '' : ` The last session failed: ${failed.message} [${failed.code}]`;
  if (lag === null)
    return { tone: 'warn', label: 'no proof yet', detail: `Nothing is proved yet.${why}` };
  const time = durationText(lag);
  const detail = `This node is behind: the last proof is ${time} old.${why}`;
  return { tone: 'warn', label: `${time} behind`, detail };
}

function away({ lastError }: PeerStatus): LinkState {
  const detail =
    lastError === null
      ? 'Not connected.'
      : `Not connected: ${lastError.message} [${lastError.code}]`;
  return { tone: 'off', label: 'away', detail };
}

function itemsText(items: number): string {
  return `${countText(items)} ${items === 1 ? 'item' : 'items'}`;
}

function keyOf({ peerId, address }: PeerStatus): string {
  return peerId ?? address ?? '';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
