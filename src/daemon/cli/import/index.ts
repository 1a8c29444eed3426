/**
 * The verb `import`: reads files, folders and NDJSON, and puts each candidate into the node. It
 * counts and prints the outcome of each.
 */

import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DaemonError, EXIT, exitCodeOf } from '../../errors.ts';
import { type OwnFiles, placeOf } from '../../own-files.ts';
import type { BatchLine } from '../../schemas/index.ts';
import { printAnswer } from '../ask.ts';
import type { DaemonClient } from '../client/index.ts';
import { unreadable, usage } from '../errors.ts';
import type { CliInit } from '../init.ts';
import { Manifest, ownFile, refuseOwn } from '../items/index.ts';
import { connect, ownFiles, type TargetOptions } from '../locate.ts';
import { screenOf, wrap } from '../terminal/index.ts';
import type { ImportCandidate } from './candidate.ts';
import { exportIn, readExport } from './export-file.ts';
import { readNdjson } from './ndjson.ts';
import type { ImportTarget } from './offer.ts';
import { Reporter } from './reporter.ts';
import { importAll, type Summary } from './run.ts';
import { formatSummary } from './summary.ts';
import { walkTree } from './tree.ts';

export interface ImportOptions extends TargetOptions {
  hintField?: string;
  maxBytes: number;
  concurrency: number;
  manifest?: string;
}

/** `import PATH`: a directory tree, an NDJSON file, or NDJSON on standard input. */
export async function importPath(
  path: string,
  options: ImportOptions,
  init: CliInit,
): Promise<number> {
  const own = await ownFiles(options, init);
  const manifest = await openManifest(options, own, init);
  const stop = new AbortController();
  const forget = init.onStop((reason) => stop.abort(interrupted(reason)));
  try {
    const source = await openSource(
      path,
      { ...options, own, place: manifest?.place ?? null },
      init,
    );
    const summary = await run(source, { options, own, manifest, stop: stop.signal }, init);
    const text = wrap(formatSummary(summary, options), screenOf(init.stdout, init));
    await printAnswer(options, init, summary, text);
    return exitCode(summary, stop.signal);
  } finally {
    forget();
    await manifest?.close();
  }
}

async function openManifest(
  { manifest }: ImportOptions,
  own: OwnFiles,
  { cwd }: CliInit,
): Promise<Manifest | null> {
  if (manifest === undefined) return null;
  const path = resolve(cwd, manifest);
  await refuseOwn(path, own);
  return Manifest.open(path);
}

interface RunInit {
  readonly options: ImportOptions;
  readonly own: OwnFiles;
  readonly manifest: Manifest | null;
  /** Aborted with a `DaemonError` when the import shall end. */
  readonly stop: AbortSignal;
}

async function run(
  source: ImportSource,
  { options, own, manifest, stop }: RunInit,
  init: CliInit,
): Promise<Summary> {
  const client = await connect(options, init);
  const total = init.stderr.isTTY === true ? await source.count() : null;
  const reporter = new Reporter({ json: options.json === true, total, init });
  try {
    return await importAll({
      candidates: source.candidates(),
      daemon: targetOf(client),
      clock: init.clock,
      signal: stop,
      isSecret: own.isSecret,
      concurrency: options.concurrency,
      note: async ({ origin, answer: { hint, id }, bytes }) =>
        manifest?.add({ ...origin, root: source.root, hint, size: bytes, id }),
      report: (outcome) => reporter.report(outcome),
    });
  } finally {
    await reporter.end();
    client.close();
  }
}

/** The calls of an import change nothing more when they are made again: the ids are settled. */
function targetOf(client: DaemonClient): ImportTarget {
  const settings = { idempotent: true };
  return {
    async have(ids) {
      return (await client.ask((daemon) => daemon.haveItems(ids), settings)).have;
    },
    putItems: (items) =>
      client.ask(async (daemon) => {
        const lines: BatchLine[] = [];
        for await (const line of daemon.putItems(items)) lines.push(line);
        return lines;
      }, settings),
  };
}

/** Exit codes that shells expect of signals. */
const SIGNAL_EXIT: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

function interrupted(reason: string): DaemonError {
  const exitCode = SIGNAL_EXIT[reason] ?? EXIT.failure;
  return new DaemonError('INTERRUPTED', `${reason} ended the import`, { exitCode });
}

interface ImportSource {
  /** The directory, absolute; not of NDJSON. */
  readonly root?: string | undefined;
  candidates(): AsyncGenerator<ImportCandidate>;
  /** The number of candidates; null if it takes reading all of them. */
  count(): Promise<number | null>;
}

interface SourceOptions extends ImportOptions {
  readonly own: OwnFiles;
  /** Of the manifest. */
  readonly place: string | null;
}

async function openSource(
  path: string,
  options: SourceOptions,
  init: CliInit,
): Promise<ImportSource> {
  const { maxBytes, hintField = 'hint', own } = options;
  const lines = async (name: string, given: AsyncIterable<Uint8Array>): Promise<ImportSource> => {
    const { format, chunks } = await exportIn(given);
    const source = { chunks, path: name, maxBytes };
    const candidates = () =>
      format === null ? readNdjson({ ...source, hintField }) : readExport({ ...source, format });
    return { candidates, count: async () => null };
  };
  if (path === '-') return lines('-', init.stdin);
  const absolute = resolve(init.cwd, path);
  const file = await open(absolute).catch((cause: Error): never => {
    throw unreadable(absolute, cause);
  });
  const stats = await file.stat({ bigint: true });
  const isOwn = await own.hasPath(absolute);
  const isManifest = placeOf(stats) === options.place;
  if (!stats.isDirectory() && !isOwn && !isManifest) return lines(path, file.createReadStream());
  await file.close();
  if (isOwn) throw ownFile(path);
  if (isManifest) throw usage(`${path} is the manifest of this import: name another file for it`);
  if (options.hintField !== undefined) {
    throw usage('--hint-field is for NDJSON; in a directory the hint is the modification time');
  }
  const candidates = () => walkTree({ root: absolute, maxBytes, own, manifest: options.place });
  return { root: absolute, candidates, count: () => count(candidates()) };
}

async function count(candidates: AsyncGenerator<ImportCandidate>): Promise<number> {
  let total = 0;
  for await (const _ of candidates) total++;
  return total;
}

function exitCode({ failed, stopped }: Summary, stop: AbortSignal): number {
  if (stop.aborted) return (stop.reason as DaemonError).exitCode;
  if (stopped?.code.startsWith('EXPORT_')) return EXIT.dataError;
  // The daemon is gone.
  if (stopped !== null && exitCodeOf(stopped.code) === EXIT.unavailable) return EXIT.unavailable;
  return failed > 0 || stopped !== null ? EXIT.failure : EXIT.ok;
}
