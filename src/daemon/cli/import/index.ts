/**
 * The verb `import`: reads files, folders and NDJSON, and puts each candidate into the node. It
 * counts and prints the outcome of each.
 */

import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT } from '../../errors.ts';
import { type OwnFiles, placeOf } from '../../own-files.ts';
import { printAnswer } from '../ask.ts';
import { usage } from '../errors.ts';
import type { CliInit } from '../init.ts';
import { Manifest, ownFile, refuseOwn } from '../items/index.ts';
import { connect, ownFiles, type TargetOptions } from '../locate.ts';
import type { ImportCandidate } from './candidate.ts';
import { readNdjson } from './ndjson.ts';
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
  try {
    const source = await openSource(
      path,
      { ...options, own, place: manifest?.place ?? null },
      init,
    );
    const summary = await run(source, { options, own, manifest }, init);
    await printAnswer(options, init, summary, formatSummary(summary, options));
    return exitCode(summary);
  } finally {
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
}

async function run(
  source: ImportSource,
  { options, own, manifest }: RunInit,
  init: CliInit,
): Promise<Summary> {
  const client = await connect(options, init, options.concurrency);
  const total = init.stderr.isTTY === true ? await source.count() : null;
  const reporter = new Reporter({ json: options.json === true, total, init });
  try {
    return await importAll({
      candidates: source.candidates(),
      put: (payload, hint) =>
        client.ask((daemon) => daemon.putItem(payload, { hint }), { idempotent: true }),
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
  const ndjson = (name: string, chunks: AsyncIterable<Uint8Array>): ImportSource => ({
    candidates: () => readNdjson({ chunks, path: name, hintField, maxBytes }),
    count: async () => null,
  });
  if (path === '-') return ndjson('-', init.stdin);
  const absolute = resolve(init.cwd, path);
  const file = await open(absolute).catch((cause: Error): never => {
    throw usage(`cannot read ${absolute}: ${cause.message}`, { cause });
  });
  const stats = await file.stat({ bigint: true });
  const isOwn = await own.hasPath(absolute);
  const isManifest = placeOf(stats) === options.place;
  if (!stats.isDirectory() && !isOwn && !isManifest) return ndjson(path, file.createReadStream());
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

function exitCode({ failed, stopped }: Summary): number {
  const gone = ['ADMIN_UNREACHABLE', 'NOT_THIS_DAEMON'];
  if (stopped !== null && gone.includes(stopped.code)) return EXIT.unavailable;
  return failed > 0 || stopped !== null ? EXIT.failure : EXIT.ok;
}
