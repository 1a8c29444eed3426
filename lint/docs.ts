import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What programs import: each name behind these doors has a docstring. */
const PUBLIC_DOORS: readonly string[] = [
  'src/daemon/index.ts',
  'src/daemon/client/index.ts',
  'src/protocol/index.ts',
  'src/protocol/libp2p.ts',
  'src/store/index.ts',
];

const LIST = /^export (?:type )?\{([^}]*)\} from '(\.[^']*)';$/gm;
const ALL = /^export (?:type )?\* from '(\.[^']*)';$/gm;
const IMPORTED = /^import (?:type )?\{([^}]*)\} from '(\.[^']*)';$/gm;
const RELAYED = /^export (?:type )?\{([^}]*)\};$/gm;
const DECLARED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|interface|type|const|let|function\*?|enum) ([A-Za-z_$][\w$]*)/gm;

/** A name behind a door, and where it is defined. */
interface Export {
  readonly name: string;
  readonly file: string;
}

/** Exported names of the library without a docstring, each once. */
export function undocumented(root: string): string[] {
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  const faults = new Set<string>();
  for (const door of PUBLIC_DOORS) {
    for (const { name, file } of exportsOf(read, door)) {
      if (!isDocumented(read(file), name))
        faults.add(`${file}: the exported ${name} has no docstring`);
    }
  }
  return [...faults];
}

function exportsOf(read: (file: string) => string, file: string): Export[] {
  const text = read(file);
  const beside = (path: string): string => join(dirname(file), path);
  const own = [...text.matchAll(DECLARED)].map(([, name]) => ({ name: name!, file }));
  const all = [...text.matchAll(ALL)].flatMap(([, path]) => exportsOf(read, beside(path!)));
  const listed = [...text.matchAll(LIST)].flatMap(([, names, path]) =>
    namesIn(names!).map((name) => found(read, beside(path!), name)),
  );
  const relayed = [...text.matchAll(RELAYED)].flatMap(([, names]) =>
    namesIn(names!).map((name) => {
      const from = [...text.matchAll(IMPORTED)].find(([, list]) => namesIn(list!).includes(name));
      return from === undefined ? { name, file } : found(read, beside(from[2]!), name);
    }),
  );
  return [...own, ...all, ...listed, ...relayed];
}

function found(read: (file: string) => string, file: string, name: string): Export {
  return exportsOf(read, file).find((one) => one.name === name) ?? { name, file };
}

function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.replace(/^\s*(?:type )?/, '').trim())
    .filter((name) => name !== '');
}

/** A comment for documentation ends just before the declaration. Packages document their own names. */
function isDocumented(text: string, name: string): boolean {
  const lines = text.split('\n');
  const word = new RegExp(
    `^(?:export )?(?:declare )?(?:abstract )?(?:async )?(?:class|interface|type|const|let|function\\*?|enum) ${name}\\b`,
  );
  const at = lines.findIndex((line) => word.test(line));
  if (at === -1) return text.includes(name);
  return lines[at - 1]?.trimEnd().endsWith('*/') === true;
}
