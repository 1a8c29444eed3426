/** The durable set: tree, buffer and log of one database, and how they are opened together. */

export type { AddOptions, SourceRun } from './arriving.ts';
export { DurableSet, type PreparedCommit } from './durable-set.ts';
export { type Damage, isDamage, type OpenedSet, openSet, readBuffer } from './open-set.ts';
export type { DurableSetInit } from './set-shape.ts';
