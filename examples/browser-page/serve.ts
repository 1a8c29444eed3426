import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { build } from 'esbuild';
import { drive, nativeDialect } from 'rangemesh/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { Notes } from './notes.ts';

const MAX_SESSIONS = 32;
const SESSION_MS = 60_000;
const MAX_MESSAGE_BYTES = 128 * 1024;
/** A request carries at most 100 notes. */
const MAX_BODY_BYTES = 1024 * 1024;
const TRY_AGAIN_LATER = 1013;

/** The hashes of rangemesh are WebAssembly, which a policy has to allow. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/** The page as one file. In a clone Node has a condition that names the sources; esbuild gets it too. */
async function bundle(): Promise<string> {
  const conditions = process.execArgv
    .filter((flag) => flag.startsWith('--conditions='))
    .map((flag) => flag.slice('--conditions='.length));
  const { outputFiles } = await build({
    entryPoints: [new URL('page.ts', import.meta.url).pathname],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2024',
    conditions,
    // No tsconfig.json of the surroundings changes the bundle.
    tsconfigRaw: '{}',
    write: false,
  });
  return outputFiles[0]!.text;
}

/** A server of the page and its notes, that does not listen yet. */
export async function createNoteServer(): Promise<Server> {
  const notes = new Notes();
  const html = await readFile(new URL('index.html', import.meta.url));
  const script = await bundle();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const route = `${request.method} ${request.url}`;
    if (route === 'GET /') send(response, 'text/html', html);
    else if (route === 'GET /page.js') send(response, 'text/javascript', script);
    else if (route === 'POST /notes/get') {
      send(response, 'application/json', JSON.stringify(notes.get(await listIn(request))));
    } else if (route === 'POST /notes/add') {
      for (const note of await listIn<unknown>(request)) notes.add(note);
      send(response, 'application/json', '[]');
    } else send(response, 'text/plain', `there is no ${route}`, 404);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => send(response, 'text/plain', error.message, 400));
  });
  serveSessions(server, notes);
  return server;
}

function send(
  response: ServerResponse,
  type: string,
  body: string | Uint8Array,
  status = 200,
): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': POLICY,
  });
  response.end(body);
}

/** The JSON list in the body of a request. */
async function listIn<Value = string>(request: IncomingMessage): Promise<Value[]> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new Error(`a request has ${MAX_BODY_BYTES} bytes at most`);
    chunks.push(chunk);
  }
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
  if (!Array.isArray(value)) throw new Error('the body is a list');
  return value;
}

/** Pages of other origins may open sockets too, so the origin is checked. */
function serveSessions(server: Server, notes: Notes): void {
  const native = nativeDialect();
  const sockets = new WebSocketServer({
    server,
    path: '/session',
    maxPayload: MAX_MESSAGE_BYTES,
    verifyClient: ({ origin, req }: { origin: string; req: IncomingMessage }) =>
      origin === `http://${req.headers.host}`,
  });
  let sessions = 0;
  sockets.on('connection', (socket: WebSocket) => {
    socket.on('error', () => undefined);
    if (sessions === MAX_SESSIONS) return socket.close(TRY_AGAIN_LATER, 'too many sessions');
    sessions++;
    const snapshot = notes.set.snapshot();
    const signal = AbortSignal.timeout(SESSION_MS);
    drive(native.session({ role: 'responder', snapshot }), socket, { signal })
      .catch((error: Error) => console.error(`a session failed: ${error.message}`))
      .finally(() => {
        snapshot.release();
        sessions--;
      });
  });
}
