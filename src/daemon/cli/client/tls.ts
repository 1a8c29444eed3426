import { X509Certificate } from 'node:crypto';
import type https from 'node:https';
import { connect } from 'node:tls';
import { DaemonError, type DaemonErrorCode } from '../../errors.ts';

/** How the daemon was called when TLS failed. */
export interface TlsCall {
  readonly url: string;
  /** The daemon was found by its directory, and must show one certificate. */
  readonly pinned: boolean;
}

const PROBE_MS = 5_000;
const MISMATCH = 'CERTIFICATE_MISMATCH';
const RENEW = 'put a valid certificate into the files of admin.tls, and restart the daemon';

/** Names that OpenSSL gives certificates without an authority that counts. */
const UNTRUSTED: ReadonlySet<unknown> = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_UNTRUSTED'],
  ...['CERT_SIGNATURE_FAILURE', 'CERT_REJECTED', 'INVALID_CA', 'INVALID_PURPOSE'],
]);

/** Codes of connections on which the other side broke off, or said no HTTP, as a port of TLS does. */
const MAYBE_TLS: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_CONSTANT']);

/** The names in a certificate say nothing about a daemon found by its directory: it must be the very same. */
export function pinnedTo(certificate: string): https.AgentOptions {
  const { raw } = new X509Certificate(certificate);
  return {
    ca: certificate,
    allowPartialTrustChain: true,
    checkServerIdentity: (_host, shown) =>
      shown.raw.equals(raw)
        ? undefined
        : Object.assign(new Error('another certificate'), { code: MISMATCH }),
  };
}

/** The trouble with TLS that ended a connection, with its own code; null if the connection ended otherwise. */
export async function tlsTrouble(cause: unknown, call: TlsCall): Promise<DaemonError | null> {
  const { code, message } = Object(cause);
  if (new URL(call.url).protocol === 'http:') {
    const isTls = MAYBE_TLS.has(code) && (await speaksTls(new URL(call.url)));
    return isTls ? trouble('TLS_NEEDED', call, cause) : null;
  }
  if (code === MISMATCH || (UNTRUSTED.has(code) && call.pinned))
    return trouble(MISMATCH, call, cause);
  if (UNTRUSTED.has(code)) return trouble('CERTIFICATE_UNTRUSTED', call, cause);
  if (code === 'CERT_HAS_EXPIRED') return trouble('CERTIFICATE_EXPIRED', call, cause);
  if (code === 'CERT_NOT_YET_VALID') return trouble('CERTIFICATE_NOT_YET_VALID', call, cause);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return trouble('CERTIFICATE_WRONG_HOST', call, cause);
  if (code !== 'EPROTO' && !String(code).startsWith('ERR_SSL_')) return null;
  const isPlain = /wrong.version.number|packet.length.too.long|unknown.protocol/i;
  return trouble(isPlain.test(`${code} ${message}`) ? 'TLS_MISSING' : 'TLS_FAILED', call, cause);
}

type TlsCode = Extract<
  DaemonErrorCode,
  `TLS_${'NEEDED' | 'MISSING' | 'FAILED'}` | `CERTIFICATE_${string}`
>;

const SENTENCES: Readonly<Record<TlsCode, (url: string, cause: unknown) => string>> = {
  TLS_NEEDED: (url) => `${url} speaks HTTPS alone: give ${url.replace(/^http:/, 'https:')}`,
  TLS_MISSING: (url) =>
    `${url} speaks no HTTPS: set admin.tls of the daemon, or give ${url.replace(/^https:/, 'http:')} where nobody listens in`,
  TLS_FAILED: (url, cause) =>
    `${url} takes no connection by TLS 1.2 or later (${alertOf(cause)}): check that a daemon listens there`,
  CERTIFICATE_UNTRUSTED: (url) =>
    `no authority that this machine trusts has signed the certificate of ${url}: name the file of that ` +
    'certificate, or of its authority, in NODE_EXTRA_CA_CERTS; where the daemon runs, give --data-dir and no --url',
  CERTIFICATE_EXPIRED: (url) => `the certificate of ${url} has expired: ${RENEW}`,
  CERTIFICATE_NOT_YET_VALID: (url) =>
    `the certificate of ${url} is not valid yet: compare the clock of this machine, or ${RENEW}`,
  CERTIFICATE_WRONG_HOST: (url, cause) =>
    `the certificate of ${url} is ${namesOf(cause)}: give a URL with a name of the certificate, or ${RENEW}`,
  CERTIFICATE_MISMATCH: (url) =>
    `${url} shows another certificate than the file of admin.tls.cert holds, so it was told nothing: restart the ` +
    'daemon if that file was renewed; else another program has its port',
};

function trouble(code: TlsCode, { url }: TlsCall, cause: unknown): DaemonError {
  return new DaemonError(code, SENTENCES[code](url, cause), { cause });
}

/** The hosts that the certificate of the error is for. */
function namesOf(cause: unknown): string {
  const { subjectaltname = '', subject } = Object(Object(cause).cert);
  const names = String(subjectaltname).replace(/\b(?:DNS|IP Address):/g, '');
  const all = names || Object(subject).CN;
  return all ? `for ${all}` : 'for no host';
}

function alertOf(cause: unknown): string {
  const [, alert] = /alert ([a-z ]+)/.exec(String(Object(cause).message)) ?? [];
  return alert === undefined ? String(Object(cause).code) : alert.trim();
}

/** Whether a handshake of TLS ends well at the host and port; the certificate does not count, and nothing is told. */
function speaksTls({ hostname, port }: URL): Promise<boolean> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port: Number(port || 80), rejectUnauthorized: false });
  socket.setTimeout(PROBE_MS, () => resolve(false));
  socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false));
  socket.once('close', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
