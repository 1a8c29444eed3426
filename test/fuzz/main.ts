import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bytesToHex } from '../../src/store/index.ts';
import { keepInputs } from './corpus.ts';
import { Fuzzer } from './fuzzer.ts';
import { TARGETS } from './targets/index.ts';

const HELP = `Usage: npm run -s fuzz -- [--minutes M | --frames N] [--target NAME] [--seed N] [--json] [--keep]

Feeds changed frames, bodies, records and files to every decoder. Fails when one throws an error that is none of
its own, takes an input longer than 100 ms, or when memory grew by more than 32 MiB.

  --minutes M    over all targets (default 1)
  --frames N     inputs over all targets, instead of minutes
  --target NAME  one of ${TARGETS.map(({ name }) => name).join(', ')}
  --seed N       decides the inputs of each target (default: drawn, and printed)
  --json         a JSON object a line
  --keep         adds inputs that showed something new to test/fuzz/corpus; failing inputs are added always
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    frames: { type: 'string' },
    target: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});

/** Milliseconds of one target before the next has its turn. */
const TURN_MS = 100;
/** Inputs of each target before memory is measured: code and caches are loaded then. */
const WARM_UP = 1_000;
const MAX_GROWTH_BYTES = 32 * 2 ** 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Memory of the process after collections, in bytes. */
async function memory(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage.rss();
}

const print = (line: string, object: object): void => {
  process.stdout.write(`${values.json ? JSON.stringify(object) : line}\n`);
};

/** Each target has its share of the time, or of the frames. */
async function fuzz(fuzzers: readonly Fuzzer[]): Promise<void> {
  const end = performance.now() + Number(values.minutes) * 60_000;
  const most = values.frames === undefined ? Infinity : Number(values.frames) / fuzzers.length;
  const over = (): boolean => values.frames === undefined && performance.now() >= end;
  while (!over() && fuzzers.some(({ frames }) => frames < most)) {
    for (const fuzzer of fuzzers) {
      const turnEnd = performance.now() + TURN_MS;
      while (fuzzer.frames < most && performance.now() < turnEnd) await fuzzer.step();
    }
  }
}

function report(fuzzer: Fuzzer): void {
  const { target, frames, taken, longestMs, found, faults } = fuzzer;
  const { name } = target;
  const longest = Number(longestMs.toFixed(1));
  print(
    `${name.padEnd(20)} ${String(frames).padStart(9)} frames, ${taken} taken, ${found.length} ways found, longest ${longest} ms`,
    { event: 'target', target: name, frames, taken, found: found.length, longestMs: longest },
  );
  for (const { input, message } of faults) {
    const hex = bytesToHex(input);
    print(`${name}: ${message}\n  ${hex.slice(0, 400)}`, {
      event: 'fault',
      target: name,
      message,
      hex,
    });
  }
  const failing = faults.map(({ input, message }) => ({ input, remark: message.split(' | ')[0]! }));
  const news = values.keep ? found.map((input) => ({ input, remark: 'a way of its own' })) : [];
  keepInputs(name, [...failing, ...news]);
}

async function run(): Promise<number> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  print(`seed ${seed}`, { event: 'seed', seed });
  const targets = TARGETS.filter(({ name }) => name === (values.target ?? name));
  if (targets.length === 0) throw new Error(`there is no target ${values.target}: see --help`);
  const fuzzers = targets.map((target) => new Fuzzer(target, seed));
  for (const fuzzer of fuzzers) {
    await fuzzer.begin();
    for (let left = WARM_UP; left > 0; left--) await fuzzer.step();
  }
  const before = await memory();
  const began = performance.now();
  await fuzz(fuzzers);
  const seconds = (performance.now() - began) / 1_000;
  const after = await memory();
  for (const fuzzer of fuzzers) report(fuzzer);
  const frames = fuzzers.reduce((sum, fuzzer) => sum + fuzzer.frames, 0);
  const longestMs = Math.max(...fuzzers.map((fuzzer) => fuzzer.longestMs));
  const faults = fuzzers.reduce((sum, fuzzer) => sum + fuzzer.faults.length, 0);
  const mib = (bytes: number): number => Number((bytes / 2 ** 20).toFixed(1));
  const framesPerSecond = Math.round(frames / seconds);
  const end = { frames, framesPerSecond, longestMs: Number(longestMs.toFixed(1)), faults };
  const rss = { rssBeforeMib: mib(before), rssAfterMib: mib(after) };
  print(
    `${frames} frames, ${framesPerSecond} a second, longest ${end.longestMs} ms, RSS ${rss.rssBeforeMib} MiB before and ${rss.rssAfterMib} MiB after, ${faults} faults`,
    { event: 'end', seed, ...end, ...rss },
  );
  return faults === 0 && after - before <= MAX_GROWTH_BYTES ? 0 : 1;
}

if (values.help) process.stdout.write(HELP);
else process.exitCode = await run();
