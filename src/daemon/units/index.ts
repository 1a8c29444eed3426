/** Sizes and durations as people write them. */

export { DURATION, durationText, parseDuration } from './duration.ts';
export { parseSize, SIZE, sizeText } from './size.ts';
