import type { Bound, Item } from '../../../../../store/index.ts';
import type { Opening } from './opening.ts';

/** One part of a split; the last part ends with the whole, and has no bound of its own. */
export interface SplitPart {
  readonly upper: Bound | null;
  readonly count: number;
  /** 5 bytes. */
  readonly digest: Uint8Array;
}

/** Answers the next `ranges` ranges. */
export interface RunRecord {
  readonly tag: 'same' | 'later' | 'want' | 'take';
  readonly ranges: number;
}

export interface SplitRecord {
  readonly tag: 'split';
  readonly parts: readonly SplitPart[];
}

/** A split by hints into even parts: without counts, and with short bounds and digests. */
export interface CutRecord {
  readonly tag: 'cut';
  /** Items of the sender in the whole range. */
  readonly count: number;
  /** Bounds are hints in units of 2^shift. */
  readonly shift: number;
  /** From bound to bound in units, the first from the lower bound of the range. */
  readonly steps: readonly bigint[];
  /** 3 bytes for each part. */
  readonly digests: Uint8Array;
}

export interface SketchRecord {
  readonly tag: 'sketch';
  /** Items of the sender in the group. */
  readonly count: number;
  /** The low bytes of 32 sums of the estimator, or of 8. */
  readonly sums: Uint8Array;
  /** The symbols have 6 bytes each, and not 8. */
  readonly narrow?: boolean;
  readonly symbols: Uint8Array;
}

export interface SymbolsRecord {
  readonly tag: 'symbols';
  readonly group: number;
  /** As in the sketch of the group. */
  readonly narrow?: boolean;
  readonly symbols: Uint8Array;
}

/** A group without symbols yet, to estimate its differences. */
export interface ProbeRecord {
  readonly tag: 'probe';
  readonly count: number;
  /** The low bytes of all 128 sums of the estimator. */
  readonly sums: Uint8Array;
}

export interface ListRecord {
  readonly tag: 'list';
  readonly last: boolean;
  /** Bytes of each: 4, 5 or 8 of the short id, or 32, the id. */
  readonly width: number;
  readonly entries: Uint8Array;
}

export interface FoundRecord {
  readonly tag: 'found';
  readonly group: number;
  readonly last: boolean;
  /** Ids that only the sender has follow, as `give`. */
  readonly gives: boolean;
  /** Bytes of each prefix, 2 to 8. */
  readonly width: number;
  readonly prefixes: Uint8Array;
}

export interface MatchRecord {
  readonly tag: 'match';
  readonly group: number;
  readonly gives: boolean;
  /** A bit for each entry of the list, the lowest first: 1 where the sender lacks it. */
  readonly bits: Uint8Array;
}

/** Ids, 32 bytes each: of the sender for the receiver's group, or for its own. */
export interface IdsRecord {
  readonly tag: 'give' | 'grant';
  readonly group: number;
  readonly last: boolean;
  readonly ids: Uint8Array;
}

/** Ids of the sender, in the order in which the receiver asked for them. */
export interface RestRecord {
  readonly tag: 'rest';
  readonly group: number;
  readonly last: boolean;
  /** All but the first 4 bytes of each id. */
  readonly rests: Uint8Array;
}

/** Ids of the sender that the receiver lacks, in the order in which they came. */
export interface RecentRecord {
  readonly tag: 'recent';
  readonly last: boolean;
  readonly ids: Uint8Array;
}

/** Records of ids that items can stand for. */
export type ToldTag = 'give' | 'grant' | 'piece' | 'recent';

/** Items of the sender, in place of their ids in records that follow. */
export interface ItemsRecord {
  readonly tag: 'items';
  /** The records that would have had the ids. */
  readonly of: ToldTag;
  /** The group of a grant, or of ids given; 0 for others. */
  readonly group: number;
  /** By hint, the lowest first. */
  readonly items: readonly Pick<Item, 'hint' | 'payload'>[];
}

export interface ProofRecord {
  readonly tag: 'proof';
  /** 16 bytes. */
  readonly digest: Uint8Array;
  /** Ids only the receiver has that the sender refuses; version 1 does not tell. */
  readonly refused: number;
}

/** All records; docs/protocol-native.md tells their meaning. */
export type NativeRecord =
  | { readonly tag: 'open'; readonly opening: Opening; readonly bytes: Uint8Array }
  | ProofRecord
  | {
      readonly tag: 'stop';
      readonly code: number;
      readonly from: Bound | null;
      readonly reason: string;
    }
  | RunRecord
  | { readonly tag: 'all' }
  | SplitRecord
  | CutRecord
  | { readonly tag: 'fail'; readonly group: number; readonly differences: number }
  | SketchRecord
  | ProbeRecord
  | ListRecord
  | { readonly tag: 'more'; readonly group: number; readonly symbols: number }
  | SymbolsRecord
  | FoundRecord
  | MatchRecord
  | IdsRecord
  | RestRecord
  | RecentRecord
  | ItemsRecord
  | { readonly tag: 'piece'; readonly upper: Bound | null; readonly ids: Uint8Array };
