import { Option } from 'commander';
import {
  parseBoundFlag,
  parseBytes,
  parseConcurrency,
  parseCount,
  parseHintFlag,
  parsePlaceFlag,
} from '../flags.ts';
import type { VerbCommand } from '../verb-command.ts';

const ID = '64 hexadecimal digits, or the first 8 or more';

/** `put`, `get`, `why` and `ls`. */
export function addItems(program: VerbCommand): void {
  program
    .clientVerb('put')
    .description(
      'Stores one item and prints its id; with --json also its hint, and whether it is new.',
    )
    .argument('[file]', 'file with the payload; - is standard input', '-')
    .option('--hint <number>', 'place in the order (default: now, in milliseconds)', parseHintFlag)
    .addOption(maxBytes('refuse longer input'))
    .option('--empty', 'store also an empty item')
    .examples('rangemesh put photo.jpg', 'date | rangemesh put --hint 42 --json')
    .runs(async () => (await import('../items/index.ts')).put);
  program
    .clientVerb('get')
    .description('Writes the payload of an item to standard output.')
    .argument('<id>', ID)
    .option('-o, --output <file>', 'write to a new file instead')
    .option('--force', 'write to a terminal whatever the payload is, and replace a file')
    .option('--manifest <file>', 'of an import: in place of the id stands a path in it')
    .examples(
      'rangemesh get 3f1c09ab -o photo.jpg',
      'rangemesh get --manifest photos.ndjson 2024/photo.jpg -o photo.jpg',
    )
    .runs(async () => (await import('../items/index.ts')).get);
  program
    .clientVerb('why')
    .description('Says whether an item is here, and if not, why.')
    .argument('<id>', ID)
    .examples('rangemesh why 3f1c09ab')
    .runs(async () => (await import('../items/index.ts')).why);
  program
    .clientVerb('ls')
    .description('Lists hint, id and payload bytes of each item, in order.')
    .wideOption()
    .option('--from <hint>', 'first hint wanted', parseBoundFlag)
    .option('--to <hint>', 'first hint not wanted', parseBoundFlag)
    .option('--limit <count>', 'most items (default: all)', parseCount)
    .examples('rangemesh ls --limit 10', 'rangemesh ls --from 1700000000000 --json | jq -r .id')
    .runs(async () => (await import('../items/index.ts')).ls);
  program
    .clientVerb('changes')
    .description(
      'Prints a line of JSON for each item in the order in which items arrived here. A new epoch is a line ' +
        'with "reset", and all items follow.',
    )
    .option('--since <place>', 'entries behind this place: SEQ or EPOCH-SEQ', parsePlaceFlag)
    .option('--follow', 'go on with items as they come, until a signal; connects again by itself')
    .option('--payloads', 'with payloads in base64')
    .examples(
      'rangemesh changes | jq -r .id',
      'rangemesh changes --since 0123456789abcdef-1200 --follow --payloads',
    )
    .runs(async () => (await import('../items/index.ts')).changes);
}

/** `import`. */
export function addImport(program: VerbCommand): void {
  program
    .clientVerb('import')
    .description(
      'Stores many items: every file of a directory tree (hint: modification time in ms), or every ' +
        'line of an NDJSON file (hint: one of its fields), or the items of an export. Items that are held ' +
        'already are not sent. Symbolic links are not followed. SIGINT ends it, and says what was stored.',
    )
    .argument('<path>', 'directory, NDJSON file, or file of "export"; - is standard input')
    .option('--hint-field <name>', 'NDJSON: field with the hint (default: hint)')
    .addOption(maxBytes('skip longer files and lines, and count them'))
    .option('--concurrency <count>', 'files read at a time', parseConcurrency, 32)
    .option('--manifest <file>', 'add a line of JSON for each item: path, hint, size and id')
    .examples(
      'rangemesh import ./photos --max-bytes 1MiB',
      'rangemesh import events.ndjson --hint-field created_at --json',
      'zcat events.ndjson.gz | rangemesh import -',
      'rangemesh import ./photos --manifest photos.ndjson',
    )
    .runs(async () => (await import('../import/index.ts')).importPath);
}

/** `export`. */
export function addExport(program: VerbCommand): void {
  program
    .clientVerb('export')
    .description(
      'Writes the items of the set, or of a range of it; "import" takes them on another node. ' +
        'Exit code 65: the export is cut, or its items do not add up to its fingerprint.',
    )
    .option('--from <hint>', 'first hint wanted', parseBoundFlag)
    .option('--to <hint>', 'first hint not wanted', parseBoundFlag)
    .addOption(
      new Option('--format <format>', 'lines of JSON, or records of bytes')
        .choices(['ndjson', 'binary'])
        .default('ndjson'),
    )
    .option('-o, --output <file>', 'write to a new file (default: standard output)')
    .option('--force', 'replace a file that is there already')
    .examples(
      'rangemesh export --format binary -o items.rangemesh',
      'rangemesh export --from 1700000000000 | zstd > items.ndjson.zst',
      'rangemesh import --config other/rangemesh.yaml items.rangemesh',
    )
    .runs(async () => (await import('../export/index.ts')).exportItems);
}

function maxBytes(description: string): Option {
  return new Option('--max-bytes <size>', description)
    .argParser(parseBytes)
    .default(parseBytes('16MiB'), '16MiB');
}
