import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { round } from './child.ts';

const LOOK_EVERY_MS = 20;
const KIB_IN_MIB = 1024;

/** Megabytes of a process, as Linux counts them. */
export interface ProcessMemory {
  /** All that is resident, tables of LevelDB that are mapped included. */
  readonly rssMb: number;
  /** Without files that are mapped: the system cannot take these pages back. */
  readonly anonymousMb: number;
}

/** What the process has now. */
export async function memoryOf(pid: number): Promise<ProcessMemory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const mib = (name: string): number => {
    const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
    return round(Number(kib) / KIB_IN_MIB);
  };
  return { rssMb: mib('VmRSS'), anonymousMb: mib('RssAnon') };
}

/** The most that was resident since the process began. */
export async function peakRssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return round(Number(kib) / KIB_IN_MIB);
}

/** The most memory that a process has from now on. */
export class MemoryPeak {
  readonly #watching: Promise<ProcessMemory>;
  #over = false;

  constructor(pid: number) {
    this.#watching = this.#watch(pid);
  }

  end(): Promise<ProcessMemory> {
    this.#over = true;
    return this.#watching;
  }

  async #watch(pid: number): Promise<ProcessMemory> {
    let [rssMb, anonymousMb] = [0, 0];
    while (!this.#over) {
      const now = await memoryOf(pid);
      rssMb = Math.max(rssMb, now.rssMb);
      anonymousMb = Math.max(anonymousMb, now.anonymousMb);
      await pause(LOOK_EVERY_MS);
    }
    return { rssMb, anonymousMb };
  }
}
