import { importTests } from '../support/import-tests.ts';

await importTests('protocol/reconcile/dialects/native/**/*.test.ts');
