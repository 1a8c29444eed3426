import { chmod, lstat, stat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { DaemonError, reasonOf } from '../errors.ts';

/** Longest path that the addresses of sockets hold, less on macOS than on Linux. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/**
 * Has the server listen on a Unix domain socket that its owner alone may use. A socket that a killed daemon
 * left is removed first. Rejects with `LISTEN_FAILED`.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  let isPrivate = false;
  // Its mode comes from the umask until it is changed.
  server.prependListener('connection', (socket) => {
    if (!isPrivate) socket.destroy();
  });
  try {
    await checkPlace(path);
    await removeStale(path);
    await listen(server, path);
    await chmod(path, 0o600);
    isPrivate = true;
  } catch (cause) {
    server.close();
    throw new DaemonError(
      'LISTEN_FAILED',
      `the admin endpoint cannot listen on ${path} (${reasonOf(cause)}): choose another admin.socket`,
      { cause },
    );
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Throws the reason where no socket can be: the system's own errors name other reasons. */
async function checkPlace(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) {
    throw new Error(`the path has ${bytes} bytes, and a socket takes at most ${MAX_PATH_BYTES}`);
  }
  const folder = await stat(dirname(path)).catch(({ code }: NodeJS.ErrnoException) => code);
  if (folder === 'ENOENT') throw new Error(`the directory ${dirname(path)} does not exist`);
  if (folder === 'ENOTDIR' || (typeof folder === 'object' && !folder.isDirectory())) {
    throw new Error(`${dirname(path)} is no directory`);
  }
  const found = await lstat(path).catch(() => null);
  if (found?.isSocket() === false) throw new Error('a file that is no socket is there');
}

/** Leaves files that are no socket, and sockets on which a program listens: listening fails then. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found?.isSocket() !== true || (await answers(path))) return;
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const tell = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', tell(true)).once('error', ({ code }: NodeJS.ErrnoException) => {
      tell(code !== 'ECONNREFUSED')();
    });
  });
}
