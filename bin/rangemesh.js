#!/usr/bin/env node
// Plain JavaScript of the old kind and no static imports, so that an old Node gets as far as its
// one clear line instead of a syntax error.
const SOURCE = '/src/daemon/main.ts';

const version = process.version;
const [major, minor] = version.slice(1).split('.').map(Number);
// Types are stripped without a flag from 22.18 on, and in the line of 23 from 23.6 on.
const fits = major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);

// A young generation that is left to grow takes some 100 MB. In a small young generation the requests under
// way are copied at each of many collections: 2 MB cost a seventh of the puts. Node gives V8 four threads
// beside the main thread, on two processors too: they stand in its way, and take a quarter more time than one
// thread for the same garbage. V8 takes all this on the command line only, so the daemon's process starts itself
// anew, where it can: Windows cannot, and a channel to the parent would not outlive it.
const V8_FLAGS = ['--min-semi-space-size=8', '--max-semi-space-size=8', '--v8-pool-size=1'];

// Glibc keeps what is freed for each thread, and after a few large buffers takes all buffers from there:
// large items then leave 100 to 150 MB behind. Here buffers from 128 KiB on go back at once. The allocator reads
// these only when a process starts. Other allocators do not know them.
const ALLOCATOR = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '1048576',
};

const given = process.execArgv.concat(process.env.NODE_OPTIONS || '').join(' ');
const sized = /semi.space.size/.test(given);
const renewable = process.execve && process.platform !== 'win32' && process.channel === undefined;

if (fits && process.argv[2] === 'start' && !sized && renewable) {
  const command = [process.execPath, ...V8_FLAGS, ...process.execArgv];
  process.execve(process.execPath, command.concat(process.argv.slice(1)), {
    ...ALLOCATOR,
    ...process.env,
  });
} else if (fits) {
  // As process 1 of a container a signal without a handler is lost, and loading takes a while. What is
  // loaded replaces these by its own.
  process.on('SIGTERM', () => process.exit(0));
  process.on('SIGINT', () => process.exit(130));
  // Under nohup this signal is ignored; what is loaded knows, so it gets the signal again.
  process.on('SIGHUP', () => setTimeout(() => process.kill(process.pid, 'SIGHUP'), 100));
  // Without a listener Node opens its debugger to every user of this machine.
  process.on('SIGUSR1', () => undefined);
  const v8 = process.getBuiltinModule('node:v8');
  if (!sized) v8.setFlagsFromString('--semi-space-growth-factor=1');
  // Nearly all memory lies in buffers outside the heap, whose garbage V8 would let grow for long before
  // it looks: some 60 MB more, and longer pauses for it. At 100 percent an import still doubles the heap.
  v8.setFlagsFromString('--heap-growing-percent=30');
  // A clone has the sources, an installed package what was built from them. Sources kept compiled are
  // up in two thirds of the time, and spare the 30 MB of what strips their types.
  const clone = new URL(`..${SOURCE}`, import.meta.url);
  if (process.getBuiltinModule('node:fs').existsSync(clone)) {
    const kept = new URL('../node_modules/.cache/rangemesh', import.meta.url);
    const { enableCompileCache } = process.getBuiltinModule('node:module');
    enableCompileCache(process.getBuiltinModule('node:url').fileURLToPath(kept));
  }
  import('../src/daemon/main.ts').catch((error) => {
    const { code, url } = Object(error);
    const installed = code === 'ERR_MODULE_NOT_FOUND' && String(url).endsWith(SOURCE);
    if (!installed) throw error;
    return import('../dist/daemon/main.js');
  });
} else {
  const code = 'NODE_TOO_OLD';
  process.stderr.write(
    `rangemesh: Node.js ${version} is too old; install 22.18 or newer, or 23.6 or newer of 23 [${code}]\n`,
  );
  process.exitCode = 78;
}
