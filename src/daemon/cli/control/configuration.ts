import { configJsonSchema, configuredKeys, type Setting } from '../../config/index.ts';
import type { ConfigurationAnswer } from '../../control-api.ts';
import { EXIT } from '../../errors.ts';
import { ask, printAnswer } from '../ask.ts';
import type { CliInit } from '../init.ts';
import { configFile, readConfiguration, type TargetOptions } from '../locate.ts';

/** Rejects with every mistake. */
export async function checkConfiguration(
  options: { config?: string; json?: boolean },
  flags: readonly Setting[],
  init: CliInit,
): Promise<number> {
  const file = configFile(options.config, init) ?? null;
  await readConfiguration(file ?? undefined, flags, init);
  const text = `${file ?? 'the configuration without a file'}: valid`;
  await printAnswer(options, init, { valid: true, file }, text);
  return EXIT.ok;
}

export async function showConfiguration(
  options: TargetOptions & { running?: boolean },
  init: CliInit,
): Promise<number> {
  if (options.running === true || options.url !== undefined) {
    return ask(options, init, {
      call: (daemon) => daemon.getConfiguration(),
      show: formatConfiguration,
    });
  }
  const { config, dataDir } = options;
  const flags =
    dataDir === undefined ? [] : [{ path: 'node.dataDir', value: dataDir, source: '--data-dir' }];
  const loaded = await readConfiguration(configFile(config, init), flags, init);
  const keys = configuredKeys(loaded.config, (path) => loaded.origins.get(path)!);
  const answer: ConfigurationAnswer = { keys, needsRestart: [] };
  await printAnswer(options, init, answer, formatConfiguration(answer));
  return EXIT.ok;
}

export async function printSchema(options: { json?: boolean }, init: CliInit): Promise<number> {
  const schema = configJsonSchema();
  await printAnswer(options, init, schema, JSON.stringify(schema, null, 2));
  return EXIT.ok;
}

function formatConfiguration({ keys, needsRestart }: ConfigurationAnswer): string {
  const width = Math.max(...Object.keys(keys).map((key) => key.length));
  const lines = Object.entries(keys).map(([key, { value, from, source }]) => {
    const origin = source === null ? from : `${from} ${source}`;
    return `${key.padEnd(width)}  ${JSON.stringify(value)}  (${origin})`;
  });
  const waiting = needsRestart.map((key) => `${key}: the new value needs a restart`);
  return [...lines, ...waiting].join('\n');
}
