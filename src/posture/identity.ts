/** What git takes off both ends of a name and an address, so that nothing is left of one that is all of it: ident.c of git. */
const LEFT_OUT = /^[\p{C}\s.,:;<>"\\']*$/u;

/** Why git would not commit under this name, or under another; undefined where it does. */
export function nameProblem(name: string): string | undefined {
  if (/[<>\n]/.test(name)) return 'a plain name, without < and >';
  return LEFT_OUT.test(name) ? 'a name with a letter or a digit in it, without which git takes none' : undefined;
}

/** The same of an address. */
export function addressProblem(email: string): string | undefined {
  const [, user = '', host = ''] = /^([^\s@<>]+)@([^\s@<>]+)$/.exec(email) ?? [];
  return LEFT_OUT.test(user) || LEFT_OUT.test(host) ? 'an address such as agent@example.com' : undefined;
}
