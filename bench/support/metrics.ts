import type { BenchNode } from './node.ts';

/** Bytes of a connection, in both directions. */
export const WIRE_BYTES: RegExp =
  /^rangemesh_wire_bytes_total\{protocol="connection",.*\} (\d+)$/gm;

/** All metrics of a daemon as text. */
export async function metricsOf({ client }: Pick<BenchNode, 'client'>): Promise<string> {
  return (await client.send('GET', '/metrics')).text;
}

/** The sum of the series that a pattern finds; its group is the value. */
export function sumOf(metrics: string, pattern: RegExp): number {
  return [...metrics.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
}
