import { findProgram, run } from '../../base/exec.ts';
import { randomHex } from '../../base/hash.ts';
import type { Probe, ProbeContext, Subject } from './types.ts';

type Command = Extract<Subject, { kind: 'command' }>;

/** Numbers of add_key and keyctl by machine. */
const CALLS: Readonly<Partial<Record<NodeJS.Architecture, readonly [add: string, control: string]>>> = {
  x64: ['248', '250'],
  arm64: ['217', '219'],
};

/** Seconds after which the kernel itself drops the key: it outlives a killed run by no more. */
const LIFETIME = 150;
/** What the script ends with when the kernel said no; anything else says nothing. */
const DENIED = 3;

/** Adds the key with the value on its input to the user's keyring, and to the session's where there is one: keyctl(2). */
const PLANT = `my($a,$k,$n)=@ARGV;$a+=0;$k+=0;my $c=<STDIN>;my $t="user";my $i=syscall($a,$t,$n,$c,length $c,-4);$i<0 and exit ${DENIED};
syscall($k,15,$i,${LIFETIME});my $s=syscall($k,0,-3,0);$s>0 and syscall($k,8,$i,-3)`;

/** Looks for it in the session's keyring, then in the user's, from a session of its own that goes away with it. */
const READ = `my($k,$n)=@ARGV;$k+=0;my $t="user";my $i=syscall($k,10,-3,$t,$n,0);
if($i<0){syscall($k,1,0)<0 and exit ${DENIED};syscall($k,8,-4,-3);$i=syscall($k,10,-4,$t,$n,0)}
$i<0 and exit ${DENIED};my $b="\\0"x200;my $l=syscall($k,11,$i,$b,200);$l<0 and exit ${DENIED};print substr($b,0,$l)`;

const REMOVE = `my($k,$n)=@ARGV;$k+=0;my $t="user";for(-3,-4){my $i=syscall($k,10,$_,$t,$n,0);$i>0 and syscall($k,9,$i,$_)}`;

/** A key of our own in the kernel's keyrings, where logins to file servers, disks and Kerberos lie. No other is looked at. */
export function keyringProbe({ root, deep, readOnly }: ProbeContext): Probe {
  const perl = findProgram('perl', [root]);
  const calls = CALLS[process.arch];
  const why =
    process.platform !== 'linux'
      ? 'not on this system'
      : !deep
        ? 'only with --deep'
        : readOnly
          ? 'read-only try: nothing is planted'
          : calls === undefined
            ? 'not on this kind of processor'
            : perl === undefined
              ? 'it takes perl to ask the kernel'
              : undefined;
  return {
    safeguard: 'SEC-1',
    attempt: 'exec',
    target: 'kernel keyrings',
    expect: 'deny',
    severity: 'high',
    group: 'secrets',
    opens: 'the keys that your session keeps in the kernel',
    subject:
      why !== undefined || perl === undefined || calls === undefined
        ? { kind: 'skip', why: why ?? 'not here' }
        : {
            kind: 'command',
            argv: [perl, '-e', READ, calls[1], `agent-posture-try-${process.pid}-${randomHex(6)}`],
            cwd: '/',
            expect: randomHex(24),
            success: 'printed',
            denied: DENIED,
            timeout: 3_000,
          },
    origin: 'keyring',
  };
}

/** Lays the key that the probe looks for; gives what takes it away. Where the kernel refuses it, there is nothing to try. */
export async function plantKey({ argv, expect = '' }: Command): Promise<() => Promise<void>> {
  const calls = CALLS[process.arch];
  const [perl = '', , , , name = ''] = argv;
  if (!calls) return async () => {};
  await run(perl, ['-e', PLANT, ...calls, name], { cwd: '/', timeout: 3_000, input: expect });
  return async () => {
    await run(perl, ['-e', REMOVE, calls[1], name], { cwd: '/', timeout: 3_000 });
  };
}
