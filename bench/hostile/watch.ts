import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { DaemonProcess } from '../../scripts/support/daemon-process.ts';

const PROBE_EVERY_MS = 100;
const LIVEZ_LIMIT_MS = 10_000;

/** What the victim says of itself. */
export interface Answer {
  readonly rss: number;
  /** Bytes of objects and buffers that JavaScript holds. */
  readonly live: number;
  readonly loopP99Ms: number;
}

/** Watches the victim from outside: how long `/livez` takes, and its memory. */
export class Watch {
  readonly #victim: DaemonProcess;
  #on = true;
  livezMaxMs = 0;
  /** Without the time in which the victim or this process waited for a processor that others had. */
  livezOwnMaxMs = 0;
  maxRss = 0;

  constructor(victim: DaemonProcess) {
    this.#victim = victim;
  }

  async run(): Promise<void> {
    while (this.#on) {
      const before = await this.#waited();
      const [ms, { rss }] = await Promise.all([livezMs(this.#victim.admin), this.ask('look')]);
      const waited = longestWaitMs(before, await this.#waited());
      this.livezMaxMs = Math.max(this.livezMaxMs, ms);
      this.livezOwnMaxMs = Math.max(this.livezOwnMaxMs, ms - waited);
      this.maxRss = Math.max(this.maxRss, rss);
      await pause(PROBE_EVERY_MS);
    }
  }

  end(): void {
    this.#on = false;
  }

  #waited(): Promise<number[]> {
    return waitedMs([this.#victim.pid, process.pid]);
  }

  ask(question: 'look' | 'collect'): Promise<Answer> {
    return this.#victim.ask(question) as Promise<Answer>;
  }
}

/** Milliseconds for which the main thread of each process was ready and had no processor; 0 where Linux does not tell. */
export function waitedMs(pids: readonly number[]): Promise<number[]> {
  const waited = pids.map(async (pid) => {
    const text = await readFile(`/proc/${pid}/schedstat`, 'utf8').catch(() => '0 0 0');
    return Number(text.split(' ')[1]) / 1e6;
  });
  return Promise.all(waited);
}

/** They may wait at the same time, so only the wait of one process is certain. */
export function longestWaitMs(before: readonly number[], after: readonly number[]): number {
  return Math.max(...after.map((ms, i) => ms - before[i]!));
}

/** Milliseconds until `/livez` answers 200 on a connection of its own; the limit if it does not. */
export async function livezMs(admin: string): Promise<number> {
  const begin = performance.now();
  try {
    const answer = await fetch(new URL('/livez', admin), {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(LIVEZ_LIMIT_MS),
    });
    await answer.arrayBuffer();
    return answer.ok ? performance.now() - begin : LIVEZ_LIMIT_MS;
  } catch {
    return LIVEZ_LIMIT_MS;
  }
}
