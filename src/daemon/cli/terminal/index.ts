/**
 * Output for people: colours, tables that fit the screen, progress, and a view that is drawn again and
 * again. Where a stream is no terminal, all data stands there whole and without colours.
 */

export { type ProgressBar, type ProgressInit, startProgress } from './progress.ts';
export { type Paint, PLAIN, type Screen, screenOf } from './screen.ts';
export { formatTable, shortId, shortItemId, type TableColumn } from './table.ts';
export { formatBytes, formatCount, formatDuration, formatNumber } from './units.ts';
export { type WatchInit, watch } from './watch.ts';
export { besides, wrap } from './wrap.ts';
