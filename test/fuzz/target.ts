/** One decoder under fuzzing. */
export interface FuzzTarget {
  /** Names the file of its corpus too. */
  readonly name: string;
  /** Inputs that it takes as they are. */
  readonly seeds: readonly Uint8Array[];
  /** Pieces of its language. @default none */
  readonly tokens?: readonly Uint8Array[];
  /** Longest input. @default `MAX_INPUT_BYTES` */
  readonly maxBytes?: number;
  /** Corrects checksums, so that a changed input reaches the code behind them. @default none has any */
  readonly mend?: (input: Uint8Array) => void;
  /** Reads an input to its end. Throws, on purpose, what `refuses` knows; anything else is a fault. */
  readonly read: (input: Uint8Array) => void | Promise<void>;
  readonly refuses: (error: unknown) => boolean;
}

/** The result of an input: the same for inputs that took the same way, as far as can be told. */
export async function outcomeOf(target: FuzzTarget, input: Uint8Array): Promise<Outcome> {
  try {
    const reading = target.read(input);
    if (reading !== undefined) await reading;
    return { kind: 'taken', way: 'taken' };
  } catch (error) {
    const way = String(error)
      .replace(/"[^"]*"|[0-9]+/g, '#')
      .slice(0, 120);
    return target.refuses(error) ? { kind: 'refused', way } : { kind: 'fault', way, error };
  }
}

export type Outcome =
  | { readonly kind: 'taken' | 'refused'; readonly way: string }
  | { readonly kind: 'fault'; readonly way: string; readonly error: unknown };

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
