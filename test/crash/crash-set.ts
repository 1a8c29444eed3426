import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { itemId, type Replica } from '../../src/store/index.ts';
import { numbered } from './items.ts';
import { openReplica } from './replica.ts';

/** What happens between two openings, beside SIGKILL. */
export type Accident = 'kill' | 'cut' | 'flip';

export interface RoundReport {
  readonly accident: Accident;
  /** Items acknowledged in this round, and how many of all were lost. */
  readonly acknowledged: number;
  readonly lost: number;
  /** Codes of the incidents that opening reported. */
  readonly incidents: readonly string[];
}

/** A set that is written, killed, damaged and opened again in one directory, and what must be in it. */
export class CrashSet {
  readonly #directory: string;
  readonly #random: () => number;
  /** Numbers of all items acknowledged and not known to be lost. */
  readonly #held = new Set<number>();
  #next = 0;

  constructor(directory: string, random: () => number) {
    this.#directory = directory;
    this.#random = random;
  }

  get held(): number {
    return this.#held.size;
  }

  async round(accident: Accident): Promise<RoundReport> {
    await mkdir(this.#directory, { recursive: true });
    const acknowledged = await this.#ingestUntilKilled();
    for (const number of acknowledged) this.#held.add(number);
    this.#next = Math.max(this.#next, ...acknowledged) + 1_000;
    if (accident !== 'kill') await this.#damage(accident);
    const replica = await openReplica(this.#directory);
    try {
      await replica.ready();
      return {
        accident,
        acknowledged: acknowledged.length,
        ...(await this.#check(replica, accident)),
      };
    } finally {
      await replica.close();
    }
  }

  async #ingestUntilKilled(): Promise<number[]> {
    const script = new URL('./ingester.ts', import.meta.url).pathname;
    const args = [script, this.#directory, String(this.#next)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const numbers: number[] = [];
    let timer: NodeJS.Timeout | undefined;
    for await (const line of createInterface(child.stdout)) {
      timer ??= setTimeout(() => child.kill('SIGKILL'), 400 * this.#random());
      numbers.push(Number(line));
    }
    clearTimeout(timer);
    await exited;
    assert.equal(child.signalCode, 'SIGKILL', 'the ingester ended before it was killed');
    // The last line may be cut short, and then be another number.
    return numbers.slice(0, -1);
  }

  /** Cuts LevelDB's newest log, or flips a bit of it, at a random place. */
  async #damage(accident: 'cut' | 'flip'): Promise<void> {
    const database = join(this.#directory, 'db');
    const logs = (await readdir(database)).filter((name) => name.endsWith('.log')).sort();
    const path = join(database, logs.at(-1)!);
    const { size } = await stat(path);
    const at = Math.floor(size * this.#random());
    if (accident === 'cut') return truncate(path, at);
    const file = await open(path, 'r+');
    const byte = new Uint8Array(1);
    await file.read(byte, 0, 1, at);
    byte[0]! ^= 1 << Math.floor(8 * this.#random());
    await file.write(byte, 0, 1, at);
    await file.close();
  }

  async #check(
    replica: Replica,
    accident: Accident,
  ): Promise<Pick<RoundReport, 'lost' | 'incidents'>> {
    const { incidents, needsRefill, items } = replica.status();
    const codes = incidents.map(({ code }) => code);
    const lost = this.#missing(replica);
    if (accident === 'kill') {
      assert.deepEqual({ lost: lost.length, codes }, { lost: 0, codes: [] });
    }
    assert.ok(codes.filter((code) => code === 'INDEX_REBUILT').length <= 1);
    if (lost.length > 0)
      assert.ok(codes.includes('COMMITS_LOST') && needsRefill, 'loss unreported');
    const { ok, problems, items: found } = await replica.verify();
    assert.deepEqual({ ok, problems, found }, { ok: true, problems: [], found: items });
    if (needsRefill) {
      await replica.put(lost.map(numbered));
      await replica.markRefilled();
    }
    return { lost: lost.length, incidents: codes };
  }

  /** Numbers of the items that should be there and are not; verifying sees to what is there. */
  #missing(replica: Replica): number[] {
    return [...this.#held].filter((number) => {
      const { hint, payload } = numbered(number);
      return !replica.contains(itemId(hint, payload));
    });
  }
}
