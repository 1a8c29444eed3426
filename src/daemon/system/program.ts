import { type ChildProcess, spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';

/** What a started program does. */
export interface ProgramEvents {
  output(bytes: Uint8Array): void;
  /** So many bytes came on its standard error. */
  errorOutput?(bytes: number): void;
  /** It ended, or could not be started. Said once, with the reason. */
  ended(reason: string): void;
}

/** A program that this process started. */
export interface Program {
  /** To its standard input. What it does not read waits in memory. */
  write(text: string): void;
  /** Ends it at once, with all that it started. */
  kill(): void;
  /** The last words on its standard error. */
  readonly errorOutput: string;
}

/** What a program is started with. */
export interface ProgramInit {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly directory: string;
  readonly heard: ProgramEvents;
}

/** Code of the operator, beside the daemon or within it. */
export interface Programs {
  /** Starts the program of a command, without a shell. */
  start(init: ProgramInit): Program;
  /** Loads a module; rejects if that fails. */
  load(path: string): Promise<unknown>;
}

const MAX_ERROR_CHARACTERS = 1_024;

/** The real programs. */
export const systemPrograms: Programs = {
  start: startProgram,
  load: (path) => import(pathToFileURL(path).href),
};

/** Starts it in a process group of its own: signals of the terminal are for the daemon, which ends it. */
function startProgram({ command, directory, heard }: ProgramInit): Program {
  const [file = '', ...words] = command;
  // Without free descriptors there are no pipes, and an error follows.
  const child: ChildProcess = spawn(file, words, { cwd: directory, detached: true, stdio: 'pipe' });
  const { stdin, stdout, stderr } = child;
  let errorOutput = '';
  let running = true;
  const ended = (reason: string): void => {
    if (running) heard.ended(reason);
    running = false;
  };
  stdout?.on('data', (bytes: Buffer) => heard.output(bytes));
  stderr?.on('data', (bytes: Buffer) => {
    heard.errorOutput?.(bytes.length);
    errorOutput = (errorOutput + bytes.toString()).slice(-MAX_ERROR_CHARACTERS);
  });
  // A program that ends breaks its pipe; the end itself is told below.
  for (const pipe of [stdin, stdout, stderr]) pipe?.on('error', () => undefined);
  child.on('error', ({ message }) => ended(message));
  child.on('exit', (code, signal) => ended(`it ended with ${signal ?? `exit code ${code}`}`));
  return {
    write: (text) => void stdin?.write(text),
    kill() {
      running = false;
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended, and left nothing behind.
      }
    },
    get errorOutput() {
      return errorOutput.trim();
    },
  };
}
