/** Where something came from: a file, or a line of one. */
export interface ImportOrigin {
  readonly path: string;
  readonly line?: number;
}

/** Why something is left out on purpose. */
export type SkipReason = 'symlink' | 'notAFile' | 'tooLarge' | 'blankLine';

export type Loaded =
  | { readonly kind: 'item'; readonly hint: bigint; readonly payload: Uint8Array }
  | { readonly kind: 'skipped'; readonly reason: SkipReason };

/** Something that may become an item. */
export interface ImportCandidate {
  readonly origin: ImportOrigin;
  /** Rejects when it cannot be read or makes no sense; with a `code` where there is one. */
  load(): Promise<Loaded>;
}

/** Input that is no item. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
  readonly code = 'BAD_INPUT';
}

export function formatOrigin({ path, line }: ImportOrigin): string {
  return line === undefined ? path : `${path}:${line}`;
}
