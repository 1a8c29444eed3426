import { LINKS, type Role, type Session, type Step } from '../../src/protocol/index.ts';

/** The link of `waitRtt`: hardly anything but waiting takes time. */
const FAT = { latencyMs: 50, bytesPerMs: 100_000_000 / 8 / 1_000 };
/** The link of `linkMs`, which is the one that a session takes for a peer of which nothing was measured. */
const USUAL = { latencyMs: LINKS.auto.roundTripMs / 2, bytesPerMs: LINKS.auto.bytesPerMs };

export interface Traffic {
  readonly frames: number;
  readonly bytes: number;
  /** Ids that the initiator found the responder to lack, and that the dialect does not send. */
  readonly unsaid: number;
  readonly roundTrips: number;
  readonly waitRtt: number;
  /** Milliseconds until both sides are done, over 20 ms and 10 Mbit/s, computing being free. */
  readonly linkMs: number;
  /** Milliseconds of CPU of the longest that a session worked without letting the event loop turn. */
  readonly longestStepMs: number;
  readonly missing: Record<Role, Uint8Array[]>;
}

interface Arrival {
  /** By each of the two clocks. */
  readonly at: readonly [fat: number, usual: number];
  readonly to: Role;
  readonly frame: Uint8Array;
  /** Frames in the longest chain that ends with this one. */
  readonly depth: number;
}

/** When frames arrive over a link: each waits for those before it. */
class LinkClock {
  readonly #link: typeof FAT;
  readonly #free = { initiator: 0, responder: 0 };
  /** When each side handled its last frame. */
  readonly #now = { initiator: 0, responder: 0 };

  constructor(link: typeof FAT) {
    this.#link = link;
  }

  send(from: Role, bytes: number): number {
    const { latencyMs, bytesPerMs } = this.#link;
    this.#free[from] = Math.max(this.#now[from], this.#free[from]) + bytes / bytesPerMs;
    return this.#free[from] + latencyMs;
  }

  handle(role: Role, at: number): void {
    this.#now[role] = at;
  }

  /** Milliseconds until both sides were done. */
  get now(): number {
    return Math.max(...Object.values(this.#now));
  }
}

/**
 * Carries frames between two sessions over two links at once, computing being free: all that a side says
 * follows from the order of the frames that it gets, which is that of their sending.
 */
export function simulate(initiator: Session, responder: Session): Traffic {
  const sessions = { initiator, responder };
  const done = { initiator: false, responder: false };
  const missing: Traffic['missing'] = { initiator: [], responder: [] };
  const depth = { initiator: 0, responder: 0 };
  let longestStepMs = 0;
  const timed = (work: () => Step): Step => {
    const before = process.threadCpuUsage();
    const step = work();
    const { user, system } = process.threadCpuUsage(before);
    longestStepMs = Math.max(longestStepMs, (user + system) / 1_000);
    return step;
  };
  const [fat, usual] = [new LinkClock(FAT), new LinkClock(USUAL)];
  const arrivals: Arrival[] = [];
  const total = { frames: 0, bytes: 0, depth: 0, unsaid: 0 };
  const send = (from: Role, frame: Uint8Array): void => {
    const bytes = framedBytes(frame);
    const at = [fat.send(from, bytes), usual.send(from, bytes)] as const;
    const to = from === 'initiator' ? 'responder' : 'initiator';
    const arrival = { at, to, frame, depth: depth[from] + 1 } as const;
    arrivals.push(arrival);
    total.frames++;
    total.bytes += bytes;
    total.depth = Math.max(total.depth, arrival.depth);
  };
  const take = (role: Role, first: () => Step): void => {
    for (let step = timed(first); ; step = timed(() => sessions[role].proceed!(true))) {
      for (const id of step.missing) missing[role].push(id);
      for (const id of step.have ?? []) missing.responder.push(id);
      total.unsaid += step.have?.length ?? 0;
      for (const frame of step.frames) send(role, frame);
      done[role] = step.done || step.mayEnd === true;
      if (step.pending === undefined) return;
    }
  };
  take('responder', () => responder.start());
  take('initiator', () => initiator.start());
  while (arrivals.length > 0) {
    const index = arrivals.reduce((low, { at }, i) => (at[0] < arrivals[low]!.at[0] ? i : low), 0);
    const { at, to, frame, depth: reached } = arrivals.splice(index, 1)[0]!;
    fat.handle(to, at[0]);
    usual.handle(to, at[1]);
    depth[to] = Math.max(depth[to], reached);
    take(to, () => sessions[to].receive(frame));
  }
  if (!done.initiator || !done.responder) throw new Error('a session did not end');
  const { depth: longest, ...counts } = total;
  const waitRtt = fat.now / (2 * FAT.latencyMs);
  const linkMs = usual.now;
  return { ...counts, roundTrips: longest / 2, waitRtt, linkMs, longestStepMs, missing };
}

function framedBytes(frame: Uint8Array): number {
  let prefix = 1;
  for (let rest = frame.length; rest >= 0x80; rest >>>= 7) prefix++;
  return prefix + frame.length;
}
