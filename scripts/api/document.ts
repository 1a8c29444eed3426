import { type AdminInit, createAdmin } from '../../src/daemon/admin/index.ts';
import { createLogger } from '../../src/daemon/index.ts';
import { systemClock } from '../../src/daemon/system/index.ts';
import type { DescribedApi } from './render.ts';

/** Parts that no call for the document reaches. */
const UNUSED = {} as unknown as AdminInit['node'] & AdminInit['control'];

/** The document, as an endpoint on loopback serves it. */
export async function apiDocument(): Promise<DescribedApi> {
  const admin = createAdmin({
    node: UNUSED,
    control: UNUSED,
    metrics: { contentType: 'text/plain', text: async () => '' },
    token: { token: '-'.repeat(32), trouble: null, look: async () => undefined },
    host: '127.0.0.1',
    port: 0,
    limits: { maxItemBytes: 1 },
    prove: () => '',
    clock: systemClock,
    logger: createLogger({
      clock: systemClock,
      level: 'error',
      destination: { write: (line: string) => console.error(line) },
    }),
  });
  try {
    const answer = await fetch(`${await admin.listen()}/openapi.json`);
    return (await answer.json()) as DescribedApi;
  } finally {
    await admin.close();
  }
}
