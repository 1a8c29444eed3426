import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { bytesToHex, itemId, lthash, SortedVector } from 'rangemesh/store';

/** The files of a folder as a set, and the path of each id. */
export interface FolderSet {
  readonly set: SortedVector;
  readonly pathOf: ReadonlyMap<string, string>;
}

/** An item is a path with the SHA-256 of the file. All hints are 0: the files have no order of their own. */
export async function readFolder(folder: string): Promise<FolderSet> {
  const set = new SortedVector({ scheme: lthash });
  const pathOf = new Map<string, string>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
    throw new Error(`${folder} is no folder that can be read: name another`, { cause });
  });
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const path = relative(folder, file).replaceAll(sep, '/');
    const id = itemId(0n, new TextEncoder().encode(`${await digestOf(file)} ${path}`));
    pathOf.set(bytesToHex(id), path);
    set.insert([{ hint: 0n, id }]);
  }
  return { set, pathOf };
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
