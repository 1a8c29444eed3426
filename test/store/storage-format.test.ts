import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemWitness } from '../../src/daemon/system/index.ts';
import {
  bytesToHex,
  compareBytes,
  concatBytes,
  type Database,
  hexToBytes,
  ID_BYTES,
  type IndexOptions,
  itemId,
  LevelTree,
  lthash,
  type NewItem,
  openDatabase,
  type ReplicaInit,
} from '../../src/store/index.ts';
import { VirtualClock } from '../support/clock.ts';
import { openReplica, temporaryDirectory } from './replica/support.ts';

type Records = readonly [Uint8Array, Uint8Array][];

const text = new TextEncoder();
const ITEMS: NewItem[] = ['a', 'b', 'c'].map((payload, i) => ({
  hint: BigInt(i + 1),
  payload: text.encode(payload),
}));

/** So small that three items make an inner node, and that whatever is buffered is merged at once. */
const SMALL: Partial<IndexOptions> = { leafItems: 2, fanout: 2, bufferItems: 2 };

/** The random number is 0x0102030405060708. */
const INIT: Partial<ReplicaInit> = {
  scheme: lthash,
  random: { bytes: (length) => Uint8Array.from({ length }, (_, i) => 8 - i), fraction: () => 0 },
};

/** A key as `render` writes it. */
const DUMPED_KEY = /^"(.+?)"((?: [0-9a-f]+)*)$/;

/** Longer values are shown by their first and last bytes. */
const SHOWN_BYTES = 512;
const LINE_BYTES = 32;

describe('docs/storage-format.md', () => {
  it('shows the records of three puts', async (t) => {
    const directory = await temporaryDirectory(t);
    await putAll(t, directory);
    await compare('buffered', await dump(directory));
  });

  it('shows the records after a merge of the buffer', async (t) => {
    const directory = await temporaryDirectory(t);
    await putAll(t, directory);
    const before = await dump(directory);
    await merge(t, directory);
    await compare('merged', changes(before, await dump(directory)));
  });

  it('shows the record of an item in quarantine', async (t) => {
    const directory = await temporaryDirectory(t);
    await putAll(t, directory);
    await merge(t, directory);
    await damage(directory, ITEMS[1]!);
    const before = await dump(directory);
    const replica = await openReplica(t, directory, { ...INIT, index: SMALL });
    await assert.rejects(replica.get(idOf(ITEMS[1]!)), { code: 'STORE_CORRUPT' });
    assert.equal((await replica.verify()).ok, true);
    await replica.close();
    await compare('quarantined', changes(before, await dump(directory)));
  });

  it('shows a tree that keeps its own ids', async (t) => {
    const directory = await temporaryDirectory(t);
    const database = await openDatabase(directory);
    const init = { database, name: 'other', clock: new VirtualClock(), scheme: lthash };
    const tree = await LevelTree.open(init);
    await tree.insert([{ hint: 1n, id: idOf(ITEMS[0]!) }]);
    await tree.close();
    await database.close();
    await compare('tree', await dump(directory));
  });

  it('shows a first schema that is read', async (t) => {
    const directory = await temporaryDirectory(t);
    const database = await openDatabase(directory);
    for (const [key, value] of parse(await block('first-schema'))) await database.put(key, value);
    await database.close();
    const replica = await openReplica(t, directory, INIT);
    await replica.ready();
    assert.equal((await replica.verify()).ok, true);
    for (const item of ITEMS) {
      assert.deepEqual((await replica.get(idOf(item)))?.payload, item.payload);
    }
    assert.deepEqual(replica.status().incidents, []);
    await replica.close();
    const labels = ['meta/schema', 'set/a', 'set/c', 'set/l'];
    await compare('migrated', only(await dump(directory), labels));
  });

  it('shows the witness', async (t) => {
    const path = join(await temporaryDirectory(t), 'commit');
    const witness = systemWitness(path);
    witness.write(5);
    witness.close();
    await compare('witness', bytesToHex(new Uint8Array(await readFile(path))));
  });
});

/** Puts each item in a commit of its own; all of them stay in the buffer. */
async function putAll(t: TestContext, directory: string): Promise<void> {
  const replica = await openReplica(t, directory, INIT);
  for (const item of ITEMS) await replica.put([item]);
  await replica.close();
}

async function merge(t: TestContext, directory: string): Promise<void> {
  const clock = new VirtualClock();
  const replica = await openReplica(t, directory, { ...INIT, index: SMALL, clock });
  await replica.ready();
  // Merging begins behind the opening, a step at a time; a step ends when its batch is on disk.
  while (replica.status().buffered > 0) await clock.advance(1);
  await replica.close();
}

async function damage(directory: string, item: NewItem): Promise<void> {
  const database = await openDatabase(directory);
  const hint = new Uint8Array(8);
  new DataView(hint.buffer).setBigUint64(0, item.hint);
  await database.put(concatBytes(text.encode('set/p'), hint, idOf(item)), text.encode('x'));
  await database.close();
}

function idOf({ hint, payload }: NewItem): Uint8Array {
  return itemId(hint, payload);
}

async function dump(directory: string): Promise<string> {
  const database = await openDatabase(directory);
  try {
    return (await recordsOf(database)).map(render).join('\n');
  } finally {
    await database.close();
  }
}

async function recordsOf(database: Database): Promise<Records> {
  const records = await database.iterator().all();
  return records
    .map(([key, value]): [Uint8Array, Uint8Array] => [new Uint8Array(key), new Uint8Array(value)])
    .sort(([a], [b]) => compareBytes(a, b));
}

/** Text that begins a key, then its binary parts; below it the value, 32 bytes a line. */
function render([key, value]: [Uint8Array, Uint8Array]): string {
  const [label, ...parts] = splitKey(key);
  const name = [`"${new TextDecoder().decode(label)}"`, ...parts.map(bytesToHex)].join(' ');
  return [name, ...linesOf(value)].join('\n');
}

function splitKey(key: Uint8Array): Uint8Array[] {
  const label = labelLength(key);
  const idAt = key.length - label >= ID_BYTES ? key.length - ID_BYTES : key.length;
  const parts = [key.subarray(label, idAt), key.subarray(idAt)];
  return [key.subarray(0, label), ...parts.filter((part) => part.length > 0)];
}

/** A letter behind the name says what the record is; the records of the schema are text throughout. */
function labelLength(key: Uint8Array): number {
  const slash = key.indexOf(0x2f);
  return new TextDecoder().decode(key.subarray(0, slash)) === 'meta' ? key.length : slash + 2;
}

function linesOf(value: Uint8Array): string[] {
  const line = (at: number) =>
    `  ${offset(at)}  ${bytesToHex(value.subarray(at, at + LINE_BYTES))}`;
  const starts = Array.from({ length: Math.ceil(value.length / LINE_BYTES) }, (_, i) => i);
  const lines = starts.map((i) => line(i * LINE_BYTES));
  if (value.length <= SHOWN_BYTES) return lines;
  return [lines[0]!, `  ....  ${value.length} bytes in all`, line(value.length - LINE_BYTES)];
}

function offset(at: number): string {
  return at.toString(16).padStart(4, '0');
}

/** The records of `after` that `before` has not, or has otherwise; then the keys that are gone. */
function changes(before: string, after: string): string {
  const [old, now] = [split(before), split(after)];
  const put = now.filter((record) => !old.includes(record));
  const keys = now.map(keyLine);
  const gone = old.map(keyLine).filter((key) => !keys.includes(key));
  return [...put, ...gone.map((key) => `deleted: ${key}`)].join('\n');
}

function only(records: string, labels: readonly string[]): string {
  const wanted = (record: string): boolean =>
    labels.some((label) => record.startsWith(`"${label}"`));
  return split(records).filter(wanted).join('\n');
}

/** A dump, record by record. */
function split(records: string): string[] {
  return records.split(/\n(?=")/);
}

function keyLine(record: string): string {
  return record.split('\n')[0]!;
}

function parse(records: string): Records {
  return split(records).map((record) => {
    const [key, ...lines] = record.split('\n');
    const [, label, binary] = DUMPED_KEY.exec(key!)!;
    const value = lines.map((line) => hexToBytes(line.trim().split(/ +/)[1]!));
    const rest = hexToBytes(binary!.replaceAll(' ', ''));
    return [concatBytes(text.encode(label!), rest), concatBytes(...value)];
  });
}

/** The fenced block of a name. */
async function block(name: string): Promise<string> {
  const page = await readFile(new URL('../../docs/storage-format.md', import.meta.url), 'utf8');
  const found = new RegExp(`^\`\`\`hex ${name}\\n(.*?)\\n\`\`\`$`, 'ms').exec(page);
  assert.ok(found, `docs/storage-format.md has a block "${name}"`);
  return found[1]!;
}

async function compare(name: string, actual: string): Promise<void> {
  assert.equal(await block(name), actual);
}
