import type { Snapshot } from '../../../../store/index.ts';

/** Throws `RangeError` for a limit with which a session may not end. */
export function checkLeast(name: string, value: number, least: number): void {
  if (value >= least) return;
  throw new RangeError(`${name} is ${least} or more, not ${value}: below it a session may not end`);
}

/** Throws `RangeError` unless the digests of the snapshot have `bytes` bytes. */
export function checkDigests(dialect: string, { scheme }: Snapshot, bytes: number): void {
  const { length } = scheme.digest(scheme.empty(), 0);
  if (length === bytes) return;
  throw new RangeError(
    `the ${dialect} dialect sends digests of ${bytes} bytes, ${scheme.name} makes ${length}`,
  );
}
