import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../src/store/index.ts';

const text = new TextEncoder();

/** Places tried in a table. */
const PLACES = 192;

/** Moves everything in a closed LevelDB into tables, where blocks are compressed. */
export async function compact(directory: string): Promise<void> {
  const database = await openDatabase(directory);
  await compactOpen(database);
  await database.close();
}

/** The same of an open one; it says nothing of what it cannot read. */
export async function compactOpen(database: Database): Promise<void> {
  const compacting = database as unknown as {
    compactRange(from: Uint8Array, to: Uint8Array): Promise<void>;
  };
  await compacting.compactRange(text.encode('a'), text.encode('z'));
}

/**
 * Flips bits of one byte of a table of a closed LevelDB so that some records whose keys begin with
 * `prefix` cannot be read any more, and all others can; the keys of those.
 */
export async function breakBlock(directory: string, prefix: string): Promise<Uint8Array[]> {
  const keys = await allKeys(directory);
  for (const name of readdirSync(directory).filter((file) => /\.ldb$/.test(file))) {
    const path = join(directory, name);
    const whole = readFileSync(path);
    for (let place = 1; place < PLACES; place++) {
      const bytes = Uint8Array.from(whole);
      bytes[Math.floor((place * whole.length) / PLACES)]! ^= 0xff;
      writeFileSync(path, bytes);
      const broken = await unreadableAmong(directory, keys);
      if (broken !== null && broken.length > 0 && broken.every((key) => begins(key, prefix))) {
        return broken;
      }
      writeFileSync(path, whole);
    }
  }
  throw new Error(`no block of ${prefix} could be broken`);
}

async function allKeys(directory: string): Promise<Uint8Array[]> {
  const database = await openDatabase(directory);
  const keys = await database.keys().all();
  await database.close();
  return keys;
}

/** Null when other records became others, or are gone. */
async function unreadableAmong(
  directory: string,
  keys: readonly Uint8Array[],
): Promise<Uint8Array[] | null> {
  const database = await openDatabase(directory);
  try {
    const found = keys.map((key) => lookUp(database, key));
    if (found.includes('gone')) return null;
    return keys.filter((_, i) => found[i] === 'unreadable');
  } finally {
    await database.close();
  }
}

function lookUp(database: Database, key: Uint8Array): 'there' | 'gone' | 'unreadable' {
  try {
    const value = database.getSync(key, { keyEncoding: 'view', valueEncoding: 'view' });
    return value === undefined ? 'gone' : 'there';
  } catch {
    return 'unreadable';
  }
}

function begins(key: Uint8Array, prefix: string): boolean {
  return text.encode(prefix).every((byte, i) => key[i] === byte);
}
