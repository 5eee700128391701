/** Known shapes of credentials, by their issuers' published prefixes. Every repetition is bounded where something must follow it, so that no text takes more than linear time. */
const SHAPES: readonly (readonly [name: string, shape: RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/],
  ['an AWS access key', /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/],
  ['a GitHub token', /\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{22,}/],
  ['a GitLab token', /\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[\w-]{20,}/],
  ['an API key (sk-…)', /\bsk-(?=[\w-]{0,200}\d)[\w-]{20,}/],
  ['a Stripe key', /\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}/],
  ['a Slack token', /\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}/],
  [
    'a webhook with its secret',
    /hooks\.slack\.com\/services\/T\w+\/B\w+\/\w+|discord(?:app)?\.com\/api\/webhooks\/\d+\/[\w-]{20,}/,
  ],
  ['a Google API key', /\bAIza[\w-]{35}|\bya29\.[\w-]{20,}/],
  ['an npm token', /\bnpm_[A-Za-z0-9]{36}/],
  ['a PyPI token', /\bpypi-[\w-]{50,}/],
  ['a Vault token', /\bhv[sbr]\.[\w-]{20,}/],
  ['a DigitalOcean token', /\bdo[opr]_v1_[a-f0-9]{40,}/],
  ['a SendGrid key', /\bSG\.[\w-]{16,100}\.[\w-]{16,}/],
  ['a Hugging Face token', /\bhf_[A-Za-z0-9]{30,}/],
  ['an age key', /\bAGE-SECRET-KEY-1[0-9A-Z]{50,}/],
  ['a JSON Web Token', /\beyJ[\w-]{8,400}\.eyJ[\w-]{8,}\./],
  ['an Azure account key', /\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{30,}/],
];

/** No shape takes fewer characters: a Slack token's five of prefix and ten behind. */
const SHORTEST = 15;
/** The shortest run that can look random. */
const RANDOM = 24;

/** What stands for a value instead of being one: `$NAME`, `${…}`, `{name}`, `<password>`, `***`, `%NAME%`, words. */
const PLACEHOLDER = /^(?:\$|\{|<|\*|%|\.\.\.|…|(?:true|false|null|none|yes|no|env|required|optional|x+)$)/i;

const URL_USER = /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/@:]{0,100}:([^\s/@]{1,300})@/gi;
const ASSIGNMENT =
  /(?:password|passwd|pwd|passphrase|secret|token|api_?key|access_?key|private_?key)(?:=| ?:=)["']?([^\s"'&;,]{6,})/gi;
const FLAG = /(?:^|\s)--?(?:password|passwd|token|secret|api-?key)[= ]["']?([^\s"'-][^\s"']{5,})/gi;
const HEADER = /\b(?:Bearer|Basic)\s{1,4}([\w+/.=~-]{12,})/g;

/** Values that are long and random by design and no secret: digests, fingerprints, public keys, commits. */
const PUBLIC =
  /\b(?:sha(?:1|224|256|384|512)|md5)[:-][A-Za-z0-9+/=]+|\bssh-(?:rsa|ed25519|dss)\s{1,4}[A-Za-z0-9+/=]+|\becdsa-[\w-]{1,40}\s{1,4}[A-Za-z0-9+/=]+|\bcommit\s{1,4}[0-9a-f]{7,64}|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi;

function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** A long run that no person would write: hexadecimal, or mixed case and digits without words in it. */
function looksRandom(run: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(run)) return /\d/.test(run) && /[a-f]/i.test(run) && entropy(run) > 3;
  if (run.length < 24 || !/\d/.test(run) || !/[a-z]/.test(run) || !/[A-Z]/.test(run)) return false;
  // Paths, identifiers and branch names fall into parts that are words with at most a number behind.
  const parts = run.split(/[/_+=-]/).filter(Boolean);
  const words = parts.flatMap(part => part.split(/(?<=[a-z0-9])(?=[A-Z])/));
  const unreadable = words.filter(word => !/^(?:[A-Z]?[a-z]{2,}|[A-Z]{2,}|v?\d+)\d{0,4}$/.test(word)).join('').length;
  const readable = words.join('').length - unreadable;
  // A path with a random folder in it, as temporary ones have, is no secret.
  if (unreadable < 12 || readable > run.length * 0.6) return false;
  return entropy(run) >= 4;
}

/**
 * What a text looks like if it looks like the value of a secret ("a GitHub token"), or undefined. Never returns any part
 * of the text.
 */
export function secretShape(text: string): string | undefined {
  if (text.length < 8) return undefined;
  const known = knownSecretShape(text);
  if (known) return known;
  // Every posture is full of short plain texts: what a form cannot do without is looked for first, as that costs nothing.
  if (text.includes('://'))
    for (const [, value = ''] of text.matchAll(URL_USER))
      if (!PLACEHOLDER.test(value)) return 'an address with a password';
  for (const [sign, form] of [
    ['=', ASSIGNMENT],
    ['-', FLAG],
  ] as const)
    if (text.includes(sign))
      for (const [, value = ''] of text.matchAll(form)) if (!PLACEHOLDER.test(value)) return 'a password or key';
  if (text.includes('Bearer') || text.includes('Basic'))
    for (const [, value = ''] of text.matchAll(HEADER))
      if (/\d/.test(value) && !PLACEHOLDER.test(value)) return 'an authorization header';
  if (text.length < RANDOM) return undefined;
  for (const [run] of text.replace(PUBLIC, ' ').matchAll(/[A-Za-z0-9+/_=-]{24,}/g))
    if (looksRandom(run)) return 'a random value, as keys and tokens are';
  return undefined;
}

/** The same by the issuers' prefixes alone. */
export function knownSecretShape(text: string): string | undefined {
  if (text.length < SHORTEST) return undefined;
  return SHAPES.find(([, shape]) => shape.test(text))?.[0];
}

/** Where in `text` the known shapes stand, by offset. */
export function knownSecrets(text: string): { offset: number; shape: string }[] {
  return SHAPES.flatMap(([shape, expression]) =>
    [...text.matchAll(new RegExp(expression, 'g'))].map(match => ({ offset: match.index, shape })),
  );
}

/**
 * Where in `text` something stands that looks like the value of a secret, whole: of a known shape to the end of its run,
 * of a private key to the end of the key.
 */
export function secretSpans(text: string): { from: number; to: number }[] {
  const spans: { from: number; to: number }[] = [];
  const put = (from: number, value: string) => spans.push({ from, to: from + value.length });
  for (const [, shape] of SHAPES)
    for (const { 0: found, index } of text.matchAll(new RegExp(shape, 'g'))) {
      const rest = text.slice(index + found.length, index + found.length + 20_000);
      const end = found.includes('PRIVATE KEY') ? /^[\s\S]*?-----END [A-Z ]*-----/ : /^[^\s"'`,;)\]}]*/;
      put(index, found + (end.exec(rest)?.[0] ?? (found.includes('PRIVATE KEY') ? rest : '')));
    }
  for (const form of [URL_USER, ASSIGNMENT, FLAG, HEADER])
    for (const match of text.matchAll(new RegExp(form, `${form.flags}d`))) {
      const [value = '', from] = [match[1], match.indices?.[1]?.[0]];
      if (from !== undefined && !PLACEHOLDER.test(value)) put(from, value);
    }
  const random = text.replace(PUBLIC, found => ' '.repeat(found.length));
  for (const { 0: run, index } of random.matchAll(/[A-Za-z0-9+/_=-]{24,}/g)) if (looksRandom(run)) put(index, run);
  return spans;
}

/** A text of one line with `***` for what looks like a secret in it. */
export function withoutSecrets(text: string): string {
  const spans = secretSpans(text);
  if (spans.length === 0) return text;
  // One may lie in another: all from the first to the last is left out.
  const from = Math.min(...spans.map(span => span.from));
  const to = Math.max(...spans.map(span => span.to));
  return `${text.slice(0, from)}***${text.slice(to)}`;
}

/** Whether a text stands for a value instead of being one: `$NAME`, `<password>`, `***`, `true`. */
export function isPlaceholder(text: string): boolean {
  return text === '' || PLACEHOLDER.test(text);
}

/** What to do with a secret that stands where only names belong. */
export const SECRET_ADVICE =
  'keep the value in a secrets manager or in a variable of the environment, and write only its name here; if this was ever committed or shared, rotate it';
