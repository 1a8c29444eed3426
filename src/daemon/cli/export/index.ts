/** The verb `export`: writes all items of a range as they are at one moment, and checks that none is missing. */

import { resolve } from 'node:path';
import { type BulkFormat, ExportReader, type ExportSummary, SPEAKERS } from '../../bulk/index.ts';
import { EXIT } from '../../errors.ts';
import { withClient } from '../ask.ts';
import type { DaemonClient } from '../client/index.ts';
import { usage } from '../errors.ts';
import { formatBytes, formatCount } from '../format.ts';
import { type CliInit, printLine, write } from '../init.ts';
import { refuseOwn } from '../items/index.ts';
import { ownFiles, type TargetOptions } from '../locate.ts';
import { screenOf, wrap } from '../terminal/index.ts';
import { NewFile } from './new-file.ts';
import { createProgress } from './progress.ts';

/** Longest item that is read back: as long as a record can be. */
const MAX_ITEM_BYTES = 2 ** 32 - 1;

export interface ExportOptions extends TargetOptions {
  from?: string;
  to?: string;
  format: BulkFormat;
  output?: string;
  force?: boolean;
}

/** `export`: on standard output, or into a file that has its name only once it is whole. */
export async function exportItems(options: ExportOptions, init: CliInit): Promise<number> {
  const { output, format } = options;
  if (output === undefined && init.stdout.isTTY === true && format === 'binary')
    throw usage('binary records may upset the terminal: give -o FILE, or --format ndjson');
  return withClient(options, init, async (client) => {
    if (output === undefined) {
      const summary = await copy(client, options, init, (chunk) => write(init.stdout, chunk));
      await printLine(init.stderr, wrap(words(summary), screenOf(init.stderr, init)));
      return EXIT.ok;
    }
    const path = resolve(init.cwd, output);
    await refuseOwn(path, await ownFiles(options, init));
    const summary = await NewFile.fill(path, { replace: options.force === true }, (file) =>
      copy(client, options, init, (chunk) => file.write(chunk)),
    );
    const facts = JSON.stringify({ ...summary, output });
    const text = wrap(words(summary), screenOf(init.stdout, init));
    await printLine(init.stdout, options.json === true ? facts : text);
    return EXIT.ok;
  });
}

/** Resolves once the export is known to be whole. */
function copy(
  client: DaemonClient,
  { from, to, format }: ExportOptions,
  { stderr, clock }: CliInit,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<ExportSummary> {
  const reader = new ExportReader(SPEAKERS[format].decoder({ maxItemBytes: MAX_ITEM_BYTES }));
  const progress = createProgress(stderr, clock);
  const query = { from, to, format };
  return client.ask(async (daemon) => {
    try {
      for await (const chunk of daemon.bytes({ method: 'GET', path: '/export', query })) {
        const items = reader.push(chunk);
        progress.step(items.length, reader.header?.items ?? null);
        await take(chunk);
      }
      return reader.end().summary;
    } finally {
      progress.end();
    }
  });
}

function words({ items, bytes, fingerprint }: ExportSummary): string {
  return `exported ${formatCount(items, 'item')}, ${formatBytes(bytes)}; fingerprint ${fingerprint}`;
}
