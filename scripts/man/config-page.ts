import { isMap, type Pair, parseDocument, type Scalar, stringify, type YAMLMap } from 'yaml';
import { entries, head, literal, paragraph, plain, section } from './roff.ts';

const EXAMPLE = [
  'node:',
  '  dataDir: /var/lib/rangemesh',
  'access:',
  '  mode: psk',
  '  pskFile: mesh.psk',
];

/** The page rangemesh.yaml(5), written from the file of the defaults and its comments. */
export function configPage(version: string, defaults: string): string {
  const document = parseDocument<YAMLMap<string, YAMLMap>, true>(defaults);
  return `${[
    head('rangemesh.yaml', 5, version, 'File Formats'),
    section('name', 'rangemesh.yaml \\- configuration of a node of rangemesh'),
    section(
      'description',
      paragraph(
        'The file is YAML. Each key that it leaves out has its default. A flag of "rangemesh start" goes ' +
          'before a variable of the environment, and a variable goes before the file. Sizes are bytes, or ' +
          'numbers with a unit such as 16MiB. Relative paths are relative to the file. Unknown keys are errors.',
      ),
      paragraph(
        '"rangemesh config check" checks the file, and "rangemesh config show" prints each value.',
      ),
    ),
    ...document.contents!.items.map(sectionPart),
    section('examples', literal(EXAMPLE)),
    section('see also', '.BR rangemesh (1)'),
  ].join('\n')}\n`;
}

function sectionPart({ key, value }: Pair<string, YAMLMap>): string {
  const name = String(key);
  return section(
    name,
    ...keysOf(value!).map(
      ({ path, value, comment }) =>
        entries([[`${name}.${path}`, comment]]) +
        `\n.br\n${plain(`Default: ${stringify(value, { collectionStyle: 'flow' }).trim()}`)}`,
    ),
  );
}

interface Key {
  readonly path: string;
  readonly value: unknown;
  readonly comment: string;
}

/** Keys without a comment of their own have that of the key around them. */
function keysOf(map: YAMLMap, prefix = '', around = ''): Key[] {
  return map.items.flatMap((pair, i) => {
    const { key, value } = pair as { key: Scalar<string>; value: unknown };
    const path = `${prefix}${key.value}`;
    // The library hands the comment of the first key to the map.
    const comment = key.commentBefore ?? (i === 0 ? map.commentBefore : null) ?? around;
    if (isMap<string>(value)) return keysOf(value as YAMLMap, `${path}.`, comment);
    return [{ path, value, comment: words(comment) }];
  });
}

function words(comment: string): string {
  return comment.replaceAll(/\s+/g, ' ').trim();
}
