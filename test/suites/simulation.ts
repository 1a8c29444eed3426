import { importTests } from '../support/import-tests.ts';

await importTests('simulation/*.test.ts');
