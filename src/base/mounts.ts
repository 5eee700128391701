/** One line of a mount table. See proc_pid_mountinfo(5). */
export interface Mount {
  id: number;
  device: string;
  /** What of that device it shows. */
  root: string;
  /** Where it lies. */
  point: string;
  readOnly: boolean;
  type: string;
}

/** It escapes single bytes; put together again they are UTF-8. */
function decode(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes = Buffer.from(text).toString('latin1');
  const plain = bytes.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
  return Buffer.from(plain, 'latin1').toString();
}

/** The text of a mountinfo, in the order of mounting. Part of the pack too, so it needs nothing but Node. */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap(line => {
    const [id, , device, root, point, options = ''] = line.split(' ');
    if (!device || !root || !point) return [];
    return [
      {
        id: Number(id),
        device,
        root: decode(root),
        point: decode(point),
        readOnly: options.split(',').includes('ro'),
        type: / - (\S+)/.exec(line)?.[1] ?? '',
      },
    ];
  });
}
