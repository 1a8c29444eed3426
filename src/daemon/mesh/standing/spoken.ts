import type { Libp2p } from '@libp2p/interface';
import { BoundedMap } from '../../../store/index.ts';

/** What a peer says that it speaks. */
export interface Spoken {
  /** Names of its rangemesh networks; empty for another program. */
  readonly networks: readonly string[];
  /** Dialects of all of them, such as `native/1`. */
  readonly dialects: readonly string[];
}

/** Identities cost nothing; those heard of longest ago make room. */
const MAX_PEERS = 1_024;
/** A rangemesh node has one network and two dialects. */
const MAX_NAMES = 4;
const MAX_LENGTH = 64;

/** The networks and dialects of peers, as they last identified themselves; kept when a peer leaves. */
export class SpokenProtocols {
  readonly #known = new BoundedMap<string, Spoken>(MAX_PEERS);

  constructor(libp2p: Pick<Libp2p, 'addEventListener'>) {
    libp2p.addEventListener('peer:identify', ({ detail: { peerId, protocols } }) => {
      this.#known.set(peerId.toString(), spokenIn(protocols));
    });
  }

  /** Null for a peer that has not identified itself. */
  of(peer: string): Spoken | null {
    return this.#known.get(peer) ?? null;
  }
}

/** Protocols of the network that are no dialects. */
const OTHERS: ReadonlySet<string> = new Set(['fetch', 'range', 'twin', 'clock']);

/** Reads protocol ids as `protocolId` writes them. */
export function spokenIn(protocols: readonly string[]): Spoken {
  const ids = protocols.flatMap((id) => {
    const [, network, part, version] = /^\/rangemesh\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(id) ?? [];
    return network === undefined ? [] : [{ network, part, dialect: `${part}/${version}` }];
  });
  return {
    networks: few(ids.map(({ network }) => decoded(network))),
    dialects: few(ids.filter(({ part }) => !OTHERS.has(part!)).map(({ dialect }) => dialect)),
  };
}

/** Peers choose the names: neither many, nor long, nor with bytes that steer a terminal. */
function few(names: readonly string[]): string[] {
  const shown = names.filter((name) => name.length <= MAX_LENGTH && !/\p{C}/u.test(name));
  return [...new Set(shown)].slice(0, MAX_NAMES);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
