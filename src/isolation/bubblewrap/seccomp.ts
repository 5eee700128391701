/** Numbers of system calls by machine: keyrings of the user, and doors into the kernel that no agent needs. */
const CALLS = {
  x64: {
    /** AUDIT_ARCH_X86_64 of <linux/audit.h>. */
    audit: 0xc000003e,
    ioctl: 16,
    refused: [248, 249, 250, 298, 321, 323, 246, 320, 175, 313, 425, 426, 427],
  },
  arm64: {
    /** AUDIT_ARCH_AARCH64. */
    audit: 0xc00000b7,
    ioctl: 29,
    refused: [217, 218, 219, 241, 280, 282, 104, 294, 105, 273, 425, 426, 427],
  },
} as const;

const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050000 | 1;
const ENOSYS = 0x00050000 | 38;

/**
 * A seccomp filter (struct sock_filter[] of <linux/filter.h>) that refuses typing into the terminal (TIOCSTI, TIOCLINUX),
 * the kernel's keyrings (add_key, request_key, keyctl), perf_event_open, bpf, userfaultfd, kexec, modules and io_uring,
 * and every call by another machine's numbers. Undefined on machines whose numbers are not in the table.
 */
export function seccompFilter(arch: string = process.arch): Buffer | undefined {
  const calls = arch === 'x64' || arch === 'arm64' ? CALLS[arch] : undefined;
  if (!calls) return undefined;
  const program: [code: number, whenTrue: number, whenFalse: number, value: number][] = [
    [LOAD_WORD, 0, 0, 4],
    [JUMP_EQUAL, 1, 0, calls.audit],
    [RETURN, 0, 0, ENOSYS],
    [LOAD_WORD, 0, 0, 0],
    // The x32 numbers, which start at 2^30, are another way to the same calls.
    [JUMP_AT_LEAST, 0, 1, 0x40000000],
    [RETURN, 0, 0, ENOSYS],
    ...calls.refused.flatMap((number): [number, number, number, number][] => [
      [JUMP_EQUAL, 0, 1, number],
      [RETURN, 0, 0, EPERM],
    ]),
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
