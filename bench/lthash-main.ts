import { parseArgs } from 'node:util';
import { benchLthash, lthashTable } from './lthash.ts';

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false } } });
  const figures = benchLthash();
  console.log(values.json ? JSON.stringify(figures) : lthashTable(figures));
}
