import { registerHooks } from 'node:module';

// Loaded by `--import` in a test's process, in its threads and in the processes it starts. The loader
// changes the text of one module, so no file changes and several mutants can run side by side.
const { url, start, end, text } = JSON.parse(process.env.RANGEMESH_MUTANT ?? '{}');

registerHooks({
  load(address, context, next) {
    const loaded = next(address, context);
    if (address !== url) return loaded;
    const source = String(loaded.source);
    return { ...loaded, source: source.slice(0, start) + text + source.slice(end) };
  },
});
