import { importTests } from '../support/import-tests.ts';

await importTests('{daemon/{*.test.ts,!(admin|cli|client|page)/**/*.test.ts},fuzz/**/*.test.ts}');
