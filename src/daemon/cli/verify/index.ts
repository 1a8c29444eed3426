/**
 * The verb `verify`: checks a data directory, by the running daemon if there is one, else in this process.
 */

import type { VerifyProgress, VerifyResult } from '../../../store/index.ts';
import { EXIT } from '../../errors.ts';
import { printAnswer, withClient } from '../ask.ts';
import { formatBytes, formatCount } from '../format.ts';
import type { CliInit } from '../init.ts';
import { dataDirOf, type TargetOptions } from '../locate.ts';
import { screenOf, wrap } from '../terminal/index.ts';
import { verifyLocal } from './local.ts';
import { createProgress } from './progress.ts';
import { verifyRemote } from './remote.ts';

/** `verify`: reads the data directory of a stopped daemon itself, and asks a running daemon. */
export async function verify(options: TargetOptions, init: CliInit): Promise<number> {
  const bar = createProgress(init.stderr, init.clock);
  let result: VerifyResult;
  try {
    result = await find(options, init, (progress) => bar.show(progress));
  } finally {
    bar.end();
  }
  await printAnswer(options, init, result, wrap(format(result), screenOf(init.stdout, init)));
  return result.ok ? EXIT.ok : EXIT.corrupt;
}

async function find(
  options: TargetOptions,
  init: CliInit,
  progress: (progress: VerifyProgress) => void,
): Promise<VerifyResult> {
  const dataDir = await dataDirOf(options, init);
  if (dataDir !== null) {
    const result = await verifyLocal({ dataDir, ...init, progress });
    if (result !== null) return result;
  }
  return withClient(options, init, (client) => verifyRemote(client, progress));
}

function formatHeld({
  items,
  bytes,
  pending,
  quarantined,
}: Pick<VerifyResult, 'items' | 'bytes' | 'pending' | 'quarantined'>): string {
  const held = `${formatCount(items, 'item')}, ${formatBytes(bytes)}, ${quarantined} in quarantine`;
  return pending === 0
    ? held
    : `${held}, ${formatCount(pending, 'item')} below the floor to be removed`;
}

function format({ ok, problemCount, problems, ...found }: VerifyResult): string {
  const held = formatHeld(found);
  if (ok) return `clean: ${held}`;
  const lines = problems.map(({ code, key, message }) =>
    [`  ${code}`, key, message].filter((word) => word !== '').join('  '),
  );
  const more = problemCount - problems.length;
  if (more > 0) lines.push(`  and ${formatCount(more, 'further problem')}`);
  return [`damaged: ${formatCount(problemCount, 'problem')} in ${held}`, ...lines].join('\n');
}
