import { parseArgs } from 'node:util';
import { LINKS, type LinkChoice } from '../src/protocol/index.ts';
import { ID_BYTES } from '../src/store/index.ts';
import { DIALECTS, type DialectName } from './reconcile/dialects.ts';
import { simulate } from './reconcile/link.ts';
import { type Pair, type Spread, Union } from './reconcile/sets.ts';

/** What one session costs. */
export interface ReconcileFigures {
  readonly bench: 'reconcile';
  readonly dialect: string;
  readonly storage: string;
  /** Items of both sets together. */
  readonly n: number;
  /** Items that one side alone holds: half of them each. */
  readonly d: number;
  readonly spread: Spread;
  /** How the native dialect weighs bytes against items to read; null for the others. */
  readonly link: LinkChoice | null;
  readonly frames: number;
  /**
   * Bytes in both directions, length prefixes included, and 32 for each id that one side found the
   * other to lack and did not tell it: Negentropy leaves that to its user.
   */
  readonly bytes: number;
  readonly bytesPerDiff: number | null;
  /** Half the longest chain of frames of which each answers the one before. */
  readonly roundTrips: number;
  /** Round-trip times until both sides are done, over a link of 100 ms and 100 Mbit/s, computing being free. */
  readonly waitRtt: number;
  /** CPU time of both sides, all threads of the process, the index being built. */
  readonly cpuMs: number;
  /** CPU of both sides, then wire and waiting over a link of 20 ms and 10 Mbit/s. */
  readonly totalMs: number;
  /** Whether both sides learnt what they lack, and nothing else. */
  readonly exact: boolean;
  /** With `--steps`: the longest that a session worked without letting the event loop turn. */
  readonly longestStepMs?: number;
}

const SPREADS: readonly Spread[] = ['scattered', 'all-recent', 'empty', 'behind'];
/** Those measured unless some are asked for. */
const USUAL_SPREADS: readonly Spread[] = ['scattered', 'all-recent'];
/** Sessions of a case until one takes long; the cheapest counts. Another one before them warms up. */
const REPEATS = 5;
const LONG_MS = 2_000;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      n: { type: 'string', multiple: true, default: ['100000', '1000000'] },
      d: { type: 'string', multiple: true, default: ['0', '1', '10', '100', '1000', '10000'] },
      dialect: { type: 'string', multiple: true, default: Object.keys(DIALECTS) },
      spread: { type: 'string', multiple: true, default: [...USUAL_SPREADS] },
      storage: { type: 'string', default: 'memory' },
      link: { type: 'string', multiple: true, default: ['auto'] },
      steps: { type: 'boolean', default: false },
    },
  });
  if (!values.json) console.log(HEADING);
  const storage = oneOf('storage', values.storage, ['memory', 'level'] as const);
  const links = values.link.map((one) => oneOf('link', one, Object.keys(LINKS) as LinkChoice[]));
  for (const n of values.n.map(Number)) {
    const union = new Union(n, storage);
    for (const name of values.dialect) {
      const dialect = oneOf('dialect', name, Object.keys(DIALECTS) as DialectName[]);
      for (const spread of values.spread.map((one) => oneOf('spread', one, SPREADS))) {
        for (const d of spread === 'empty' ? [n] : values.d.map(Number)) {
          for (const link of dialect === 'native' ? links : [null]) {
            const measured = await measure(union, { dialect, d, spread, link });
            const { longestStepMs, ...rest } = measured;
            const figures = values.steps ? { ...rest, longestStepMs } : rest;
            console.log(values.json ? JSON.stringify(figures) : line(figures));
          }
        }
      }
    }
    await union.close();
  }
}

interface Case extends Pick<ReconcileFigures, 'd' | 'spread' | 'link'> {
  readonly dialect: DialectName;
}

async function measure(
  union: Union,
  { dialect: name, d, spread, link }: Case,
): Promise<Required<ReconcileFigures>> {
  const pair = union.pair(d, spread);
  const open = await DIALECTS[name](union, pair, LINKS[link ?? 'auto']);
  runOnce(open, pair);
  let best = runOnce(open, pair);
  for (let i = 1; i < REPEATS && best.cpuMs < LONG_MS; i++) {
    const next = runOnce(open, pair);
    if (!next.exact || next.cpuMs < best.cpuMs) best = { ...next, exact: best.exact && next.exact };
  }
  open.close();
  const { n } = union;
  return {
    bench: 'reconcile',
    dialect: name,
    storage: name === 'nostr-tools' ? 'memory' : union.storage,
    n,
    d,
    spread,
    link,
    ...best,
  };
}

function runOnce(open: Awaited<ReturnType<(typeof DIALECTS)[DialectName]>>, pair: Pair) {
  const { initiator, responder, found, unsaid } = open.sessions();
  const before = process.cpuUsage();
  const { missing, ...traffic } = simulate(initiator, responder);
  const { user, system } = process.cpuUsage(before);
  const d = pair.onlyA.length + pair.onlyB.length;
  const bytes = traffic.bytes + ID_BYTES * (unsaid?.() ?? traffic.unsaid);
  return {
    frames: traffic.frames,
    bytes,
    bytesPerDiff: d === 0 ? null : round(bytes / d),
    roundTrips: traffic.roundTrips,
    waitRtt: round(traffic.waitRtt),
    cpuMs: round((user + system) / 1_000),
    totalMs: round((user + system) / 1_000 + traffic.linkMs),
    exact: pair.isExact(found?.() ?? missing),
    longestStepMs: round(traffic.longestStepMs),
  };
}

function oneOf<T extends string>(what: string, value: string, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw new Error(`--${what} is one of ${allowed.join(', ')}, not ${value}`);
}

const COLUMNS = [12, 8, 9, 9, 12, 6, 7, 10, 8, 6, 6, 9, 9, 6, 9];
const HEADING = row(
  'dialect',
  'storage',
  'n',
  'd',
  'spread',
  'link',
  'frames',
  'bytes',
  'B/diff',
  'trips',
  'wait',
  'CPU ms',
  'total ms',
  'exact',
  'step ms',
);

function line(figures: ReconcileFigures): string {
  const { dialect, storage, n, d, spread, link, frames, bytes, bytesPerDiff } = figures;
  const { roundTrips, waitRtt, cpuMs, totalMs, exact, longestStepMs = '-' } = figures;
  const size = [bytes, bytesPerDiff ?? '-'];
  const time = [roundTrips, waitRtt, cpuMs, totalMs, exact, longestStepMs];
  return row(dialect, storage, n, d, spread, link ?? '-', frames, ...size, ...time);
}

function row(...cells: unknown[]): string {
  return cells.map((cell, i) => String(cell).padStart(COLUMNS[i]!)).join('');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
