import { importTests } from '../support/import-tests.ts';

await importTests('protocol/reconcile/native/**/*.test.ts');
