import { importTests } from '../support/import-tests.ts';

await importTests('{daemon,fuzz}/**/*.test.ts');
