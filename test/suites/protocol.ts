import { importTests } from '../support/import-tests.ts';

await importTests(
  'protocol/{*.test.ts,!(reconcile)/**/*.test.ts,reconcile/{*.test.ts,!(dialects)/**/*.test.ts,dialects/*.test.ts,dialects/!(native)/**/*.test.ts}}',
);
