import { spawn } from 'node:child_process';
import { run } from '../base/exec.ts';
import { type Check, OK } from './case.ts';
import { makeTry } from './tries.ts';
import type { Observation, Try } from './wire.ts';

/** What the script ends with when it was refused; anything else but 0 says nothing. */
const DENIED = 3;
/** Milliseconds until what was typed must have arrived: it is there at once, and only has to be passed on. */
const ARRIVES = 500;

/** Makes a terminal, prints its number, and then each line that is typed into it, until its input ends: pty(7), ioctl_tty(2). */
const HOLD = `sysopen(my $m,"/dev/ptmx",0402)or exit 1;my $z=pack("i",0);ioctl($m,0x40045431,$z)or exit 1;my $n=pack("i",0);ioctl($m,0x80045430,$n)or exit 1;
$n=unpack("i",$n);sysopen(my $t,"/dev/pts/$n",0402)or exit 1;$|=1;print "$n\\n";my $b;while(1){my $v="";vec($v,fileno($t),1)=1;vec($v,0,1)=1;
select($v,undef,undef,undef);if(vec($v,0,1)){sysread(STDIN,$b,99)or exit}if(vec($v,fileno($t),1)){sysread($t,$b,4096)or exit;print $b}}`;

/**
 * Takes the terminal for its own, as a program in a new session does by opening it, and types a line into it with
 * TIOCSTI. It lets it go again before it ends, so that the next one can have it.
 */
const TYPE = `use POSIX ();my($p,$w)=@ARGV;my $c=fork;defined $c or exit 1;if(!$c){$SIG{HUP}="IGNORE";POSIX::setsid();sysopen(my $t,$p,2)or exit ${DENIED};
for(split(//,"$w\\n")){my $x=$_;ioctl($t,0x5412,$x)or exit ${DENIED}}ioctl($t,0x5422,0);exit 0}waitpid($c,0);exit($?&127?1:$?>>8)`;

/** A terminal of ours, with nothing behind it, that belongs to the user as all of theirs do. */
export interface Terminal {
  /** The host types this word itself. */
  typeHere(word: string): Promise<Check>;
  typeTry(word: string): Try;
  /** Whether this word was typed. */
  arrived(word: string): Promise<boolean>;
  close(): void;
}

/** Makes one, held by a program of its own; undefined where that cannot be had, or the host cannot type into it either. */
export async function openTerminal(perl: string, word: string): Promise<Terminal | undefined> {
  const child = spawn(perl, ['-e', HOLD], { cwd: '/', stdio: ['pipe', 'pipe', 'ignore'], env: {} });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const close = () => child.kill('SIGKILL');
  process.once('exit', close);
  let heard = '';
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const look of waiting) look();
  };
  child.stdout.on('data', (part: Buffer) => {
    // As much as all the tries of a run could type.
    heard = (heard + part.toString('latin1')).slice(-1_000_000);
    tell();
  });
  child.once('close', tell);
  const until = (found: () => boolean, time: number) =>
    new Promise<boolean>(done => {
      const look = () => {
        if (!found() && child.exitCode === null && child.signalCode === null) return;
        clearTimeout(timer);
        waiting.delete(look);
        done(found());
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        done(found());
      }, time);
      waiting.add(look);
      look();
    });
  const number = () => /^(\d+)\n/.exec(heard)?.[1];
  await until(() => number() !== undefined, 2_000);
  const path = `/dev/pts/${number()}`;
  const argv = (typed: string) => [perl, '-e', TYPE, path, typed];
  const arrived = (typed: string) => until(() => heard.includes(`${typed}\n`), ARRIVES);
  const terminal: Terminal = {
    async typeHere(typed) {
      const [program = '', ...args] = argv(typed);
      const { code } = await run(program, args, { cwd: '/', timeout: 3_000 });
      return code === 0 && (await arrived(typed)) ? OK : { ok: false, reason: 'not typed' };
    },
    typeTry: typed => makeTry({ op: 'exec', argv: argv(typed), cwd: '/' }),
    arrived,
    close() {
      process.off('exit', close);
      close();
    },
  };
  if (number() !== undefined && (await terminal.typeHere(word)).ok) return terminal;
  terminal.close();
  return undefined;
}

/** What the run of the typing program says. */
export function typedOutcome(observation: Observation): Observation {
  if (observation.outcome !== 'done' || observation.code === 0) return observation;
  return observation.code === DENIED
    ? { ...observation, outcome: 'refused', reason: 'not typed' }
    : { ...observation, outcome: 'error', reason: `it ended with ${observation.code}` };
}
