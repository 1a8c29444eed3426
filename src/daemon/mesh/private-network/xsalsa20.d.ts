declare module 'xsalsa20' {
  interface Xor {
    update(input: Uint8Array, output: Uint8Array): Uint8Array;
    /** Frees the state; nothing may follow. */
    finalize(): void;
  }

  export default function xsalsa20(nonce: Uint8Array, key: Uint8Array): Xor;
}
