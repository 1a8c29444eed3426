import { EXIT } from '../../errors.ts';

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

/** The worst first: a wrong configuration explains most of the rest. */
const WORST: readonly number[] = [EXIT.config, EXIT.corrupt, EXIT.unavailable];

export function exitCodeOf(findings: readonly DoctorFinding[]): number {
  return WORST.find((code) => findings.some(({ exitCode }) => exitCode === code)) ?? EXIT.ok;
}

export function formatFindings(findings: readonly DoctorFinding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .flatMap(({ check, level, message, advice }) => {
      const line = `${level.padEnd(4)}  ${check.padEnd(width)}  ${message}`;
      return advice === null ? [line] : [line, `${' '.repeat(width + 8)}-> ${advice}`];
    })
    .join('\n');
}
