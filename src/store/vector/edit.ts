import { compareKeys, type ItemKey } from '../item.ts';
import { Branch } from './branch.ts';
import { Chunk, type FlatKeys } from './chunk.ts';
import { evenSizes, packedSizes, type Shape, type VectorPart } from './part.ts';

/** A run of chunks, so that a long range costs few additions of sums. */
export type ChunkGroup = Branch<Chunk>;

/** The whole vector. */
export type Root = Branch<ChunkGroup>;

/** `root` and `keys`, which are in order and new. */
export function insertKeys(shape: Shape, root: Root, keys: readonly ItemKey[]): Root {
  if (keys.length === 0) return root;
  if (root.size === 0) return new Branch(shape, packGroups(shape, Chunk.pack(shape, keys)));
  return new Branch(
    shape,
    rewrite(root, keys, (group, run) => insertIntoGroup(shape, group, run)),
  );
}

/** A vector of `keys`. */
export function rootOf(shape: Shape, keys: FlatKeys): Root {
  if (keys.hints.length === 0) return new Branch(shape, []);
  return new Branch(shape, packGroups(shape, Chunk.packFlat(shape, keys)));
}

/** `root` without `keys`, which are in order and all in it. */
export function removeKeys(shape: Shape, root: Root, keys: readonly ItemKey[]): Root {
  if (keys.length === 0) return root;
  const groups = rewrite(root, keys, (group, run) => removeFromGroup(shape, group, run));
  const joined = coalesce(groups, {
    limit: shape.groupChunks / 2,
    weigh: (group) => group.children.length,
    join: (left, right) => new Branch(shape, [...left.children, ...right.children]),
  });
  return new Branch(shape, joined);
}

function insertIntoGroup(shape: Shape, group: ChunkGroup, keys: readonly ItemKey[]): ChunkGroup[] {
  const chunks = rewrite(group, keys, (chunk, run) => chunk.insert(run));
  if (chunks.length <= shape.groupChunks) return [new Branch(shape, chunks)];
  if (compareKeys(keys[0]!, group.last) > 0) return packGroups(shape, chunks);
  return cutGroups(shape, chunks, evenSizes(chunks.length, shape.groupChunks));
}

function removeFromGroup(shape: Shape, group: ChunkGroup, keys: readonly ItemKey[]): ChunkGroup[] {
  const chunks = rewrite(group, keys, (chunk, run) => {
    const rest = chunk.remove(run);
    return rest === null ? [] : [rest];
  });
  if (chunks.length === 0) return [];
  const joined = coalesce(chunks, {
    limit: shape.chunkItems / 2,
    weigh: (chunk) => chunk.size,
    join: (left, right) => left.join(right),
  });
  return [new Branch(shape, joined)];
}

function packGroups(shape: Shape, chunks: readonly Chunk[]): ChunkGroup[] {
  return cutGroups(shape, chunks, packedSizes(chunks.length, shape.groupChunks));
}

function cutGroups(shape: Shape, chunks: readonly Chunk[], sizes: readonly number[]): ChunkGroup[] {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return new Branch(shape, chunks.slice(at - size, at));
  });
}

/** The children of `branch`, each that `keys` fall into replaced by what `change` makes of it. */
function rewrite<Child extends VectorPart>(
  branch: Branch<Child>,
  keys: readonly ItemKey[],
  change: (child: Child, run: readonly ItemKey[]) => readonly Child[],
): Child[] {
  const { children } = branch;
  const result: Child[] = [];
  let next = 0;
  for (let at = 0; at < keys.length; ) {
    const touched = branch.childFor(keys[at]!);
    while (next < touched) result.push(children[next++]!);
    const neighbour = children[touched + 1];
    const end = neighbour === undefined ? keys.length : firstNotBelow(keys, at, neighbour.first);
    for (const part of change(children[touched]!, keys.slice(at, end))) result.push(part);
    next = touched + 1;
    at = end;
  }
  while (next < children.length) result.push(children[next++]!);
  return result;
}

/** Position of the first of `keys`, from `begin` on, that is not below `limit`. */
function firstNotBelow(keys: readonly ItemKey[], begin: number, limit: ItemKey): number {
  let low = begin;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle]!, limit) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Joins neighbours that together weigh no more than `limit`, lest removals leave crumbs. */
function coalesce<T>(
  parts: readonly T[],
  how: { limit: number; weigh: (part: T) => number; join: (left: T, right: T) => T },
): T[] {
  const result: T[] = [];
  for (const part of parts) {
    const left = result.at(-1);
    if (left !== undefined && how.weigh(left) + how.weigh(part) <= how.limit) {
      result[result.length - 1] = how.join(left, part);
    } else {
      result.push(part);
    }
  }
  return result;
}
