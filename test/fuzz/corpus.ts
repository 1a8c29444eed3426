import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bytesToHex, hexToBytes } from '../../src/store/index.ts';

const FOLDER = new URL('./corpus/', import.meta.url);

/** The inputs that are kept of a target: a line of hexadecimal digits each; `#` begins a remark. */
export function corpusOf(target: string): Uint8Array[] {
  const file = fileOf(target);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .map((line) => line.replace(/#.*/, '').trim())
    .filter(Boolean)
    .map(hexToBytes);
}

/** Keeps these inputs too, each behind a remark. */
export function keepInputs(target: string, kept: readonly KeptInput[]): void {
  if (kept.length === 0) return;
  const file = fileOf(target);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = kept.map(({ input, remark }) => `# ${remark}\n${bytesToHex(input)}\n`);
  writeFileSync(file, before + lines.join(''));
}

export interface KeptInput {
  readonly input: Uint8Array;
  /** One line. */
  readonly remark: string;
}

function fileOf(target: string): string {
  return fileURLToPath(new URL(`${target}.txt`, FOLDER));
}
