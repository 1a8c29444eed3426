import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Witness } from '../store/index.ts';
import type { Logger } from './logging.ts';

/** In the data directory, beside the database. */
export const WITNESS_FILE = 'commit';

/** Always the same length, so that the file is overwritten in place and needs no room to do so. */
const RECORD = /^(\d{20})\n$/;

export interface FileWitness extends Witness {
  close(): void;
}

/**
 * Keeps the number of the last commit in a small file. It is written with each commit, into the page
 * cache only: it outlives the process, and after a power loss it says less than the database, never
 * more. A file that cannot be used costs the warning about lost commits, nothing else.
 */
export function openWitness(directory: string, logger: Logger): FileWitness {
  const path = join(directory, WITNESS_FILE);
  let descriptor: number | null = null;
  const giveUp = (error: unknown): void => {
    logger.warn({ err: error, path }, 'the number of the last commit cannot be kept in its file');
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (error) {
    giveUp(error);
  }
  return {
    async read() {
      try {
        return descriptor === null ? 0 : read(path);
      } catch (error) {
        giveUp(error);
        return 0;
      }
    },
    write(commit) {
      if (descriptor === null) return;
      try {
        writeSync(descriptor, `${String(commit).padStart(20, '0')}\n`, 0);
      } catch (error) {
        giveUp(error);
      }
    },
    close() {
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
}

/** 0 when the file holds anything else than what is written above. */
function read(path: string): number {
  const [, digits] = RECORD.exec(readFileSync(path, 'utf8')) ?? [];
  const commit = Number(digits ?? 0);
  return Number.isSafeInteger(commit) ? commit : 0;
}
