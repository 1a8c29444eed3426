import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const EXAMPLES = fileURLToPath(new URL('../examples', import.meta.url));
/** As the daemon has it for wrong arguments. */
const USAGE_EXIT = 64;

const names = readdirSync(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, 'main.ts')));
const [name = ''] = process.argv.slice(2);
if (names.includes(name)) {
  const file = join(EXAMPLES, name, 'main.ts');
  // The example finds its arguments where it would if it had been started itself.
  process.argv.splice(1, 2, file);
  await import(file);
} else {
  const reason = name === '' ? 'name an example' : `there is no example ${name}`;
  process.stderr.write(`example: ${reason}: ${names.join(', ')}\n`);
  process.exitCode = USAGE_EXIT;
}
