/**
 * `node lint/rooms.ts [ROOT]`: holds the order of the house in `src/` (see CONTRIBUTING.md, "How the code
 * reads"). Prints a line for each fault and exits 1 when there are any.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { circlesOf } from './circles.ts';
import { claimFaults } from './claims.ts';
import { undocumented } from './docs.ts';
import { outlinesOf, type SourceOutline } from './outline.ts';
import { proseFaults } from './sentences.ts';

/** Rooms at the top, each of which may import those behind it. */
const ORDER: readonly string[] = ['daemon', 'protocol', 'store'];
/** Doors beside `index.ts`, with the reason for each. */
const FURTHER_DOORS: ReadonlySet<string> = new Set([
  // Everything that loads libp2p: `rangemesh/protocol` must not.
  'src/protocol/libp2p.ts',
]);
/**
 * A second door of any room: its options and their defaults. The configuration reads defaults there
 * without loading the room, so this file loads nothing but options of other rooms.
 */
const OPTIONS_DOOR = 'options.ts';
const LOADS = /^(?:import|export) (?!type )[*{][^'";]*? from '([^']+)';$/gm;
/** Doors for tests alone: they show what tests must see inside. */
const TEST_DOOR = 'testing.ts';
const MAX_FILES = 15;
const MAX_LINES = 300;
/** A door says so where its room has more files than usual. */
const MORE_FILES = /more than 15 files/i;

export function faultsOf(root: string): string[] {
  const sources = outlinesOf(root, 'src').filter(({ file }) => !file.endsWith('.generated.ts'));
  const tests = ['test', 'bench', 'scripts'].flatMap((folder) => outlinesOf(root, folder));
  const examples = outlinesOf(root, 'examples');
  return [
    ...examples.flatMap((source) => pathsIntoTheClone(source)),
    ...sources.flatMap((source) => pathsPastDoors(source)),
    ...sources.flatMap((source) => upwardImports(source)),
    ...tests.flatMap((source) => testPathsPastDoors(source)),
    ...optionsThatLoad(root, sources),
    ...circlesOf(sources).map((circle) => `circle: ${circle.join(' -> ')}`),
    ...typesDefinedTwice(sources),
    ...roomFaults(root, sources),
    ...longFiles(root, sources),
    ...claimFaults(root),
    ...proseFaults(root),
  ];
}

/** A file may import its own room, the files of the rooms around it, and other rooms by their doors. */
function pathsPastDoors({ file, imports }: SourceOutline): string[] {
  const faults: string[] = [];
  for (const target of imports) {
    if (!target.startsWith('src/')) continue;
    const [from, to] = [dirname(file), dirname(target)];
    if (target.endsWith(`/${TEST_DOOR}`)) {
      faults.push(`${file} imports ${target}, a door for tests alone`);
    } else if (isWithin(from, to)) {
      if (target.endsWith('/index.ts') && !file.endsWith('/index.ts')) {
        faults.push(`${file} imports ${target}, the door of a room it lies in`);
      }
    } else if (!isDoor(target) || !isWithin(from, dirname(to))) {
      faults.push(`${file} imports ${target}, past the door of its room`);
    }
  }
  return faults;
}

function testPathsPastDoors({ file, imports }: SourceOutline): string[] {
  return imports
    .filter((target) => target.startsWith('src/'))
    .filter((target) => !isDoor(target) && !target.endsWith(`/${TEST_DOOR}`))
    .map((target) => `${file} imports ${target}, past the door of its room`);
}

/** An example is a program of a user, who has the package and not the clone. */
function pathsIntoTheClone({ file, imports }: SourceOutline): string[] {
  const own = file.split('/').slice(0, 2).join('/');
  return imports
    .filter((target) => !target.startsWith(`${own}/`))
    .map((target) => `${file} imports ${target}: an example imports the package by its name`);
}

function optionsThatLoad(root: string, sources: readonly SourceOutline[]): string[] {
  return sources
    .filter(({ file }) => file.endsWith(`/${OPTIONS_DOOR}`))
    .flatMap(({ file }) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(LOADS)]
        .filter(([, target]) => !target!.endsWith(`/${OPTIONS_DOOR}`))
        .map(([, target]) => `${file} loads ${target}: options load nothing but options`),
    );
}

function upwardImports({ file, imports }: SourceOutline): string[] {
  const own = ORDER.indexOf(file.split('/')[1] ?? '');
  return imports
    .filter((target) => target.startsWith('src/'))
    .filter((target) => ORDER.indexOf(target.split('/')[1] ?? '') < own)
    .map((target) => `${file} imports upward: ${target}`);
}

function typesDefinedTwice(sources: readonly SourceOutline[]): string[] {
  const files = new Map<string, string[]>();
  for (const { file, types } of sources) {
    for (const name of types) files.set(name, [...(files.get(name) ?? []), file]);
  }
  return [...files]
    .filter(([, where]) => new Set(where).size > 1)
    .map(([name, where]) => `the type ${name} is defined twice: ${where.join(', ')}`);
}

/** Every folder is a room: it has a door that says what it is for, and few files. */
function roomFaults(root: string, sources: readonly SourceOutline[]): string[] {
  const rooms = new Set(sources.map(({ file }) => dirname(file)).filter((room) => room !== 'src'));
  const faults: string[] = [];
  for (const room of rooms) {
    const door = join(root, room, 'index.ts');
    if (!existsSync(door)) {
      faults.push(`${room} has no door: give it an index.ts that says what the room is for`);
      continue;
    }
    const text = readFileSync(door, 'utf8');
    if (!text.startsWith('/**')) faults.push(`${room}/index.ts does not say what the room is for`);
    const files = readdirSync(join(root, room)).filter((name) => isOwnFile(name));
    if (files.length > MAX_FILES && !MORE_FILES.test(text)) {
      faults.push(`${room} has ${files.length} files, more than ${MAX_FILES}`);
    }
  }
  return faults;
}

function isOwnFile(name: string): boolean {
  return /\.tsx?$/.test(name) && !['index.ts', OPTIONS_DOOR, TEST_DOOR].includes(name);
}

function longFiles(root: string, sources: readonly SourceOutline[]): string[] {
  return sources
    .map(({ file }) => ({
      file,
      lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1,
    }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ file, lines }) => `${file} has ${lines} lines, more than ${MAX_LINES}`);
}

function isDoor(target: string): boolean {
  return (
    target.endsWith('/index.ts') || target.endsWith(`/${OPTIONS_DOOR}`) || FURTHER_DOORS.has(target)
  );
}

/** Whether `folder` is `around` or lies somewhere below it. */
function isWithin(folder: string, around: string): boolean {
  return !normalize(relative(around, folder)).startsWith('..');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
  const house = root.replace(/\/$/, '');
  const faults = [...faultsOf(house), ...undocumented(house)];
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
