/** `npm run -s bench -- NAME [options]`: runs the benchmark of that name. */
import { whenOrphaned } from '../scripts/support/parents.ts';

type Bench = (args: string[]) => Promise<void>;

const BENCHES: Record<string, () => Promise<Bench>> = {
  lthash: async () => (await import('./lthash-main.ts')).main,
  store: async () => (await import('./store-main.ts')).main,
  put: async () => (await import('./put.ts')).main,
  negentropy: async () => (await import('./negentropy.ts')).main,
  reconcile: async () => (await import('./reconcile.ts')).main,
  catchup: async () => (await import('./catchup.ts')).main,
  propagate: async () => (await import('./propagate.ts')).main,
  fetch: async () => (await import('./fetch.ts')).main,
  hostile: async () => (await import('./hostile.ts')).main,
  http: async () => (await import('./http.ts')).main,
  import: async () => (await import('./import.ts')).main,
  foreground: async () => (await import('./foreground.ts')).main,
  export: async () => (await import('./export.ts')).main,
  feed: async () => (await import('./feed.ts')).main,
  overload: async () => (await import('./overload.ts')).main,
  sizing: async () => (await import('./sizing.ts')).main,
  prune: async () => (await import('./prune.ts')).main,
  repair: async () => (await import('./repair.ts')).main,
};

whenOrphaned(() => process.kill(process.pid, 'SIGTERM'));

const [name = '', ...args] = process.argv.slice(2);
const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (load === undefined) {
  console.error(`give one of these: ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 64;
} else {
  const main = await load();
  await main(args);
}
