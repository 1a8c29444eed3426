import { catchUp } from './empty-node.ts';

const [directory, items, ...addresses] = process.argv.slice(2) as [string, string, ...string[]];
console.log(JSON.stringify(await catchUp(directory, addresses, Number(items))));
process.exit(0);
