/** The source of an item: a file, or a line of a file. */
export interface ImportOrigin {
  /** For people; see `pathBase64`. */
  readonly path: string;
  /** The bytes of a path that is not UTF-8. */
  readonly pathBase64?: string;
  readonly line?: number;
}

/** Why a candidate is left out on purpose. */
export type SkipReason = 'symlink' | 'notAFile' | 'tooLarge' | 'blankLine' | 'ownFile' | 'manifest';

export type Loaded =
  | {
      readonly kind: 'item';
      readonly hint: bigint;
      readonly payload: Uint8Array;
      /** @default computed */
      readonly id?: Uint8Array;
    }
  | { readonly kind: 'skipped'; readonly reason: SkipReason };

/** A file or a line that may become an item. */
export interface ImportCandidate {
  readonly origin: ImportOrigin;
  /** Rejects if it cannot be read or is no item; the error may have a `code`. */
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
