/** The durable set: tree, buffer and log of one database, and how they are opened together. */

export { DurableSet, type DurableSetInit, type PreparedCommit } from './durable-set.ts';
export { type Damage, isDamage, openSet, readBuffer } from './open-set.ts';
