import { chmod, lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { DaemonError, reasonOf } from '../errors.ts';

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
