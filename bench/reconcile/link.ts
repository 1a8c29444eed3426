import type { Role, Session, Step } from '../../src/protocol/index.ts';

const LATENCY_MS = 50;
const BYTES_PER_MS = 100_000_000 / 8 / 1_000;

export interface Traffic {
  readonly frames: number;
  readonly bytes: number;
  /** Ids that the initiator found the responder to lack, and that the dialect does not send. */
  readonly unsaid: number;
  readonly roundTrips: number;
  readonly waitRtt: number;
  /** Milliseconds of CPU of the longest that a session worked without letting the event loop turn. */
  readonly longestStepMs: number;
  readonly missing: Record<Role, Uint8Array[]>;
}

interface Arrival {
  readonly at: number;
  readonly to: Role;
  readonly frame: Uint8Array;
  /** Frames in the longest chain that ends with this one. */
  readonly depth: number;
}

/** Carries frames between two sessions over a link of 100 ms and 100 Mbit/s, computing being free. */
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
  const free = { initiator: 0, responder: 0 };
  const arrivals: Arrival[] = [];
  const total = { frames: 0, bytes: 0, depth: 0, unsaid: 0 };
  let now = 0;
  const send = (from: Role, frame: Uint8Array): void => {
    const bytes = framedBytes(frame);
    free[from] = Math.max(now, free[from]) + bytes / BYTES_PER_MS;
    const to = from === 'initiator' ? 'responder' : 'initiator';
    const arrival = { at: free[from] + LATENCY_MS, to, frame, depth: depth[from] + 1 } as const;
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
    const index = arrivals.reduce((low, { at }, i) => (at < arrivals[low]!.at ? i : low), 0);
    const { at, to, frame, depth: reached } = arrivals.splice(index, 1)[0]!;
    now = at;
    depth[to] = Math.max(depth[to], reached);
    take(to, () => sessions[to].receive(frame));
  }
  if (!done.initiator || !done.responder) throw new Error('a session did not end');
  const { depth: longest, ...counts } = total;
  const waitRtt = now / (2 * LATENCY_MS);
  return { ...counts, roundTrips: longest / 2, waitRtt, longestStepMs, missing };
}

function framedBytes(frame: Uint8Array): number {
  let prefix = 1;
  for (let rest = frame.length; rest >= 0x80; rest >>>= 7) prefix++;
  return prefix + frame.length;
}
