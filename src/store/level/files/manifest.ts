import { FieldReader, FileDamage } from './blocks.ts';
import { recordsOf } from './log.ts';
import type { DatabaseFiles } from './port.ts';

/** A table that belongs to a database. */
export interface LiveTable {
  readonly number: number;
  readonly bytes: number;
}

/** The tags of the fields of an edit (db/version_edit.cc). */
const TAG = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  prevLogNumber: 9,
} as const;

/** The file of a database that tells which manifest is its own. */
export const CURRENT = 'CURRENT';

/** Throws `ManifestDamage` when manifest or CURRENT are damaged, so that the tables are not known. */
export async function liveTables(files: DatabaseFiles): Promise<Map<number, LiveTable>> {
  const name = await damagedUnless(CURRENT, () => currentManifest(files));
  return damagedUnless(name, async () => {
    const file = await files.open(name);
    if (file === null) throw new FileDamage('is not there');
    const tables = new Map<number, LiveTable>();
    try {
      for await (const edit of recordsOf(file)) apply(tables, new FieldReader(edit));
    } finally {
      await file.close();
    }
    return tables;
  });
}

/** A manifest, or CURRENT, that is damaged. */
export class ManifestDamage extends Error {
  override readonly name = 'ManifestDamage';
  readonly file: string;

  constructor(file: string, message: string) {
    super(message);
    this.file = file;
  }
}

async function damagedUnless<Result>(file: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof FileDamage) throw new ManifestDamage(file, error.message);
    throw error;
  }
}

async function currentManifest(files: DatabaseFiles): Promise<string> {
  const file = await files.open(CURRENT);
  if (file === null) throw new FileDamage('is not there');
  try {
    const text = new TextDecoder().decode(await file.read(0, 64));
    const name = /^(MANIFEST-\d+)\n$/.exec(text)?.[1];
    if (name === undefined) throw new FileDamage('names no manifest');
    return name;
  } finally {
    await file.close();
  }
}

function apply(tables: Map<number, LiveTable>, fields: FieldReader): void {
  while (!fields.done) {
    const tag = fields.varint();
    if (tag === TAG.comparator) fields.slice();
    else if (tag === TAG.compactPointer) {
      fields.varint();
      fields.slice();
    } else if (tag === TAG.deletedFile) {
      fields.varint();
      tables.delete(fields.varint());
    } else if (tag === TAG.newFile) {
      fields.varint();
      const [number, bytes] = [fields.varint(), fields.varint()];
      fields.slice();
      fields.slice();
      tables.set(number, { number, bytes });
    } else if (NUMBERS.has(tag)) fields.varint();
    else throw new FileDamage(`has a field of the unknown kind ${tag}`);
  }
}

const NUMBERS: ReadonlySet<number> = new Set([
  TAG.logNumber,
  TAG.nextFile,
  TAG.lastSequence,
  TAG.prevLogNumber,
]);
