/** Numbers of system calls by machine: keyrings of the user, and doors into the kernel that no agent needs. */
const CALLS = {
  x64: {
    /** AUDIT_ARCH_X86_64 of <linux/audit.h>. */
    audit: 0xc000003e,
    ioctl: 16,
    refused: [248, 249, 250, 298, 321, 323, 246, 320, 175, 313, 425, 426, 427],
    // chmod, fchmod, creat, mknod; fchmodat, fchmodat2, mknodat.
    modes: { 90: 1, 91: 1, 85: 1, 133: 1, 268: 2, 452: 2, 259: 2 },
    // open, openat: the mode follows the flags.
    opens: { 2: 1, 257: 2 },
    openat2: 437,
  },
  arm64: {
    /** AUDIT_ARCH_AARCH64. */
    audit: 0xc00000b7,
    ioctl: 29,
    refused: [217, 218, 219, 241, 280, 282, 104, 294, 105, 273, 425, 426, 427],
    modes: { 52: 1, 53: 2, 452: 2, 33: 2 },
    opens: { 56: 2 },
    openat2: 437,
  },
} as const;

const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_IF_ANY = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050000 | 1;
const ENOSYS = 0x00050000 | 38;
/** O_CREAT and the flag of O_TMPFILE: without either, what stands in the mode's place means nothing. */
const CREATES = 0x400040;
const SETUID = 0o4000;
const SETGID = 0o2000;

type Instruction = [code: number, whenTrue: number, whenFalse: number, value: number];

/** The low 32 bits of an argument. */
const argument = (at: number) => 16 + 8 * at;

/** For one call: refused where its mode holds one of the bits. The number is loaded again for what comes after. */
const refuseModes = (number: number, mode: number, bits: number): Instruction[] => [
  [JUMP_EQUAL, 0, 4, number],
  [LOAD_WORD, 0, 0, argument(mode)],
  [JUMP_IF_ANY, 0, 1, bits],
  [RETURN, 0, 0, EPERM],
  [LOAD_WORD, 0, 0, 0],
];

/** The same for one that may make a file, and has a mode then alone. */
const refuseNew = (number: number, flags: number, bits: number): Instruction[] => [
  [JUMP_EQUAL, 0, 6, number],
  [LOAD_WORD, 0, 0, argument(flags)],
  [JUMP_IF_ANY, 0, 3, CREATES],
  [LOAD_WORD, 0, 0, argument(flags + 1)],
  [JUMP_IF_ANY, 0, 1, bits],
  [RETURN, 0, 0, EPERM],
  [LOAD_WORD, 0, 0, 0],
];

/**
 * A seccomp filter (struct sock_filter[] of <linux/filter.h>) that refuses typing into the terminal (TIOCSTI, TIOCLINUX),
 * the kernel's keyrings (add_key, request_key, keyctl), perf_event_open, bpf, userfaultfd, kexec, modules and io_uring,
 * and every call by another machine's numbers. Nor can a file be made one that runs as its owner: a box's files are those
 * of who started it, outside too. Where that is root (`asRoot`), nor as its group; for others that bit stays, since folders
 * that a group shares have it. Undefined on machines whose numbers are not in the table.
 */
export function seccompFilter(
  arch: string = process.arch,
  asRoot: boolean = process.getuid?.() === 0 || process.getgid?.() === 0,
): Buffer | undefined {
  const calls = arch === 'x64' || arch === 'arm64' ? CALLS[arch] : undefined;
  if (!calls) return undefined;
  const bits = asRoot ? SETUID | SETGID : SETUID;
  const pairs = (table: Readonly<Record<number, number>>) =>
    Object.entries(table).map(([number, at]): [number, number] => [Number(number), at]);
  const program: Instruction[] = [
    [LOAD_WORD, 0, 0, 4],
    [JUMP_EQUAL, 1, 0, calls.audit],
    [RETURN, 0, 0, ENOSYS],
    [LOAD_WORD, 0, 0, 0],
    // The x32 numbers, which start at 2^30, are another way to the same calls.
    [JUMP_AT_LEAST, 0, 1, 0x40000000],
    [RETURN, 0, 0, ENOSYS],
    ...calls.refused.flatMap((number): Instruction[] => [
      [JUMP_EQUAL, 0, 1, number],
      [RETURN, 0, 0, EPERM],
    ]),
    ...pairs(calls.modes).flatMap(([number, at]) => refuseModes(number, at, bits)),
    ...pairs(calls.opens).flatMap(([number, at]) => refuseNew(number, at, bits)),
    // Its mode lies in memory, where a filter cannot look: whoever uses it falls back on openat.
    [JUMP_EQUAL, 0, 1, calls.openat2],
    [RETURN, 0, 0, ENOSYS],
    [JUMP_EQUAL, 0, 4, calls.ioctl],
    // The kernel looks at the low 32 bits of the request alone, and so must the filter.
    [LOAD_WORD, 0, 0, 24],
    [JUMP_EQUAL, 1, 0, TIOCSTI],
    [JUMP_EQUAL, 0, 1, TIOCLINUX],
    [RETURN, 0, 0, EPERM],
    [RETURN, 0, 0, ALLOW],
  ];
  const filter = Buffer.alloc(program.length * 8);
  program.forEach(([code, whenTrue, whenFalse, value], index) => {
    filter.writeUInt16LE(code, index * 8);
    filter.writeUInt8(whenTrue, index * 8 + 2);
    filter.writeUInt8(whenFalse, index * 8 + 3);
    filter.writeUInt32LE(value, index * 8 + 4);
  });
  return filter;
}
