import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  LINKS,
  nativeDialect,
  type Role,
  RootHistory,
  type Session,
  type SessionHistory,
  type Step,
} from '../src/protocol/index.ts';
import { sumsOf } from '../src/protocol/reconcile/dialects/native/groups/testing.ts';
import {
  DEFAULT_NATIVE_LIMITS,
  DIALECT_VERSION,
  type NativeVersion,
  rootHint,
  SKETCH_SUMS,
  sessionKey,
} from '../src/protocol/reconcile/dialects/native/testing.ts';
import { encodeOpening } from '../src/protocol/reconcile/dialects/native/wire/testing.ts';
import {
  BUCKETS,
  blake3,
  bytesToHex,
  codingReference,
  concatBytes,
  INFINITE_BOUND,
  type Item,
  type ItemKey,
  itemId,
  lthashReference,
  type Snapshot,
  SortedVector,
  symbolsThrough,
  ZERO_BOUND,
} from '../src/store/index.ts';
import { renderPage, type Shown } from './native-sessions.ts';

const OUTPUT = new URL('../test/vectors/native.json', import.meta.url);
/** The same for the version before. */
const BEFORE = new URL('../test/vectors/native-2.json', import.meta.url);
const PAGE = new URL('../docs/protocol-native.md', import.meta.url);

/** Item i has hint 1000 + 10 i and as id the BLAKE3 of i as 4 little-endian bytes. */
function item(i: number): ItemKey {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, i, true);
  return { hint: BigInt(1_000 + 10 * i), id: blake3.hash(bytes) };
}

interface Scenario {
  readonly name: string;
  readonly items: number;
  /** Which of them one side lacks. */
  readonly initiatorLacks: readonly number[];
  readonly responderLacks: readonly number[];
  readonly maxRangeItems: number;
  /** The responder knows the root of the initiator, and what came since. */
  readonly knows?: true;
  /** Both sides take items in place of ids. Item i has the payload whose BLAKE3 it else has as its id. */
  readonly payloads?: true;
}

/** What both sides take then. */
const ROOM = { maxBytes: 512, totalBytes: 4_194_304 };

/** The same item with its payload, and the id that follows. */
function wholeItem(i: number): Item {
  const { hint } = item(i);
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, i, true);
  return { hint, id: itemId(hint, payload), payload };
}

const many = (first: number, step: number, count: number) =>
  Array.from({ length: count }, (_, i) => first + step * i);

const SCENARIOS: readonly Scenario[] = [
  scenario('two equal sets', 2, [], []),
  scenario('two small sets that differ: a list', 3, [2], [0]),
  scenario('one split, then symbols', 400, [123], [120, 390], 100),
  { ...scenario('an initiator that was away', 5, [1, 3], []), knows: true },
  { ...scenario('items in place of ids', 3, [1, 2], [0]), payloads: true },
  scenario('an empty initiator', 3, [0, 1, 2], []),
  scenario('an empty responder', 3, [], [0, 1, 2]),
  scenario('one range in full on each side', 40, many(0, 1, 20), many(20, 1, 20), 10),
  scenario('symbols asked for twice', 300, many(1, 10, 30), many(2, 10, 30)),
  scenario('splits below splits', 3_000, many(5, 60, 50), many(7, 60, 50), 40),
  scenario('a cluster at the end', 9_000, many(8_840, 2, 80), many(8_841, 2, 80), 1_000),
];

function scenario(
  name: string,
  items: number,
  initiatorLacks: readonly number[],
  responderLacks: readonly number[],
  maxRangeItems = 65_536,
): Scenario {
  return { name, items, initiatorLacks, responderLacks, maxRangeItems };
}

/** Sessions of older versions are few: they do not change any more. */
const isSmall = ({ items, knows, payloads }: Scenario): boolean =>
  items <= 400 && knows === undefined && payloads === undefined;

interface Vectors {
  readonly parts: unknown;
  readonly sessions: readonly { readonly name: string; readonly frames: readonly Shown[] }[];
}

/** What another implementation can be checked against. Equal sources give equal vectors. */
export function generateVectors(version: NativeVersion = DIALECT_VERSION): Vectors {
  const scenarios = version === DIALECT_VERSION ? SCENARIOS : SCENARIOS.filter(isSmall);
  const sessions = scenarios.map((scenario) => runScenario(scenario, version));
  return { parts: parts(version), sessions };
}

/** The pieces of which sessions are made, one by one. */
function parts(version: NativeVersion) {
  const opening = (fill: number) =>
    encodeOpening(
      {
        nonce: new Uint8Array(16).fill(fill),
        interval: { lower: ZERO_BOUND, upper: INFINITE_BOUND },
        whole: true,
        count: 3,
        root: rootHint(lthashReference.empty(), 0),
        limits: DEFAULT_NATIVE_LIMITS,
      },
      version,
    ).slice();
  const [first, second] = [opening(0xaa), opening(0xbb)];
  const key = sessionKey(first, second);
  const ids = concatBytes(...[0, 1, 2].map((i) => item(i).id));
  const shorts = new Uint32Array(6);
  const form = version < 3 ? 'hash' : 'wide';
  codingReference.shortIds(key.shortIds, ids, shorts, 0, form);
  const narrow = new Uint32Array(6);
  codingReference.shortIds(key.shortIds, ids, narrow, 0, 'narrow');
  const cells = new Uint32Array(2 * symbolsThrough(3));
  codingReference.toggle(cells, shorts, { begin: 0, end: 3, first: 0, last: 3 });
  const buckets = new Int32Array(BUCKETS);
  codingReference.weigh(buckets, shorts, 0, 3);
  const state = lthashReference.empty();
  lthashReference.add(state, ids);
  const everything = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
  return {
    openings: [first, second].map(bytesToHex),
    ids: bytesToHex(ids),
    rootHint: bytesToHex(rootHint(state, 3)),
    shortIdKey: bytesToHex(key.shortIds),
    shortIds: words(shorts),
    ...(version > 2 && { narrowShortIds: words(narrow) }),
    symbols: words(cells),
    sums: bytesToHex(sumsOf(buckets, SKETCH_SUMS)),
    probe: bytesToHex(sumsOf(buckets, BUCKETS)),
    plainDigest: bytesToHex(key.plainDigest(ids)),
    sumDigest: bytesToHex(key.sumDigest(state, 3)),
    initiatorProof: bytesToHex(key.proof('initiator', state, 3, everything)),
    responderProof: bytesToHex(key.proof('responder', state, 3, everything)),
  };
}

/** Numbers of 64 bits in hex, the most significant digit first. */
function words(pairs: Uint32Array): string[] {
  return Array.from({ length: pairs.length / 2 }, (_, i) =>
    ((BigInt(pairs[2 * i + 1]!) << 32n) | BigInt(pairs[2 * i]!)).toString(16).padStart(16, '0'),
  );
}

function runScenario(spec: Scenario, version: NativeVersion) {
  const { name, items, initiatorLacks, responderLacks, maxRangeItems, knows, payloads } = spec;
  const sides = {
    initiator: sideOf('initiator', 0xaa, initiatorLacks),
    responder: sideOf('responder', 0xbb, responderLacks),
  };
  const dialogue = converse(sides);
  const { proved } = sides.initiator.finding!;
  const kept = { name, items, initiatorLacks, responderLacks, maxRangeItems };
  return { ...kept, ...(knows && { knows }), ...(payloads && { payloads }), ...dialogue, proved };

  function sideOf(role: Role, fill: number, lacks: readonly number[]): Session {
    const snapshot = snapshotOf(items, lacks, payloads && wholeItem);
    const random = {
      bytes: (length: number) => new Uint8Array(length).fill(fill),
      fraction: () => 0,
    };
    const dialect = nativeDialect({
      random,
      limits: { maxRangeItems },
      coding: codingReference,
      version,
    });
    const history = knows && role === 'responder' ? { history: historyOf(spec) } : {};
    const terms = payloads ? { takesItems: ROOM, shortItem: shortItemOf(items) } : {};
    return dialect.session({ role, snapshot, link: LINKS.lean, ...history, ...terms });
  }
}

function shortItemOf(items: number): (id: Uint8Array) => Item | undefined {
  const all = new Map(many(0, 1, items).map((i) => [bytesToHex(wholeItem(i).id), wholeItem(i)]));
  return (id) => all.get(bytesToHex(id));
}

function snapshotOf(
  items: number,
  lacks: readonly number[],
  keyOf: (i: number) => ItemKey = item,
): Snapshot {
  const storage = new SortedVector({ scheme: lthashReference });
  const held = Array.from({ length: items }, (_, i) => i).filter((i) => !lacks.includes(i));
  storage.insert(held.map(keyOf));
  return storage.snapshot();
}

/** Of a responder that was equal with the initiator, and then took what the initiator lacks. */
function historyOf({ items, initiatorLacks }: Scenario): SessionHistory {
  const history = new RootHistory({ scheme: lthashReference });
  const before = snapshotOf(items, initiatorLacks);
  const { size: count } = before;
  const state = () => before.fingerprint(0, count);
  history.now().since(new Uint8Array(0), { count, root: rootHint(state(), count), state });
  history.added(initiatorLacks.map(item));
  return history.now();
}

/** Both sides, frame by frame, each working to its end before the other goes on. */
function converse(sides: Record<Role, Session>) {
  const frames: { from: Role; hex: string }[] = [];
  const missing: Record<Role, string[]> = { initiator: [], responder: [] };
  const came: Record<Role, string[]> = { initiator: [], responder: [] };
  const take = (from: Role, first: Step): void => {
    for (let step = first; ; step = sides[from].proceed!(true)) {
      missing[from].push(...step.missing.map(bytesToHex));
      came[from].push(...(step.items ?? []).map(({ id }) => bytesToHex(id)));
      frames.push(...step.frames.map((frame) => ({ from, hex: bytesToHex(frame) })));
      if (step.pending === undefined) return;
    }
  };
  take('responder', sides.responder.start());
  take('initiator', sides.initiator.start());
  for (let next = 0; next < frames.length; next++) {
    const { from, hex } = frames[next]!;
    const to = from === 'initiator' ? 'responder' : 'initiator';
    take(to, sides[to].receive(Uint8Array.from(Buffer.from(hex, 'hex'))));
  }
  const { initiator, responder } = missing;
  const found = { frames, missing: { initiator: initiator.sort(), responder: responder.sort() } };
  return came.initiator.length + came.responder.length === 0 ? found : { ...found, came };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const vectors = generateVectors();
  await writeFile(OUTPUT, `${JSON.stringify(vectors, null, 1)}\n`);
  await writeFile(BEFORE, `${JSON.stringify(generateVectors(2), null, 1)}\n`);
  const frames = (name: string) => vectors.sessions.find((one) => one.name === name)!.frames;
  await writeFile(PAGE, renderPage(await readFile(PAGE, 'utf8'), frames));
}
