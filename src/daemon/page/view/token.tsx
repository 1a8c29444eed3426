import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PageAccess } from '../live/index.ts';

/** Asks for the token of the daemon, once a call needs it. */
export function TokenDialog({ access }: { readonly access: PageAccess }): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [token, setToken] = useState('');
  const { question } = access;
  useEffect(() => {
    if (question === 'none') dialog.current?.close();
    else dialog.current?.showModal();
  }, [question]);
  const give = (event: Event) => {
    event.preventDefault();
    if (token.trim() === '') return;
    access.give(token.trim());
    setToken('');
  };
  return (
    <dialog ref={dialog} aria-labelledby="token-title" onCancel={() => access.cancel()}>
      <form onSubmit={give}>
        <h2 id="token-title">Token of the daemon</h2>
        {question === 'wrong' && <p class="bad">The daemon does not accept this token.</p>}
        <p>
          It is in the file <code>admin.token</code> in the data directory, unless{' '}
          <code>admin.tokenFile</code> names another. The page keeps it until this tab is closed.
        </p>
        <input
          type="password"
          aria-label="Token"
          autocomplete="off"
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <div class="actions">
          <button type="button" class="plain" onClick={() => access.cancel()}>
            Cancel
          </button>
          <button type="submit">Use token</button>
        </div>
      </form>
    </dialog>
  );
}
