import { readU64LE } from '../../bytes.ts';
import type { Random } from '../../environment.ts';
import { systemRandom } from '../../system/index.ts';

/** A random number, neither 0 nor `old`. */
export function freshEpoch(random: Random = systemRandom, old = 0n): bigint {
  let epoch = readU64LE(random.bytes(8), 0);
  while (epoch === 0n || epoch === old) epoch = (epoch + 1n) % 2n ** 64n;
  return epoch;
}
