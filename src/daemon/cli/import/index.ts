/**
 * The verb `import`: reads files, folders and NDJSON, and puts each candidate into the node. It
 * counts and prints the outcome of each.
 */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT } from '../../errors.ts';
import type { OwnFiles } from '../../own-files.ts';
import { printAnswer } from '../ask.ts';
import { usage } from '../errors.ts';
import { type CliInit, printLine } from '../init.ts';
import { ownFile, putCall } from '../items.ts';
import { connect, ownFiles, type TargetOptions } from '../locate.ts';
import { formatOrigin, type ImportCandidate } from './candidate.ts';
import { readNdjson } from './ndjson.ts';
import { createProgress, type ImportProgressBar } from './progress.ts';
import { type ImportOutcome, importAll, type Summary } from './run.ts';
import { formatSummary } from './summary.ts';
import { walkTree } from './tree.ts';

export interface ImportOptions extends TargetOptions {
  hintField?: string;
  maxBytes: number;
  concurrency: number;
}

/** `import PATH`: a directory tree, an NDJSON file, or NDJSON on standard input. */
export async function importPath(
  path: string,
  options: ImportOptions,
  init: CliInit,
): Promise<number> {
  const own = await ownFiles(options, init);
  const source = await openSource(path, options, init, own);
  const client = await connect(options, init, options.concurrency);
  const total = init.stderr.isTTY === true ? await source.count() : null;
  const progress = createProgress(init.stderr, total);
  let summary: Summary;
  try {
    summary = await importAll({
      candidates: source.candidates(),
      put: (payload, hint) => client.json(putCall(payload, hint)),
      isSecret: own.isSecret,
      concurrency: options.concurrency,
      report: (outcome) => report(outcome, options, progress, init),
    });
  } finally {
    progress.end();
    client.close();
  }
  await printAnswer(options, init, summary, formatSummary(summary, options));
  return exitCode(summary);
}

interface ImportSource {
  candidates(): AsyncGenerator<ImportCandidate>;
  /** The number of candidates; null if it takes reading all of them. */
  count(): Promise<number | null>;
}

async function openSource(
  path: string,
  options: ImportOptions,
  init: CliInit,
  own: OwnFiles,
): Promise<ImportSource> {
  const { maxBytes, hintField = 'hint' } = options;
  const ndjson = (name: string, chunks: () => AsyncIterable<Uint8Array>): ImportSource => ({
    candidates: () => readNdjson({ chunks: chunks(), path: name, hintField, maxBytes }),
    count: async () => null,
  });
  if (path === '-') return ndjson('-', () => init.stdin);
  const absolute = resolve(init.cwd, path);
  const stats = await stat(absolute).catch((cause: Error): never => {
    throw usage(`cannot read ${absolute}: ${cause.message}`, { cause });
  });
  if (await own.hasPath(absolute)) throw ownFile(path);
  if (!stats.isDirectory()) return ndjson(path, () => createReadStream(absolute));
  if (options.hintField !== undefined) {
    throw usage('--hint-field is for NDJSON; in a directory the hint is the modification time');
  }
  const candidates = () => walkTree({ root: absolute, maxBytes, own });
  return { candidates, count: () => count(candidates()) };
}

async function count(candidates: AsyncGenerator<ImportCandidate>): Promise<number> {
  let total = 0;
  for await (const _ of candidates) total++;
  return total;
}

async function report(
  outcome: ImportOutcome,
  options: ImportOptions,
  progress: ImportProgressBar,
  init: CliInit,
): Promise<void> {
  progress.step();
  const { origin } = outcome;
  if (options.json === true) {
    const { kind, origin: _, ...rest } = outcome;
    const facts = kind === 'imported' ? outcome.answer : rest;
    await printLine(init.stdout, JSON.stringify({ ...origin, ...facts }));
  } else if (outcome.kind === 'failed') {
    const { code, message } = outcome.error;
    progress.giveWay();
    await printLine(init.stderr, `rangemesh: ${formatOrigin(origin)}: ${message} [${code}]`);
  } else if (outcome.kind === 'skipped' && outcome.reason === 'ownFile') {
    progress.giveWay();
    const line = `rangemesh: ${formatOrigin(origin)}: skipped, since it is data, a key or a token of a node`;
    await printLine(init.stderr, line);
  }
}

function exitCode({ failed, stopped }: Summary): number {
  const gone = ['ADMIN_UNREACHABLE', 'NOT_THIS_DAEMON'];
  if (stopped !== null && gone.includes(stopped.code)) return EXIT.unavailable;
  return failed > 0 ? EXIT.failure : EXIT.ok;
}

export { readLines } from './lines.ts';
