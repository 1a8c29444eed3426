import {
  type ConfigOrigin,
  type ConfiguredKey,
  configJsonSchema,
  configuredKeys,
  type Setting,
} from '../../config/index.ts';
import type { ConfigurationAnswer } from '../../control-api.ts';
import { EXIT } from '../../errors.ts';
import { type AskOptions, ask, printAnswer } from '../ask.ts';
import { formatCount, formatNumber } from '../format.ts';
import type { CliInit } from '../init.ts';
import { configFile, readConfiguration } from '../locate.ts';
import { formatTable, type Screen, screenOf, type TableColumn } from '../terminal/index.ts';
import { findPolicy } from './policy.ts';

/** Rejects with every mistake, then with that of the write policy, which no key shows. */
export async function checkConfiguration(
  options: { config?: string; json?: boolean },
  flags: readonly Setting[],
  init: CliInit,
): Promise<number> {
  const file = configFile(options.config, init) ?? null;
  const { config, origins } = await readConfiguration(file ?? undefined, flags, init);
  const policy = await findPolicy(config, init);
  const text = [
    `${file ?? 'the configuration without a file'}: valid`,
    ...checked([...origins.values()], policy),
  ].join('\n');
  await printAnswer(options, init, { valid: true, file }, text);
  return EXIT.ok;
}

/** The checks that were passed, and where to find the others. */
function checked(origins: readonly ConfigOrigin[], policy: string | null): string[] {
  const from = (place: ConfigOrigin['from']) =>
    formatNumber(origins.filter((origin) => origin.from === place).length);
  const keys = `${from('file')} from the file, ${from('environment')} from the environment, ${from('flag')} from options, ${from('default')} by default`;
  return [
    `checked: all ${formatCount(origins.length, 'key')}: ${keys}`,
    `checked: the keys fit together; ${policy === null ? 'there is no write policy' : `the write policy ${policy} is there`}`,
    'not checked: keys and tokens, ports, the disk and peers: "rangemesh doctor" looks at these',
  ];
}

export async function showConfiguration(
  options: AskOptions & { running?: boolean },
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
  const screen = screenOf(init.stdout, init, options);
  await printAnswer(options, init, answer, formatConfiguration(answer, screen));
  return EXIT.ok;
}

export async function printSchema(options: { json?: boolean }, init: CliInit): Promise<number> {
  const schema = configJsonSchema();
  await printAnswer(options, init, schema, JSON.stringify(schema, null, 2));
  return EXIT.ok;
}

type ShownKey = readonly [key: string, facts: ConfiguredKey];

const KEY: TableColumn<ShownKey> = { title: '', cell: ([key]) => key };

const VALUE: TableColumn<ShownKey> = {
  title: '',
  cell: ([, { value }]) => JSON.stringify(value),
  cut: true,
};

const FROM: TableColumn<ShownKey> = {
  title: '',
  cell: ([, { from, source }]) => originText(from, source),
  // The end of a path tells more than its beginning.
  short: ([, { from, source }]) => originText(from, source?.replace(/^.*\/(?=[^/]+$)/, '') ?? null),
  cut: true,
};

const REST: TableColumn<ShownKey> = {
  title: '',
  cell: (row) => `${VALUE.cell(row)}  ${FROM.cell(row)}`,
};

function originText(from: string, source: string | null): string {
  return source === null ? `(${from})` : `(${from} ${source})`;
}

/** A long value widens no other line where the screen has no width. */
function formatConfiguration({ keys, needsRestart }: ConfigurationAnswer, screen: Screen): string {
  const rows = Object.entries(keys);
  const columns = screen.columns === null ? [KEY, REST] : [KEY, VALUE, FROM];
  const table = formatTable(rows, columns, screen, { header: false });
  const waiting = needsRestart.map((key) => `${key}: the new value needs a restart`);
  return [table, ...waiting].join('\n');
}
