import { createHash, randomBytes } from 'node:crypto';

/** SHA-256 in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** `bytes` random bytes in hex: ids, nonces, canaries. */
export function randomHex(bytes = 16): string {
  return randomBytes(bytes).toString('hex');
}
