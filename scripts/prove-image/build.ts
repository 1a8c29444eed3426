import { cpSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DockerStage } from './dockerfile.ts';
import { call, type Inside, isolated, outputOf } from './shell.ts';

/** Where engines look for programs. */
export const PATH: string = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const CERTIFICATES = 'etc/ssl/prove-image.pem';

/** A stage that was built, and the settings of its image. */
export interface BuiltStage extends Inside {
  readonly env: Record<string, string>;
  directory: string;
  user: string;
  entrypoint: string[];
  command: string[];
  healthcheck: string[];
}

/** Copies the files that `.dockerignore` lets into the build. */
export function copyContext(clone: string, context: string): void {
  const lines = readFileSync(join(clone, '.dockerignore'), 'utf8').split('\n');
  const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  for (const name of globSync(allowed, { cwd: clone })) {
    cpSync(join(clone, name), join(context, name), { recursive: true });
  }
}

/** Carries out the steps of a stage in a root of its own. */
export function buildStage(
  { steps }: DockerStage,
  root: string,
  context: string,
  former: ReadonlyMap<string, BuiltStage>,
): BuiltStage {
  const stage: BuiltStage = {
    ...{ root, env: { PATH }, directory: '/', user: '0:0' },
    ...{ entrypoint: [], command: [], healthcheck: [] },
  };
  for (const { instruction, text } of steps) {
    console.error(`${instruction} ${text}`);
    if (instruction === 'RUN') runStep(stage, text);
    else if (instruction === 'COPY') copyStep(stage, text, context, former);
    else setUp(stage, instruction, text);
  }
  return stage;
}

function setUp(stage: BuiltStage, instruction: string, text: string): void {
  if (instruction === 'WORKDIR') {
    stage.directory = resolve(stage.directory, text);
    mkdirSync(join(stage.root, stage.directory), { recursive: true });
  } else if (instruction === 'ENV') {
    for (const [, name, value] of text.matchAll(/(\w+)=(\S+)/g)) stage.env[name!] = value!;
  } else if (instruction === 'USER') stage.user = text;
  else if (instruction === 'ENTRYPOINT') stage.entrypoint = JSON.parse(text);
  else if (instruction === 'CMD') stage.command = JSON.parse(text);
  else if (instruction === 'HEALTHCHECK') stage.healthcheck = JSON.parse(text.split('CMD ')[1]!);
}

function runStep(stage: BuiltStage, command: string): void {
  const env = { ...stage.env, ...network(stage.root), HOME: '/root' };
  call('unshare', ...isolated({ ...stage, env }), 'sh', '-c', command);
}

/** How npm reaches its registry from this machine. */
export function network(root: string): Record<string, string> {
  const registry = { npm_config_registry: outputOf('npm', 'config', 'get', 'registry').trim() };
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (file === undefined) return registry;
  cpSync(file, join(root, CERTIFICATES), { dereference: true });
  return { ...registry, NODE_EXTRA_CA_CERTS: `/${CERTIFICATES}` };
}

/** The content of a directory, or files; they belong to root. */
function copyStep(
  { root, directory }: BuiltStage,
  text: string,
  context: string,
  former: ReadonlyMap<string, BuiltStage>,
): void {
  const [, from, paths = text] = /^--from=(\w+) (.*)$/.exec(text) ?? [];
  const base = from === undefined ? context : former.get(from)!.root;
  const sources = paths.split(' ');
  const target = join(root, resolve(directory, sources.pop()!));
  mkdirSync(target, { recursive: true });
  for (const source of sources) {
    const path = join(base, source);
    const content = outputOf('stat', '--format=%F', path).startsWith('directory') ? '/.' : '';
    call('cp', '--archive', '--no-preserve=ownership', `${path}${content}`, target);
  }
}
