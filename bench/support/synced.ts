/** LevelDB's own option, which the types of abstract-level lack. */
export const SYNCED: object = { sync: true };
