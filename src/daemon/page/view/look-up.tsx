import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { failureText, type PageAccess } from '../live/index.ts';
import { type WhyText, whyText } from '../state/index.ts';

interface LookUpProps {
  readonly access: PageAccess;
  /** An id that was picked elsewhere on the page. */
  readonly sought: string;
}

type LookedUp = ({ readonly id: string } & WhyText) | { readonly failure: string };

/** Tells where an item is, or why it is not here. */
export function LookUp({ access, sought }: LookUpProps): VNode {
  const [id, setId] = useState('');
  const [found, setFound] = useState<LookedUp | null>(null);
  const look = async (wanted: string): Promise<void> => {
    if (wanted.trim() !== '') setFound(await find(access, wanted.trim()));
  };
  useEffect(() => {
    setId(sought);
    void look(sought);
  }, [sought]);
  const submit = (event: Event) => {
    event.preventDefault();
    void look(id);
  };
  return (
    <section class="card" aria-labelledby="look-up">
      <h2 id="look-up">Look up an item</h2>
      <form class="line" onSubmit={submit}>
        <input
          class="mono"
          aria-label="Id of an item, 8 digits or more"
          placeholder="Id, 8 digits or more"
          spellcheck={false}
          value={id}
          onInput={({ currentTarget }) => setId(currentTarget.value)}
        />
        <button type="submit">Why?</button>
      </form>
      <div role="status">{found !== null && <Answer found={found} />}</div>
    </section>
  );
}

function Answer({ found }: { readonly found: LookedUp }): VNode {
  if ('failure' in found) return <p class="bad">{found.failure}</p>;
  return (
    <>
      <p class={found.held ? 'answer good' : 'answer warn'}>{found.title}</p>
      <p class="mono whole">{found.id}</p>
      {found.sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </>
  );
}

async function find(access: PageAccess, id: string): Promise<LookedUp> {
  try {
    const why = await access.call((client) => client.whyItem(id));
    return { id: why.id, ...whyText(why) };
  } catch (error) {
    return { failure: failureText(error) ?? 'The daemon does not answer.' };
  }
}
