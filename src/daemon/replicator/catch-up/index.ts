export { CatchUp, type CatchUpInit } from './catch-up.ts';
export type { CatchUpProgress } from './progress.ts';
