import { knownSecretShape } from './secrets.ts';

/** What stands for a value that comes from elsewhere. */
const STANDS_FOR = /^(?:\$|\{|<|\*|%|x+$)/i;

/** Forms with the secret in their first group. Every repetition is bounded or ends at what cannot follow it. */
const FORMS: readonly RegExp[] = [
  // A login in an address, or a token alone in its place.
  /^[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@:]{0,200}:([^\s/@]+)@/i,
  /^(?:git\+)?https?:\/\/(?=[\w.~%-]{0,200}\d)([\w.~%-]{16,})@/i,
  // In an address, what opens it.
  /^[a-z][a-z0-9+.-]{0,30}:\/\/\S*[?&#](?:access_?token|auth_?token|token|api_?key|key|sig|signature|password|passwd|pwd|secret|client_?secret|credential)=([^\s&#]{6,})/i,
  // A connection string.
  /(?:^|[;\s])(?:password|pwd|user password|accountkey|sharedaccesskey|sharedaccesssignature|client_?secret|sslpassword)\s{0,3}=\s{0,3}["']?([^\s;"']+)/i,
  /^(?:Bearer|Basic|Token)\s{1,3}([\w+/.=~-]{8,})$/i,
  // Whoever knows the address of a hook may write there.
  /^https:\/\/[\w.-]{0,100}(?:webhook\.office\.com|outlook\.office(?:365)?\.com\/webhook|hooks\.zapier\.com\/hooks\/catch|hook\.[\w-]{1,20}\.make\.com|chat\.googleapis\.com\/v1\/spaces|open\.(?:feishu\.cn|larksuite\.com)\/open-apis\/bot)(\/\S+)/i,
  /^https:\/\/api\.telegram\.org\/bot(\d+:[\w-]{20,})/,
];

/** Whether the value of a variable is a secret whatever the variable is called. Nothing of it is kept or told. */
export function secretLookingValue(value: string): boolean {
  const text = value.slice(0, 10_000);
  if (knownSecretShape(text) !== undefined) return true;
  return FORMS.some(form => {
    const secret = form.exec(text)?.[1];
    return secret !== undefined && !STANDS_FOR.test(secret);
  });
}
