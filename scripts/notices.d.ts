interface Metafile {
  outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
}
export function bundledPackages(metafile: Metafile): string[];
export function notices(metafiles: readonly Metafile[], root: string): Promise<string>;
