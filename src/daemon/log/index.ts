/** What bounds the log: a slow or full output, and lines without end. */

export { LogStream, type LogStreamInit, type Output } from './log-stream.ts';
