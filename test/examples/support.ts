import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanUp } from '../support/clean-up.ts';
import { within } from '../support/within.ts';

const RUNNER = fileURLToPath(new URL('../../scripts/example.ts', import.meta.url));

/** The end of an example. */
export interface EndedExample {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An example that runs in a process of its own. */
export interface RunningExample {
  /** Resolves with the first line of standard output, past or to come, that matches. */
  line(wanted: RegExp): Promise<string>;
  kill(signal?: NodeJS.Signals): Promise<EndedExample>;
  /** Resolves once the process has ended. */
  readonly ended: Promise<EndedExample>;
}

/** Starts an example as `npm run example` does. It is killed when the test ends. */
export function startExample(
  context: TestContext,
  name: string,
  args: readonly string[] = [],
): RunningExample {
  const child = spawn(process.execPath, ['--conditions=rangemesh-source', RUNNER, name, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = new EventEmitter<{ line: [string] }>();
  const lines: string[] = [];
  let stderr = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    heard.emit('line', line);
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, stdout: lines.join('\n'), stderr }));
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    child.kill(signal);
    return await ended;
  };
  cleanUp(context, () => kill());
  return {
    ended,
    kill,
    line(wanted) {
      const line = new Promise<string>((resolve, reject) => {
        const look = (text: string) => wanted.test(text) && resolve(text);
        lines.forEach(look);
        heard.on('line', look);
        ended.then(() => reject(new Error(`it ended without a line ${wanted}: ${stderr}`)));
      });
      return within(line, `a line ${wanted}`, 60_000);
    },
  };
}

/** Runs an example to its end. */
export function runExample(
  context: TestContext,
  name: string,
  args: readonly string[] = [],
): Promise<EndedExample> {
  return within(startExample(context, name, args).ended, `${name} ends`, 60_000);
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
