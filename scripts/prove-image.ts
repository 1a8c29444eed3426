/**
 * `npm run prove:image`: carries out the steps of the Dockerfile in clean Debian roots, and runs the result, where no
 * container engine is at hand. It needs Linux, root and mmdebstrap. The base images themselves stay unproved.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeBaseRoot } from './prove-image/base-root.ts';
import { type BuiltStage, buildStage, copyContext } from './prove-image/build.ts';
import { checkDependencies, checkOwner, checkRuns, checkVersion } from './prove-image/checks.ts';
import { argumentOf, stagesOf } from './prove-image/dockerfile.ts';
import { call } from './prove-image/shell.ts';
import { temporaryFolder } from './support/folders.ts';

const clone = fileURLToPath(new URL('../', import.meta.url));
const work = temporaryFolder('rangemesh-image');
const dockerfile = readFileSync(join(clone, 'Dockerfile'), 'utf8');

const base = join(work, 'debian');
makeBaseRoot(base, work, argumentOf(dockerfile, 'NODE_VERSION'));
const context = join(work, 'context');
mkdirSync(context);
copyContext(clone, context);

const built = new Map<string, BuiltStage>();
for (const stage of stagesOf(dockerfile)) {
  const root = join(work, `stage-${built.size}`);
  call('cp', '--archive', base, root);
  built.set(stage.name, buildStage(stage, root, context, built));
}
const image = [...built.values()].at(-1)!;
const lock = JSON.parse(readFileSync(join(clone, 'package-lock.json'), 'utf8'));
console.log(`proved: ${checkVersion(image)}`);
console.log(`proved: ${checkDependencies(image, lock)}`);
console.log(`proved: ${checkOwner(image)}`);
console.log(`proved: ${await checkRuns(image)}`);
console.log('not proved: the base images, and what an engine does with VOLUME, EXPOSE and LABEL');
