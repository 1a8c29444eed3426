import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { databaseFiles } from '../../../../src/daemon/files/index.ts';
import { type Database, type DatabaseFiles, openDatabase } from '../../../../src/store/index.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { SeededRandom } from '../../../support/random.ts';

const text = new TextEncoder();

export interface OnDisk {
  /** The data directory of a daemon. */
  readonly dataDir: string;
  readonly db: string;
  readonly files: DatabaseFiles;
}

export const RECORDS = 600;

/** Values that Snappy makes shorter. */
export function valueOfKey(number: number): Uint8Array {
  return text.encode(`record ${number} `.repeat(20));
}

export function keyOf(number: number): Uint8Array {
  return text.encode(`key ${String(number).padStart(6, '0')}`);
}

/** A closed LevelDB with `RECORDS` records: two tables, the second of them incompressible, and a log. */
export async function onDisk(t: TestContext): Promise<OnDisk> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rangemesh-files-'));
  cleanUp(t, () => rm(dataDir, { recursive: true, force: true }));
  const db = join(dataDir, 'db');
  const random = new SeededRandom(1);
  for (let part = 0; part < 3; part++) {
    const database = await openDatabase(db);
    for (let i = part; i < RECORDS; i += 3) await database.put(keyOf(i), valueOfKey(i));
    if (part === 1) await database.put(text.encode('noise'), random.bytes(100_000));
    await database.close();
  }
  return { dataDir, db, files: databaseFiles(dataDir) };
}

/** The names of the files, in order. */
export function named(db: string, pattern: RegExp): string[] {
  return readdirSync(db)
    .filter((name) => pattern.test(name))
    .sort();
}

export const TABLES: RegExp = /\.ldb$/;

/** Changes the bytes of a file. */
export function change(path: string, edit: (bytes: Buffer) => Uint8Array): void {
  writeFileSync(path, edit(readFileSync(path)));
}

export function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 0x10;
  return bytes;
}

/** The numbers of the records that are there with the right value; throws at any other value. */
export async function readAll(database: Database): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < RECORDS; i++) {
    const value = database.getSync(keyOf(i), { keyEncoding: 'view', valueEncoding: 'view' });
    if (value === undefined) continue;
    if (Buffer.compare(value, valueOfKey(i)) !== 0)
      throw new Error(`record ${i} has another value`);
    found.push(i);
  }
  return found;
}
