import type { Logger } from 'pino';
import {
  type Outline,
  type ReconciliationSet,
  type Scope,
  type SessionReport,
  settledBoth,
} from '../../../protocol/index.ts';
import { type Clock, equalBytes } from '../../../store/index.ts';
import { CatchUp, type CatchUpProgress } from '../catch-up/index.ts';
import { everything } from '../everything.ts';

export interface SessionsInit {
  clock: Clock;
  logger: Logger;
  wanted: ReconciliationSet;
  reconcile: (peer: string, scope?: Scope) => Promise<SessionReport>;
  /** Connected peers. */
  peers: () => number;
  /** Something is being fetched, and comes. */
  busy: () => boolean;
  /** Whether anything that the peer lists would be wanted. */
  believed: (peer: string) => boolean;
  /** Nothing is fetched at the moment, for a reason of our own. */
  paused: () => boolean;
  /** Called when a catch-up is over. */
  caughtUp: () => void;
  catchUpItems: number;
  sliceItems: number;
  maxPending: number;
}

const LOOK: Scope = { settles: false };

/** A peer looks, and then begins a session that we decline: more than that is not to be expected. */
const MAX_LOOKS = 3;

function showsNothing(report: SessionReport): boolean {
  const { role, equal, error } = report;
  return role === 'responder' && !equal && error === null && !settledBoth(report);
}

interface Listed {
  readonly root: Uint8Array;
  /** Its session is still to end. */
  running: boolean;
  /** Peers that got no session because of this one's. */
  readonly mirrors: Set<string>;
}

/**
 * Which session a peer gets: a look first where it is not known what a whole one would cost, none of
 * its own where another peer's tells the same, or a part in a catch-up.
 */
export class Sessions {
  readonly #init: SessionsInit;
  /** Peers that were looked at since they connected. */
  readonly #known = new Set<string>();
  /** Peers that list at present, or whose lists are being fetched. */
  readonly #listing = new Map<string, Listed>();
  readonly #running = new Set<string>();
  #catchUp: CatchUp | null = null;

  constructor(init: SessionsInit) {
    this.#init = init;
  }

  get catchUp(): CatchUpProgress | null {
    return this.#catchUp?.progress ?? null;
  }

  /** Peers that are ahead list slices. One that only closes holds up nobody. */
  get catchingUp(): boolean {
    return this.#catchUp?.closing === false;
  }

  /** The peer is due: resolves when what it gets now has ended. */
  async run(peer: string): Promise<void> {
    if (this.#catchUp?.takes(peer) === true || this.#running.has(peer)) return;
    const alone = this.#running.size + this.#listing.size === 0 && !this.catchingUp;
    this.#running.add(peer);
    try {
      // It may join one that the peer has begun, and that we decline because of what is to follow.
      const plain = alone && this.#known.has(peer) && this.#init.believed(peer);
      const whole = plain ? await this.#init.reconcile(peer) : null;
      if (whole !== null && !showsNothing(whole)) return;
      if (await this.#look(peer)) await this.#init.reconcile(peer);
    } finally {
      this.#running.delete(peer);
    }
  }

  /**
   * A session because somebody asks for one. With a peer that is far ahead it is a look, whose report
   * says how far: what is missing comes by the catch-up.
   */
  async sync(peer: string): Promise<SessionReport> {
    const look = await this.#init.reconcile(peer, LOOK);
    const { role, error, equal, outlines } = look;
    if (error !== null || equal || outlines === null) return look;
    if (role === 'initiator' && this.#fallsToCatchUp(look)) {
      return { ...look, missing: outlines.theirs.count - outlines.ours.count };
    }
    return role === 'initiator' || showsNothing(look) ? this.#init.reconcile(peer) : look;
  }

  /** Whether the peer gets a session of its own now, by a look at its set. */
  async #look(peer: string): Promise<boolean> {
    let look = await this.#init.reconcile(peer, LOOK);
    // The peer began one at that moment, and it settled nothing and showed us nothing but a root.
    for (let again = 0; again < MAX_LOOKS && showsNothing(look); again++) {
      look = await this.#init.reconcile(peer, LOOK);
    }
    const { role, error, equal, outlines } = look;
    if (error !== null || outlines === null) return false;
    this.#known.add(peer);
    if (equal || role !== 'initiator' || outlines.theirs.settles === false) return false;
    const ahead = outlines.theirs.count > outlines.ours.count;
    if (ahead && !this.#init.believed(peer)) return false;
    if (this.#fallsToCatchUp(look) || this.#mirrors(peer, outlines.theirs)) return false;
    this.#list(peer, outlines.theirs);
    return true;
  }

  disconnected(peer: string): void {
    this.#known.delete(peer);
    this.#listing.delete(peer);
    this.#catchUp?.left(peer);
  }

  /** Whether a session that a peer begins is to settle anything. */
  judge(peer: string, theirs: Outline, ours: number): boolean {
    if (theirs.settles === false || !everything(theirs.interval)) return true;
    const ahead = theirs.count - ours;
    if (ahead >= (this.catchingUp ? 1 : this.#init.catchUpItems)) {
      // We begin: a look, and then it takes part.
      void this.run(peer);
      return false;
    }
    if (this.#mirrors(peer, theirs)) return false;
    if (ahead > 0) this.#list(peer, theirs);
    return true;
  }

  /** A session has shown what both sets are. */
  outlined(peer: string, { ours, theirs }: NonNullable<SessionReport['outlines']>): void {
    const settles = ours.settles !== false && theirs.settles !== false;
    const whole = everything(ours.interval) && everything(theirs.interval);
    if (settles && whole && !equalBytes(ours.root, theirs.root)) this.#list(peer, theirs);
  }

  ended({ peer, settles }: SessionReport): void {
    const listed = this.#listing.get(peer);
    if (listed !== undefined && settles) listed.running = false;
    this.#forgetListed();
  }

  /** The session that runs with the peer is over a slice: no statement is made of it. */
  overSlice(peer: string): boolean {
    return this.#catchUp?.works(peer) ?? false;
  }

  /** Nothing that the peer listed is believed any more. */
  disbelieved(peer: string): void {
    this.#catchUp?.disbelieved(peer);
  }

  learnt(peer: string, ids: readonly Uint8Array[]): void {
    this.#catchUp?.learnt(peer, ids);
  }

  /** Items came onto our disk: their ids, as keys. */
  stored(keys: readonly string[]): void {
    this.#catchUp?.stored(keys);
    this.#forgetListed();
  }

  stop(): void {
    this.#catchUp?.stop();
    this.#catchUp = null;
  }

  #list(peer: string, { root }: Outline): void {
    const known = this.#listing.get(peer);
    if (known !== undefined && equalBytes(known.root, root)) known.running = true;
    else this.#listing.set(peer, { root, running: true, mirrors: new Set() });
  }

  /** What was listed has come. */
  #forgetListed(): void {
    // Orphans may stay for days.
    const { size, orphans } = this.#init.wanted;
    if (size > orphans) return;
    for (const [peer, { running }] of this.#listing) if (!running) this.#listing.delete(peer);
  }

  /**
   * A peer whose root is that of one that lists already is a source of the same. That spares it a
   * session once, and while things are fetched; a root is no proof. Nor does one list twice what is
   * being fetched.
   */
  #mirrors(peer: string, { root }: Outline): boolean {
    for (const [other, listed] of this.#listing) {
      if (!equalBytes(listed.root, root)) continue;
      if (other === peer) {
        if (listed.running || !this.#init.busy()) continue;
        return true;
      }
      if (listed.mirrors.has(peer) && !this.#init.busy()) return false;
      listed.mirrors.add(peer);
      this.#init.wanted.mirror(peer, other);
      return true;
    }
    return false;
  }

  #fallsToCatchUp(look: SessionReport): boolean {
    const { ours, theirs } = look.outlines!;
    const ahead = theirs.count - ours.count;
    if (!this.#init.believed(look.peer)) return false;
    if (this.catchingUp) {
      if (ahead > 0) this.#catchUp!.join(look);
      return ahead > 0;
    }
    if (ahead < this.#init.catchUpItems) return false;
    this.#catchUp?.end();
    this.#catchUp = this.#newCatchUp();
    this.#catchUp.begin(look, this.#init.peers());
    return true;
  }

  #newCatchUp(): CatchUp {
    const ended = (): void => {
      this.#catchUp = null;
      this.#init.caughtUp();
    };
    const mirror = (peer: string, of: string): void => this.#init.wanted.mirror(peer, of);
    const unknown = (): number => this.#init.peers() - this.#known.size;
    return new CatchUp({ ...this.#init, unknown, mirror, ended });
  }
}
