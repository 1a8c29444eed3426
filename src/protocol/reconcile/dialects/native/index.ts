/**
 * The native dialect: fingerprints narrow ranges, and coded symbols settle them. Begin with
 * `docs/protocol-native.md`, then `NativeSession` in `session/session.ts` and `session/exchange.ts`.
 */

import { type Coding, coding, kindOf, type Random, systemRandom } from '../../../../store/index.ts';
import { ProtocolError } from '../../../errors.ts';
import type { Dialect, SessionHistory } from '../../dialect.ts';
import { EVERYTHING } from '../../interval.ts';
import { LINKS } from '../../link.ts';
import { checkLeast, checkLimits, checkSession } from '../shared/index.ts';
import {
  DIALECT_NAME,
  DIALECT_VERSION,
  MAX_FRAME_BYTES,
  MIN_FRAME_BYTES,
  type NativeVersion,
} from './constants.ts';
import { sessionKey } from './key.ts';
import { DEFAULT_NATIVE_LIMITS, type NativeLimits } from './options.ts';
import { NativeSession } from './session/index.ts';
import { decodeFrame } from './wire/index.ts';

/** What all sessions of the native dialect share. */
export interface NativeInit {
  /**
   * For nonces.
   * @default `systemRandom`
   */
  random?: Random;
  /**
   * The last part of the protocol id. Older nodes speak version 1, or those up to 2 or 3.
   * @default 4
   */
  version?: NativeVersion;
  limits?: Partial<NativeLimits>;
  /**
   * How short ids and symbols are made. Both sides must use the same; tests use bad ones.
   * @default the fastest this platform has
   */
  coding?: Coding;
  /**
   * How a session's key follows from its openings. Both sides must use the same; tests use bad ones.
   * @default `sessionKey`
   */
  key?: typeof sessionKey;
}

const NO_HISTORY: SessionHistory = { since: () => null };

/** The dialect of rangemesh nodes (docs/protocol-native.md). Throws `INVALID_INIT`. */
export function nativeDialect(init: NativeInit = {}): Dialect {
  checkNativeInit(init);
  const version = init.version ?? DIALECT_VERSION;
  return {
    name: DIALECT_NAME,
    version,
    lasting: true,
    tells: true,
    maxFrameBytes: MAX_FRAME_BYTES,
    outline(frame) {
      const [first] = decodeFrame(frame, version);
      return first?.tag === 'open' ? first.opening : null;
    },
    session(asked) {
      checkSession(asked);
      const { interval = EVERYTHING, refuses = () => false, mode = 'reconcile', tell = 0 } = asked;
      const { role, snapshot, whole = asked.interval === undefined } = asked;
      const {
        history = NO_HISTORY,
        gives = true,
        takes = true,
        holds = () => false,
        link = LINKS.auto,
        takesItems = null,
        shortItem = () => undefined,
      } = asked;
      const limits = { ...DEFAULT_NATIVE_LIMITS, ...init.limits, ...asked.limits };
      checkLimits({ ...limits, tell, ...link, ...takesItems });
      limits.maxMessageBytes = Math.min(limits.maxMessageBytes, MAX_FRAME_BYTES);
      for (const name of ['maxMessageBytes', 'maxInboundBytes'] as const) {
        checkLeast(name, limits[name], MIN_FRAME_BYTES);
      }
      const keying = {
        random: init.random ?? systemRandom,
        coding: init.coding ?? coding,
        key: init.key ?? sessionKey,
      };
      return new NativeSession({
        role,
        snapshot,
        ...keying,
        limits,
        version,
        interval,
        whole,
        refuses,
        gives,
        takes,
        holds,
        history,
        tell,
        mode,
        link,
        takesItems,
        shortItem,
      });
    },
  };
}

function checkNativeInit(init: NativeInit): void {
  if (typeof init !== 'object' || init === null) {
    const message = `nativeDialect takes an object of options, not ${kindOf(init)}`;
    throw new ProtocolError('INVALID_INIT', message);
  }
  const { random, coding: made, key } = init;
  if (random !== undefined && typeof random?.bytes !== 'function')
    wrongInit('random', 'systemRandom');
  if (made !== undefined && typeof made?.shortIds !== 'function') wrongInit('coding', 'coding');
  if (key !== undefined && typeof key !== 'function') wrongInit('key', 'sessionKey');
}

function wrongInit(name: string, like: string): never {
  const message = `'${name}' of nativeDialect is like ${like}: leave it out to take that`;
  throw new ProtocolError('INVALID_INIT', message);
}

export { DEFAULT_NATIVE_LIMITS, type NativeLimits } from './options.ts';
