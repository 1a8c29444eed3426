import type { Knows } from '../../protocol/index.ts';
import type { Clock } from '../../store/index.ts';
import type { Logger } from '../logging.ts';
import { DEFAULT_PENALTY_OPTIONS, type PenaltyOptions } from './options.ts';
import { isOfNetwork, Outages } from './outages.ts';
import { PeerScore } from './score.ts';
import { type PenaltyIncident, WEIGHTS } from './weights.ts';

/** Hears of penalties as they are given. Its methods must not throw. */
export interface PenaltyObserver {
  penalised(incident: PenaltyIncident): void;
  /** A ban, a ban that was spared, or an outage of this node's network. */
  incident(reason: { readonly code: string; readonly message: string }): void;
}

export interface PenaltiesInit {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options?: Partial<PenaltyOptions>;
  /** Connected peers with which sessions are possible. */
  connected(): readonly string[];
  /** Peers that the operator names: their bans stay short. */
  readonly named: Knows;
  /** Closes the connections of a peer that is banned from now on. */
  cutOff(peer: string): void;
  /** @default none */
  readonly observer?: PenaltyObserver;
}

export interface Ban {
  readonly peer: string;
  readonly code: PenaltyIncident['code'];
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** What a peer has earned so far. */
export interface PenaltyStanding {
  /** Points at present. */
  readonly score: number;
  /** Null: it had none that is remembered. */
  readonly last: (PenaltyIncident & { readonly at: number }) | null;
  /** Milliseconds since the epoch; null: it is not banned. */
  readonly bannedUntil: number | null;
}

const GOOD_STANDING: PenaltyStanding = { score: 0, last: null, bannedUntil: null };

/** Identities cost nothing; those with the lowest scores make room. */
const MAX_PEERS = 4_096;
/** A peer that cannot be reached, or stalls, earns no more than this by that alone. */
const MAX_OF_NETWORK = 10;

/** Scores and bans of peers, in memory: a restart forgives. */
export class Penalties {
  readonly #init: PenaltiesInit;
  readonly #outages: Outages;
  readonly #scores = new Map<string, PeerScore>();
  #options: PenaltyOptions;

  constructor(init: PenaltiesInit) {
    this.#init = init;
    this.#options = { ...DEFAULT_PENALTY_OPTIONS, ...init.options };
    this.#outages = new Outages({
      ...{ clock: init.clock, maxPeers: MAX_PEERS },
      connected: () => init.connected(),
      counts: (peer, code) => {
        const protocol = code === 'STALLED' ? 'fetch' : 'connection';
        this.#count(peer, { code, protocol });
      },
      outage: (peers) => this.#tell('NETWORK_OUTAGE', networkOutage(peers)),
    });
  }

  /** The new values count for the next incident. Bans stay. */
  change(options: PenaltyOptions): void {
    this.#options = options;
  }

  report(peer: string, incident: PenaltyIncident): void {
    const { code } = incident;
    if (isOfNetwork(code)) this.#outages.failed(peer, code);
    else this.#count(peer, incident);
  }

  /** The peer can be reached. */
  good(peer: string): void {
    this.#outages.good(peer, 'UNREACHABLE');
  }

  /** The peer brought an item. */
  delivered(peer: string): void {
    this.#outages.good(peer, 'STALLED');
  }

  of(peer: string): PenaltyStanding {
    const score = this.#scores.get(peer);
    if (score === undefined) return GOOD_STANDING;
    const { ban, last } = score;
    return { score: score.points, last, bannedUntil: ban === null ? null : this.#wall(ban.until) };
  }

  isBanned(peer: string): boolean {
    return (this.#scores.get(peer)?.ban ?? null) !== null;
  }

  get bans(): Ban[] {
    return [...this.#scores].flatMap(([peer, { ban }]) =>
      ban === null ? [] : [{ peer, code: ban.code, until: this.#wall(ban.until) }],
    );
  }

  /** Forgets what the peer has earned; false if there is nothing. */
  pardon(peer: string): boolean {
    this.#outages.good(peer, 'STALLED');
    const known = this.#scores.delete(peer);
    if (known) this.#init.logger.info({ peer, event: 'pardoned' }, 'penalties of a peer forgotten');
    return known;
  }

  stop(): void {
    this.#outages.stop();
  }

  #count(peer: string, incident: PenaltyIncident): void {
    const { logger, observer } = this.#init;
    const score = this.#scoreOf(peer);
    if (score.ban !== null) return;
    const max = isOfNetwork(incident.code) ? MAX_OF_NETWORK : Number.POSITIVE_INFINITY;
    if (!score.add(incident, { weight: WEIGHTS[incident.code], max })) return;
    observer?.penalised(incident);
    const points = Math.round(score.points);
    logger.warn({ peer, ...incident, score: points }, 'peer penalised');
    if (this.#options.banScore > 0 && score.points >= this.#options.banScore) {
      this.#ban(peer, score, incident);
    }
  }

  #ban(peer: string, score: PeerScore, { code }: PenaltyIncident): void {
    const { minPeers } = this.#options;
    const others = this.#init
      .connected()
      .filter((other) => other !== peer && !this.isBanned(other));
    if (others.length < minPeers) {
      this.#tell('BAN_SPARED', banSpared(peer, code, minPeers), { peer });
      return;
    }
    const ms = score.banFor(code, this.#init.named(peer));
    this.#tell('PEER_BANNED', peerBanned(peer, code, ms), { peer });
    this.#init.cutOff(peer);
  }

  #tell(code: string, message: string, fields: { peer?: string } = {}): void {
    this.#init.logger.warn({ code, ...fields }, message);
    this.#init.observer?.incident({ code, message });
  }

  #scoreOf(peer: string): PeerScore {
    const known = this.#scores.get(peer);
    if (known !== undefined) return known;
    if (this.#scores.size >= MAX_PEERS) this.#forgetLowest();
    const score = new PeerScore(this.#init.clock);
    this.#scores.set(peer, score);
    return score;
  }

  #forgetLowest(): void {
    let lowest: { peer: string; rank: number } | undefined;
    for (const [peer, { points, ban }] of this.#scores) {
      const rank = ban === null ? points : Number.POSITIVE_INFINITY;
      if (lowest === undefined || rank < lowest.rank) lowest = { peer, rank };
    }
    if (lowest !== undefined) this.#scores.delete(lowest.peer);
  }

  #wall(monotonic: number): number {
    const { clock } = this.#init;
    return Math.round(clock.now() + monotonic - clock.monotonic());
  }
}

function peerBanned(peer: string, code: string, ms: number): string {
  return `Peer ${peer} is banned for ${Math.round(ms / 60_000)} min, last for ${code}: "rangemesh peers pardon ${peer}" lets it in again`;
}

function banSpared(peer: string, code: string, minPeers: number): string {
  return `Peer ${peer} is not banned in spite of its score, last for ${code}: fewer than ${minPeers} other peers are connected (penalties.minPeers)`;
}

function networkOutage(peers: number): string {
  return `${peers} peers failed together, so the network of this node failed: none of them is penalised; look at this machine and its link`;
}
