import { file, flag, HOST, integer, list, type Section, section, text } from '../leaves.ts';

export interface AdminConfig {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** File with the bearer token; null: `admin.token` in the data directory. */
  tokenFile: string | null;
  /** Host names accepted in the Host header, besides loopback and the address bound. */
  allowedHosts: string[];
  /** Reading needs the token on loopback too. */
  readToken: boolean;
  /** A Unix domain socket of mode 0600 that needs no token; null: none. */
  socket: string | null;
  /** Files with certificate and private key, in PEM; null: HTTP without TLS. */
  tls: { cert: string | null; key: string | null };
}

export const admin: Section<AdminConfig> = section({
  host: text({
    pattern: /^(?:[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+)$/,
    expected: 'a host name or IP address to bind, without scheme and port',
    fallback: '127.0.0.1',
  }).describe('Address of the admin endpoint; beyond loopback admin.tokenFile must be set'),
  port: integer([0, 65_535], 9464).describe('Port of the admin endpoint; 0: any'),
  tokenFile: file().describe('File with the bearer token; null: admin.token in node.dataDir'),
  allowedHosts: list(HOST, []).describe('Host names accepted besides loopback and admin.host'),
  readToken: flag(false).describe('Reading needs the token on loopback too; probes never do'),
  socket: file().describe('Unix domain socket, mode 0600, that needs no token; null: none'),
  tls: section({
    cert: file().describe('File with the certificate, in PEM; the port then speaks HTTPS'),
    key: file().describe('File with the private key of the certificate, in PEM'),
  }),
});
