/** The dialects: each turns a snapshot and a role into a session. */

export { commonware } from './commonware/index.ts';
export {
  DEFAULT_LIMITS,
  type NativeInit,
  type NativeLimits,
  nativeDialect,
} from './native/index.ts';
export { negentropy } from './negentropy/index.ts';
