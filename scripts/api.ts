import { readFile, writeFile } from 'node:fs/promises';
import { apiDocument, renderApi } from './api/index.ts';

const introduction = await readFile(new URL('api/introduction.md', import.meta.url), 'utf8');
await writeFile(
  new URL('../docs/api.md', import.meta.url),
  renderApi(await apiDocument(), introduction),
);
