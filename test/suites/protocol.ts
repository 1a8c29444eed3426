import { importTests } from '../support/import-tests.ts';

await importTests(
  'protocol/{*.test.ts,!(reconcile)/**/*.test.ts,reconcile/*.test.ts,reconcile/!(native)/**/*.test.ts}',
);
