/** `host:port` as CONNECT wants it. */
export function formatTarget(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The head of a CONNECT, without a login and without its end. */
export function connectRequest(target: string, header: string): Buffer {
  return Buffer.from(`CONNECT ${target} HTTP/1.1\r\nHost: ${header}\r\n`, 'latin1');
}
