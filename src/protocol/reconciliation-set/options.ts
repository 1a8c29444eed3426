/** Bounds of a ReconciliationSet, and its clock and callback. */
export interface ReconciliationSetInit {
  /**
   * Ids one peer may be a source of at a time. Further ids are passed over until some have come in;
   * a later session lists them again. Raising it costs about 150 bytes an id and lets a peer that
   * lists invented ids take more of them.
   * @default 1_048_576
   */
  maxIdsPerPeer?: number;
  /**
   * Distinct ids in all. Further ones are passed over until some have come in.
   * @default 4_194_304
   */
  maxIds?: number;
  /**
   * Ids that stay wanted when the last peer that listed them has gone. Raising it costs as much.
   * @default 65_536
   */
  maxOrphans?: number;
  /**
   * Milliseconds since the epoch.
   * @default always 0: the age of a want is not known
   */
  now?: () => number;
  /**
   * Whether a peer has delivered items: two such peers confirm an id that both list.
   * @default always: the word of each peer counts
   */
  delivered?: (peer: string) => boolean;
  /**
   * Called when a peer may be asked for more than before because it mirrors another.
   * @default not called
   */
  mirrored?: () => void;
}

export const DEFAULT_SET_OPTIONS: Required<ReconciliationSetInit> = {
  maxIdsPerPeer: 1_048_576,
  maxIds: 4_194_304,
  maxOrphans: 65_536,
  now: () => 0,
  delivered: () => true,
  mirrored: () => {},
};
