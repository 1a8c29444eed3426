/**
 * The dialects: each turns a snapshot and a role into a session. A new one is exported here and in the
 * two doors around; `dialectsOf` in the daemon's node room decides which ones a daemon speaks.
 */

export { commonware } from './commonware/index.ts';
export {
  DEFAULT_NATIVE_LIMITS,
  type NativeInit,
  type NativeLimits,
  nativeDialect,
} from './native/index.ts';
export { negentropy } from './negentropy/index.ts';
