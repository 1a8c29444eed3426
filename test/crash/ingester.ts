import { writeSync } from 'node:fs';
import { numbered } from './items.ts';
import { openReplica } from './replica.ts';

/**
 * Run as a process of its own: puts items from number `first` on, by four callers, one to some hundred
 * at a time, and prints the numbers of each put once it is acknowledged; until it is killed, or until
 * a put fails.
 */
const [directory, first] = process.argv.slice(2) as [string, string];
const replica = await openReplica(directory);
let next = Number(first);

async function caller(size: number): Promise<void> {
  for (;;) {
    const numbers = Array.from({ length: size }, () => next++);
    await replica.put(numbers.map(numbered));
    writeSync(1, `${numbers.join('\n')}\n`);
  }
}

await Promise.all([1, 1, 30, 300].map(caller));
