import { basename } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { readJson } from '../base/installed.ts';
import type { SystemKind } from '../posture/schema.ts';
import { type Mention, usesOf } from './mention.ts';

/** A package that a project asks for: as its ecosystem names it, `group:artifact` for Maven. */
interface Package {
  name: string;
  line: number;
}

/** Services by the packages that speak to them, in every ecosystem. */
const SERVICES: readonly [id: string, kind: SystemKind, packages: RegExp][] = [
  [
    'aws',
    'cloud-account',
    /^(aws-sdk(-.+)?|@aws-sdk\/(client|lib)-.+|boto3|aioboto3|github\.com\/aws\/aws-sdk-go(-v2)?(\/.*)?|software\.amazon\.awssdk:.+|com\.amazonaws:aws-java-sdk.*|io\.awspring\.cloud:.+|aws\/aws-sdk-php|awssdk\..+|aws-cdk-lib)$/,
  ],
  [
    'google-cloud',
    'cloud-account',
    /^(@google-cloud\/.+|google-cloud-.+|cloud\.google\.com\/go(\/.*)?|com\.google\.cloud:.+|google\/cloud(-.+)?|google\.cloud\..+)$/,
  ],
  [
    'azure',
    'cloud-account',
    // Signing in with Microsoft is no use of its cloud.
    /^(@azure\/(?!msal|ms-rest|core-|abort|logger).+|azure-(?!core$|common$).+|github\.com\/azure\/azure-sdk-for-go(\/.*)?|com\.azure:.+|azure\..+|microsoft\/azure-.+)$/,
  ],
  [
    'firebase',
    'cloud-account',
    /^(firebase-admin|firebase\.google\.com\/go(\/.*)?|com\.google\.firebase:firebase-admin|kreait\/firebase-php)$/,
  ],
  ['supabase', 'http-api', /^(@supabase\/(supabase-js|ssr)|supabase)$/],
  [
    'snowflake',
    'other',
    /^(snowflake-sdk|snowflake-connector-python|snowflake-sqlalchemy|net\.snowflake:.+|github\.com\/snowflakedb\/gosnowflake.*)$/,
  ],
  [
    'stripe',
    'payment',
    /^(stripe|github\.com\/stripe\/stripe-go(\/.*)?|com\.stripe:stripe-java|stripe\/stripe-php|stripe\.net|laravel\/cashier|dj-stripe|async-stripe)$/,
  ],
  [
    'paypal',
    'payment',
    /^(@paypal\/(checkout-server-sdk|paypal-server-sdk)|paypalrestsdk|paypal-server-sdk|paypal\/.+|braintree|com\.braintreepayments.*)$/,
  ],
  ['adyen', 'payment', /^(@adyen\/api-library|adyen|com\.adyen:.+|adyen\/php-api-library)$/],
  ['mollie', 'payment', /^(@mollie\/api-client|mollie-api-python|mollie\/.+|mollie-api-ruby)$/],
  ['square', 'payment', /^(square|squareup|com\.squareup:square|square\/square)$/],
  ['razorpay', 'payment', /^(razorpay|com\.razorpay:.+|razorpay\/razorpay)$/],
  [
    'sendgrid',
    'email',
    /^(@sendgrid\/mail|sendgrid(-ruby)?|github\.com\/sendgrid\/sendgrid-go.*|com\.sendgrid:.+|sendgrid\/sendgrid)$/,
  ],
  ['mailgun', 'email', /^(mailgun\.js|mailgun-js|mailgun(-ruby)?|mailgun\/mailgun-php|symfony\/mailgun-mailer)$/],
  ['postmark', 'email', /^(postmark(er)?|postmark-rails|wildbit\/postmark-php|symfony\/postmark-mailer)$/],
  ['resend', 'email', /^(resend|resend\/resend-(php|laravel))$/],
  ['twilio', 'http-api', /^(twilio(-ruby)?|github\.com\/twilio\/twilio-go.*|com\.twilio\.sdk:.+|twilio\/sdk)$/],
];

type Listing = (text: string) => Iterable<Package>;

/** How each manifest lists what runs with the project: what only builds or tests it is left out where it says so. */
const MANIFESTS: readonly [matches: RegExp, packages: Listing][] = [
  [/^package\.json$/, text => fromJson(text, ['dependencies', 'optionalDependencies'])],
  [/^composer\.json$/, text => fromJson(text, ['require'])],
  [
    /^requirements(\.(txt|in)|[-_](base|common|main)\.(txt|in))$/,
    text => fromLines(text, /^([A-Za-z0-9][\w.-]{0,100})/),
  ],
  [/^pyproject\.toml$/, fromPyproject],
  [/^Pipfile$/, text => fromToml(text, ['packages'])],
  [/^Cargo\.toml$/, text => fromToml(text, ['dependencies'])],
  // What is needed only by what is needed says so.
  [
    /^go\.mod$/,
    text => fromLines(text, /^(?:require\s+|\s+)([\w.-]+\.[a-z]{2,}\/\S{1,200})\s+v\S+(?!.*\/\/ indirect)/),
  ],
  [/^Gemfile$/, text => fromLines(text, /^\s*gem\s+["']([\w-]{1,100})["']/)],
  [/^pom\.xml$/, fromPom],
  [
    /^build\.gradle(\.kts)?$/,
    text =>
      fromLines(text, /^\s*(?:implementation|api|runtimeOnly|compile)\b.{0,20}?["']([\w.-]+:[\w.-]+)(?::[^"']*)?["']/),
  ],
  [/\.csproj$/, text => fromLines(text, /<PackageReference\s+Include="([\w.-]{1,100})"/)],
];

const listingOf = (path: string): Listing | undefined =>
  MANIFESTS.find(([matches]) => matches.test(basename(path)))?.[1] ??
  (/(^|\/)requirements\/(base|common|main)\.(txt|in)$/.test(path) ? MANIFESTS[2]?.[1] : undefined);

/** Whether a file lists the packages of a project. */
export const isManifest = (path: string): boolean => listingOf(path) !== undefined;

/** The services that a project's packages speak to, once each. */
export function dependencyUses(path: string, text: string): Mention[] {
  const found = new Map<string, Mention>();
  for (const { name, line } of listingOf(path)?.(text) ?? []) {
    const service = SERVICES.find(([, , packages]) => packages.test(name.toLowerCase()));
    if (service && !found.has(service[0])) found.set(service[0], usesOf(service[1], service[0], { path, line }));
  }
  return [...found.values()];
}

function* fromLines(text: string, pattern: RegExp): Generator<Package> {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const name = line.length > 1_000 ? undefined : pattern.exec(line)?.[1];
    if (name !== undefined) yield { name, line: index + 1 };
  }
}

const keysOf = (value: unknown): string[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];

/** Names with the first line on which each stands in quotes, or begins a line. */
function* located(text: string, names: readonly string[]): Generator<Package> {
  const wanted = new Set(names);
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const head = /^\s*["']?([@A-Za-z0-9][\w@./-]{0,200})/.exec(line.slice(0, 500))?.[1];
    if (head !== undefined && wanted.delete(head)) yield { name: head, line: index + 1 };
  }
  // On a line with others.
  for (const name of wanted) yield { name, line: 1 };
}

function fromJson(text: string, parts: readonly string[]): Iterable<Package> {
  const manifest = (readJson(text) ?? {}) as Record<string, unknown>;
  return located(
    text,
    parts.flatMap(part => keysOf(manifest[part])),
  );
}

function tomlOf(text: string): Record<string, unknown> {
  try {
    return parseToml(text);
  } catch {
    // Not what its name says, or nested too deep.
    return {};
  }
}

function fromToml(text: string, parts: readonly string[]): Iterable<Package> {
  const manifest = tomlOf(text);
  return located(
    text,
    parts.flatMap(part => keysOf(manifest[part])),
  );
}

function fromPyproject(text: string): Iterable<Package> {
  const { project, tool } = tomlOf(text) as {
    project?: { dependencies?: unknown };
    tool?: { poetry?: { dependencies?: unknown } };
  };
  const listed = Array.isArray(project?.dependencies) ? project.dependencies : [];
  const names = listed.flatMap(entry => /^[A-Za-z0-9][\w.-]{0,100}/.exec(String(entry))?.[0] ?? []);
  return located(text, [...names, ...keysOf(tool?.poetry?.dependencies)]);
}

function* fromPom(text: string): Generator<Package> {
  let group: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    group = /<groupId>([\w.-]{1,100})<\/groupId>/.exec(line.slice(0, 1_000))?.[1] ?? group;
    const artifact = /<artifactId>([\w.-]{1,100})<\/artifactId>/.exec(line.slice(0, 1_000))?.[1];
    if (artifact !== undefined && group !== undefined) yield { name: `${group}:${artifact}`, line: index + 1 };
  }
}
