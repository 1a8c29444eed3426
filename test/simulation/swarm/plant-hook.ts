import { registerHooks } from 'node:module';
import type { PlantEdit } from './plants.ts';

// Loaded by `--import` in the threads of a swarm: the loader changes the text of modules, so no file changes.
const edits = JSON.parse(process.env.RANGEMESH_PLANT ?? '[]') as readonly PlantEdit[];

registerHooks({
  load(address, context, next) {
    const loaded = next(address, context);
    const here = edits.filter(({ file }) => address.endsWith(`/${file}`));
    if (here.length === 0) return loaded;
    let source = String(loaded.source);
    for (const { from, to } of here) source = source.replace(from, () => to);
    return { ...loaded, source };
  },
});
