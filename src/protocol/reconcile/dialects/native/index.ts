/**
 * The native dialect: ranges are narrowed by fingerprints and settled by coded symbols
 * (docs/protocol-native.md).
 */

import { type Coding, coding, type Random } from '../../../../store/index.ts';
import type { Dialect } from '../../dialect.ts';
import {
  DEFAULT_LIMITS,
  DIALECT_NAME,
  DIALECT_VERSION,
  MAX_FRAME_BYTES,
  MIN_FRAME_BYTES,
  type NativeLimits,
} from './constants.ts';
import { sessionKey } from './key.ts';
import { EVERYTHING, NativeSession } from './session/index.ts';
import { decodeFrame } from './wire/index.ts';

export interface NativeInit {
  /** Where nonces come from. */
  random: Random;
  limits?: Partial<NativeLimits>;
  /**
   * How short ids and symbols are made. Both sides must make them alike; tests make them badly.
   * @default the fastest this platform has
   */
  coding?: Coding;
  /**
   * How a session's key follows from its openings. Both sides must agree; tests make bad keys.
   * @default `sessionKey`
   */
  key?: typeof sessionKey;
}

/** What rangemesh nodes speak among themselves (docs/protocol-native.md). */
export function nativeDialect(init: NativeInit): Dialect {
  return {
    name: DIALECT_NAME,
    version: DIALECT_VERSION,
    lasting: true,
    outline(frame) {
      const [first] = decodeFrame(frame);
      return first?.tag === 'open' ? first.opening : null;
    },
    session({ role, snapshot, limits: given, interval = EVERYTHING, ...rest }) {
      const merged = { ...DEFAULT_LIMITS, ...init.limits, ...given };
      const maxMessageBytes = Math.min(merged.maxMessageBytes, MAX_FRAME_BYTES);
      const limits = { ...merged, maxMessageBytes };
      for (const name of ['maxMessageBytes', 'maxInboundBytes'] as const) {
        if (limits[name] >= MIN_FRAME_BYTES) continue;
        throw new RangeError(`${name} is ${MIN_FRAME_BYTES} or more, not ${limits[name]}`);
      }
      const { random } = init;
      const { refuses = () => false, settles = true } = rest;
      return new NativeSession({
        role,
        snapshot,
        limits,
        interval,
        refuses,
        settles,
        random,
        coding: init.coding ?? coding,
        key: init.key ?? sessionKey,
      });
    },
  };
}
export { DEFAULT_LIMITS, type NativeLimits } from './constants.ts';
