import { importTests } from '../support/import-tests.ts';

await importTests('daemon/{admin,cli,client,page}/**/*.test.ts');
