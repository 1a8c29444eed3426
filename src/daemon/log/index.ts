/** Bounds of the log: for an output that is slow or full, and for lines that others cause without end. */

export {
  LineLimiter,
  type LineLimiterInit,
  type LineRates,
  VERBOSE_RATES,
} from './line-limiter.ts';
export { LogStream, type LogStreamInit, type Output } from './log-stream.ts';
