import { createLogger } from '../../../src/daemon/index.ts';
import { systemClock } from '../../../src/daemon/system/index.ts';
import type { Logger, LogLevel } from '../../../src/daemon/testing.ts';
import type { Clock } from '../../../src/store/index.ts';
import { within } from '../../support/within.ts';

export interface Line {
  readonly level: string;
  readonly msg: string;
  readonly time: string;
  readonly code?: string;
  readonly [field: string]: unknown;
}

/** A logger whose lines a test can wait for. */
export class Log {
  readonly lines: Line[] = [];
  readonly logger: Logger;
  readonly #waiting = new Set<() => void>();

  constructor(level: LogLevel = 'debug', clock: Clock = systemClock) {
    const write = (line: string) => {
      this.lines.push(JSON.parse(line));
      for (const check of this.#waiting) check();
    };
    this.logger = createLogger({ clock, level, destination: { write } });
  }

  with(code: string): Line[] {
    return this.lines.filter((line) => line.code === code);
  }

  /** The first line that fits, already written or still to come; rejects when none comes. */
  async until(fits: (line: Line) => boolean, what = 'a certain line'): Promise<Line> {
    const found = new Promise<Line>((resolve) => {
      const check = () => {
        const line = this.lines.find(fits);
        if (line === undefined) return;
        this.#waiting.delete(check);
        resolve(line);
      };
      this.#waiting.add(check);
      check();
    });
    const last = () => this.lines.slice(-5).map((line) => `\n  ${line.code ?? '-'} ${line.msg}`);
    return within(found, () => `${what} in the log; it ends:${last().join('')}`);
  }

  code(code: string): Promise<Line> {
    return this.until((line) => line.code === code, code);
  }

  said(text: string): Promise<Line> {
    return this.until((line) => line.msg.includes(text), JSON.stringify(text));
  }
}
