import type { AnyImplementation } from './implementation.ts';

/** What can be measured, by the name that `--impl` takes and the figures show. */
export const IMPLEMENTATIONS: Record<string, () => Promise<AnyImplementation>> = {
  rangemesh: async () => (await import('./rangemesh.ts')).vector,
  'rangemesh-tree': async () => (await import('./rangemesh.ts')).tree,
  'rangemesh-level': async () => (await import('./rangemesh.ts')).level,
  'nostr-tools': async () => (await import('./nostr-tools.ts')).nostrTools,
};
