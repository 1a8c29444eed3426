/** Whether `parse` takes a text without throwing. */
export function parses(parse: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      parse(text);
      return true;
    } catch {
      return false;
    }
  };
}

/** The fields of an object in JSON; none if the text is no JSON: perhaps another program answers. */
export function jsonFields(text: string): { readonly [name: string]: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
