import { drive, nativeDialect } from 'rangemesh/protocol';
import { bytesToHex } from 'rangemesh/store';
import { MAX_NOTES, type Note, Notes } from './notes.ts';

/** Notes of one request. */
const CHUNK = 100;

const native = nativeDialect();
const notes = new Notes();

const form = element('form') as HTMLFormElement;
const text = element('#text') as HTMLInputElement;

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  await attempt(async () => {
    notes.add({ at: Date.now(), text: text.value });
    text.value = '';
    return 'Noted on this page.';
  });
});
element('#reconcile').addEventListener('click', () => attempt(reconcile));

/** Makes page and server equal: a session finds the ids, then requests carry the notes. */
async function reconcile(): Promise<string> {
  const snapshot = notes.set.snapshot();
  const session = native.session({ role: 'initiator', snapshot, tell: MAX_NOTES });
  const socket = new WebSocket(`ws://${location.host}/session`);
  const { missing, have } = await drive(session, socket).finally(() => snapshot.release());
  for (const ids of chunksOf(missing.map(bytesToHex))) {
    for (const note of await call('/notes/get', ids)) notes.add(note);
  }
  for (const ids of chunksOf(have.map(bytesToHex))) await call('/notes/add', notes.get(ids));
  return `Equal: took ${missing.length}, gave ${have.length}.`;
}

async function call(path: string, body: unknown): Promise<Note[]> {
  const answer = await fetch(path, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return await answer.json();
}

/** Shows the result of an action, or why it failed, and the notes. */
async function attempt(action: () => Promise<string>): Promise<void> {
  const told = await action().catch((error: Error) => `Failed: ${error.message}`);
  element('output').textContent = told;
  const rows = notes.all().map((note) => {
    const row = document.createElement('li');
    row.textContent = note.text;
    return row;
  });
  element('ol').replaceChildren(...rows);
}

function chunksOf<Value>(values: readonly Value[]): Value[][] {
  return Array.from({ length: Math.ceil(values.length / CHUNK) }, (_, i) =>
    values.slice(i * CHUNK, (i + 1) * CHUNK),
  );
}

function element(selector: string): HTMLElement {
  return document.querySelector(selector)!;
}
