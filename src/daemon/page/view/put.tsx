import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { failureText, type PageAccess } from '../live/index.ts';
import { bytesText, shortId } from '../state/index.ts';

interface PutProps {
  readonly access: PageAccess;
  readonly onPick: (id: string) => void;
}

/** A payload that waits to be read: files are held one at a time. */
interface NewPayload {
  readonly name: string;
  readonly size: number;
  readonly read: () => Promise<ArrayBuffer>;
}

interface PutOutcome {
  readonly name: string;
  readonly text: string;
  readonly id: string | null;
}

/** The daemon knows its limit; this bound keeps the memory of the browser. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const KEPT_OUTCOMES = 5;

/** Stores files and texts, by drag and drop, a file chooser, or the keyboard. */
export function Put({ access, onPick }: PutProps): VNode {
  const [outcomes, setOutcomes] = useState<readonly PutOutcome[]>([]);
  const [isOver, setOver] = useState(false);
  const [text, setText] = useState('');
  const put = async (payload: NewPayload): Promise<PutOutcome> => {
    const outcome = await putOne(access, payload);
    setOutcomes((earlier) => [outcome, ...earlier].slice(0, KEPT_OUTCOMES));
    return outcome;
  };
  const putAll = async (payloads: readonly NewPayload[]): Promise<void> => {
    for (const payload of payloads) await put(payload);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void putAll([...(event.dataTransfer?.files ?? [])].map(fromFile));
  };
  const over = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (text === '') return;
    setText('');
    const { id } = await put(fromText(text));
    // A text that was begun meanwhile stays.
    if (id === null) setText((now) => (now === '' ? text : now));
  };
  return (
    <section class="card" aria-labelledby="put">
      <h2 id="put">Put an item</h2>
      <label
        class={isOver ? 'drop over' : 'drop'}
        onDragOver={over}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <span>Drop files here, or choose them</span>
        <input
          type="file"
          multiple
          onChange={({ currentTarget }) => void putAll(chosen(currentTarget))}
        />
      </label>
      <form class="line" onSubmit={send}>
        <input
          aria-label="Text of a new item"
          placeholder="Or type a text"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">Put</button>
      </form>
      <Outcomes outcomes={outcomes} onPick={onPick} />
    </section>
  );
}

interface OutcomesProps extends Pick<PutProps, 'onPick'> {
  readonly outcomes: readonly PutOutcome[];
}

function Outcomes({ outcomes, onPick }: OutcomesProps): VNode {
  return (
    <div role="log" aria-label="Results of puts">
      <ul class="rows">
        {outcomes.map(({ name, text, id }, i) => (
          <li key={`${outcomes.length - i} ${name}`} class={id === null ? 'bad' : ''}>
            {id !== null && (
              <button type="button" class="id" onClick={() => onPick(id)}>
                {shortId(id)}
              </button>
            )}
            <span class="what">
              {name}: {text}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

async function putOne(access: PageAccess, { name, size, read }: NewPayload): Promise<PutOutcome> {
  if (size > MAX_FILE_BYTES) {
    const text = `it has ${bytesText(size)}: use "rangemesh put" for files above ${bytesText(MAX_FILE_BYTES)}`;
    return { name, text, id: null };
  }
  if (size === 0) {
    return { name, text: 'it is empty: "rangemesh put --empty" stores an empty item', id: null };
  }
  try {
    const payload = new Uint8Array(await read());
    const { id, created } = await access.call((client) => client.putItem(payload));
    return { name, text: created ? 'stored' : 'it was here already', id };
  } catch (error) {
    return { name, text: failureText(error) ?? 'the daemon does not answer', id: null };
  }
}

/** Takes the files out of the field, so that the same file can be chosen again. */
function chosen(field: HTMLInputElement): NewPayload[] {
  const files = [...(field.files ?? [])].map(fromFile);
  field.value = '';
  return files;
}

function fromFile(file: File): NewPayload {
  return { name: file.name, size: file.size, read: () => file.arrayBuffer() };
}

function fromText(text: string): NewPayload {
  const blob = new Blob([text]);
  return { name: 'Text', size: blob.size, read: () => blob.arrayBuffer() };
}
