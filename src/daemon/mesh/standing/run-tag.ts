import { bytesToHex } from '../../../store/index.ts';

/** Bytes that tell runs apart. */
export const RUN_BYTES = 8;

/** A run in the agent version that identify tells. */
export function runTag(run: Uint8Array): string {
  return `run/${bytesToHex(run)}`;
}

/** The run in an agent version, or null. */
export function runOf(agentVersion: string | undefined): string | null {
  return /^rangemesh\/\S{1,64} run\/([0-9a-f]{16})$/.exec(agentVersion ?? '')?.[1] ?? null;
}
