import type { Clock } from './environment.ts';
import { StoreError } from './errors.ts';

/** Throws `INVALID_LIST` unless it is an array. `kind` says what it should hold. */
export function checkList(list: readonly unknown[], kind: string): void {
  if (Array.isArray(list)) return;
  const message = `give an array of ${kind}, not ${kindOf(list)}; a single value goes into [ ]`;
  throw new StoreError('INVALID_LIST', message);
}

/** Throws `INVALID_INIT` unless it is an object of options. `owner` says whose. */
export function checkInit(owner: string, init: object): void {
  if (typeof init === 'object' && init !== null) return;
  const message = `${owner} takes an object of options, not ${kindOf(init)}`;
  throw new StoreError('INVALID_INIT', message);
}

/** Throws `INVALID_INIT` unless `port` has a method of each name. */
export function checkPort(
  name: string,
  port: object | undefined,
  methods: readonly string[],
): void {
  const found = (port ?? {}) as Readonly<Record<string, unknown>>;
  if (methods.every((method) => typeof found[method] === 'function')) return;
  const message = `'${name}' needs ${methods.map((method) => `${method}()`).join(', ')}, and is ${kindOf(port)}`;
  throw new StoreError('INVALID_INIT', message);
}

/** Throws `INVALID_INIT` unless it is a clock. */
export function checkClock(clock: Clock): void {
  checkPort('clock', clock, ['now', 'monotonic', 'after']);
}

/** Throws `INVALID_INIT` unless it is a function. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new StoreError('INVALID_INIT', `'${name}' is a function, not ${kindOf(value)}`);
}

/** Throws `INVALID_SIZE` unless it is a whole number from `least` to `most`. */
export function checkSize(name: string, size: number, least: number, most: number): void {
  if (Number.isInteger(size) && size >= least && size <= most) return;
  const message = `${name} is a whole number from ${least} to ${most}, not ${String(size)}`;
  throw new StoreError('INVALID_SIZE', message);
}

/** The type of a wrong value in words. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return `a value of type ${typeof value}`;
}
