import type { ItemOrigin } from '../guard.ts';

/** Whose quota an item counts for. */
export interface Owner {
  readonly kind: 'peer' | 'publisher';
  readonly id: string;
}

/** The owners of an item with this origin: none for an item that is put here. */
export function ownersOf({ peer, publisher }: Pick<ItemOrigin, 'peer' | 'publisher'>): Owner[] {
  const owners: Owner[] = [];
  if (peer !== null) owners.push({ kind: 'peer', id: peer });
  if (publisher !== null) owners.push({ kind: 'publisher', id: publisher });
  return owners;
}

/** The origin as the order of arrival keeps it: the peer, and behind a slash the publisher of a pushed item. */
export function sourceOf({ peer, publisher }: { peer: string; publisher: string | null }): string {
  return publisher === null ? peer : `${peer}/${publisher}`;
}

/** Reads what `sourceOf` gave. */
export function originIn(source: string | null): Pick<ItemOrigin, 'peer' | 'publisher'> {
  if (source === null) return { peer: null, publisher: null };
  const [peer = source, publisher = null] = source.split('/', 2);
  return { peer, publisher };
}
