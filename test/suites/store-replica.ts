import { importTests } from '../support/import-tests.ts';

await importTests('store/replica/**/*.test.ts');
