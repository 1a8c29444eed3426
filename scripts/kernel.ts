import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { unroll } from './rounds.ts';

const SOURCES = new URL('../assembly/', import.meta.url);
const OUTPUT = new URL('../src/store/kernel/kernel.generated.ts', import.meta.url);

/**
 * No optimiser: Binaryen's moves vector code about and copies constant shuffle masks to each of their
 * uses, and of that V8 makes a kernel 1.66 times as slow (1,358 ns an id instead of 817).
 */
const OPTIONS = [
  ...['--runtime', 'stub', '--noAssert', '--use', 'abort='],
  ...['--enable', 'simd', '--enable', 'bulk-memory'],
  ...['--initialMemory', '1', '--maximumMemory', '1'],
];

/** Compiles assembly/ and returns the text of the generated module. Equal sources give equal text. */
export async function generateKernel(): Promise<string> {
  const sources = await readSources();
  const wasm = await compile(sources);
  const digest = createHash('sha256');
  for (const [name, text] of sources) digest.update(`${name}\n${text}\n`);
  return [
    '// Generated from assembly/ by `npm run kernel`; do not edit.',
    `// Compiler: AssemblyScript ${asc.version}, asc index.ts ${OPTIONS.join(' ')}`,
    `// Sources with rounds unrolled, SHA-256: ${digest.digest('hex')}`,
    `// Module: ${wasm.length} bytes, SHA-256: ${createHash('sha256').update(wasm).digest('hex')}`,
    'export const KERNEL_WASM_BASE64: string =',
    `  '${Buffer.from(wasm).toString('base64')}';`,
    '',
  ].join('\n');
}

async function readSources(): Promise<Map<string, string>> {
  const names = (await readdir(SOURCES)).filter((name) => name.endsWith('.ts')).sort();
  const texts = names.map(
    async (name): Promise<[string, string]> => [
      name,
      unroll(await readFile(new URL(name, SOURCES), 'utf8')),
    ],
  );
  return new Map(await Promise.all(texts));
}

async function compile(sources: Map<string, string>): Promise<Uint8Array> {
  let wasm: Uint8Array | null = null;
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'kernel.wasm', ...OPTIONS], {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (_, contents) => {
      wasm = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === null) throw new Error(`asc failed:\n${stderr.toString()}`);
  return wasm;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(OUTPUT, await generateKernel());
}
