import { EXIT, reasonOf } from '../../errors.ts';
import { besides, type Screen } from '../terminal/index.ts';

/** What one check found. */
export interface DoctorFinding {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do; null if there is nothing to do. */
  readonly advice: string | null;
  /** Exit code if this fails. */
  readonly exitCode: number;
}

export function ok(check: string, message: string): DoctorFinding {
  return { check, level: 'ok', message, advice: null, exitCode: EXIT.ok };
}

export function warn(check: string, message: string, advice: string): DoctorFinding {
  return { check, level: 'warn', message, advice, exitCode: EXIT.ok };
}

export function fail(
  check: string,
  exitCode: 'config' | 'corrupt' | 'unavailable',
  message: string,
  advice: string,
): DoctorFinding {
  return { check, level: 'fail', message, advice, exitCode: EXIT[exitCode] };
}

/** The reason of an error with its code, which docs/incidents.md explains. */
export function withCode(error: unknown): string {
  const { code } = Object(error);
  return code === undefined ? reasonOf(error) : `${reasonOf(error)} [${code}]`;
}

/** The worst first: a wrong configuration explains most of the rest. */
const WORST: readonly number[] = [EXIT.config, EXIT.corrupt, EXIT.unavailable];

export function exitCodeOf(findings: readonly DoctorFinding[]): number {
  return WORST.find((code) => findings.some(({ exitCode }) => exitCode === code)) ?? EXIT.ok;
}

export function formatFindings(findings: readonly DoctorFinding[], screen: Screen): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const { paint } = screen;
  const paints = { ok: paint.good, warn: paint.warn, fail: paint.bad };
  return findings
    .flatMap(({ check, level, message, advice }) => {
      const head = `${paints[level](level.padEnd(4))}  ${check.padEnd(width)}  `;
      const line = besides(head, message, screen);
      return advice === null
        ? [line]
        : [line, besides(`${' '.repeat(width + 8)}-> `, advice, screen)];
    })
    .join('\n');
}
