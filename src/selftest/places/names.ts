import { oneLine, truncate } from '../../base/text.ts';

/**
 * What may be shown of a credential file: names of profiles, hosts, users. Each function takes the file's text, which may
 * be anything, and returns at most 20 short, printable names; never a value, and nothing that looks like one.
 */
export type Names = (content: string) => string[];

const COUNT = 20;
const LENGTH = 100;
/** The most of a file that is looked at, in characters. */
const LIMIT = 200_000;

/** A run of characters with the mix and length of a token. Host names and ids have shorter runs between their dots and dashes. */
const TOKEN_RUN = /[A-Za-z0-9+/_=]{24,}/g;
const KNOWN_TOKEN =
  /\b(?:AKIA|ASIA|ghp_|gho_|ghs_|ghu_|ghr_|github_pat_|glpat-|npm_|pypi-|sk-|sk_|rk_|pk_live|xox[abeprs]-|hvs\.|s\.[A-Za-z0-9]{20}|AIza|ya29\.|eyJ|dop_v1_|dckr_pat_|-----BEGIN)/;

function looksLikeSecret(name: string): boolean {
  if (KNOWN_TOKEN.test(name)) return true;
  return (name.match(TOKEN_RUN) ?? []).some(run => /\d/.test(run) && /[A-Za-z]/.test(run));
}

/** Makes candidates fit to be shown: printable, short, different, few, and none that looks like a secret. */
export function presentable(candidates: Iterable<unknown>): string[] {
  const names = new Set<string>();
  for (const candidate of candidates) {
    if (typeof candidate !== 'string') continue;
    const name = oneLine(candidate.slice(0, 4 * LENGTH));
    if (name !== '' && !looksLikeSecret(name)) names.add(truncate(name, LENGTH));
    if (names.size === COUNT) break;
  }
  return [...names];
}

function matches(pattern: RegExp): Names {
  return content => presentable([...content.slice(0, LIMIT).matchAll(pattern)].map(match => match[1]));
}

/** `[name]`, `[profile name]`, `[name "x"]` of an INI or TOML file. */
export const sections: Names = matches(
  /^[ \t]*\[{1,2}[ \t]*(?:profile[ \t]+|sso-session[ \t]+)?"?([^\][\n"]{1,100})"?[ \t]*\]/gm,
);

/** `machine HOST` of a netrc file. */
export const netrcMachines: Names = matches(/(?:^|\s)machine\s+(\S{1,200})/g);

/** `Host ALIAS…` of an SSH configuration, patterns left out. */
export const sshHosts: Names = content =>
  presentable(
    [...content.slice(0, LIMIT).matchAll(/^[ \t]*Host[ \t=]+([^\n#]{1,500})/gim)]
      .flatMap(match => (match[1] as string).trim().split(/\s+/))
      .filter(host => !/[*?!]/.test(host)),
  );

/** Hosts of the addresses in a text; user names and passwords are left behind. */
export const urlHosts: Names = content =>
  presentable(
    [...content.slice(0, LIMIT).matchAll(/\b[a-z][a-z0-9+.-]{1,20}:\/\/([^\s"'<>/?#]{1,500})/gi)].map(match =>
      withoutUser(match[1] as string),
    ),
  );

function withoutUser(authority: string): string | undefined {
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return /^(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/i.test(host) ? host : undefined;
}

/** Registries that a `.npmrc` has credentials for. */
export const npmRegistries: Names = matches(
  /^[ \t]*\/\/([\w.-]+(?::\d+)?)[^\s=]*:_?(?:authToken|auth|password|username|keyfile|tokenHelper)[ \t]*=/gim,
);

/** `host:port/database` of a pgpass file. */
export const pgpassHosts: Names = content =>
  presentable(
    content
      .slice(0, LIMIT)
      .split('\n')
      .filter(line => !line.startsWith('#'))
      .flatMap(line => {
        const match = /^((?:[^:\\]|\\.)*):([^:]*):((?:[^:\\]|\\.)*):(?:[^:\\]|\\.)*:/.exec(line.slice(0, 1_000));
        return match ? [`${match[1]}:${match[2]}/${match[3]}`.replaceAll('\\', '')] : [];
      }),
  );

/** Keys without indentation of a YAML file: gh's hosts. */
export const topKeys: Names = matches(/^([A-Za-z0-9][\w.-]{0,100}):[ \t]*$/gm);

/** Values of `name:` below a YAML key such as `contexts:`. */
export function namesBelow(key: string): Names {
  const start = new RegExp(`^${key}:[ \\t]*$`, 'm');
  return content => {
    const text = content.slice(0, LIMIT);
    const match = start.exec(text);
    if (!match) return [];
    const rest = text.slice(match.index + match[0].length);
    const end = /^[A-Za-z]/m.exec(rest)?.index ?? rest.length;
    return presentable(
      [...rest.slice(0, end).matchAll(/^(?:[ \t]{0,2}-[ \t]+|[ \t]{1,2})name:[ \t]*["']?([^\s"'#]{1,200})/gm)].map(
        found => found[1],
      ),
    );
  };
}

/** Values of a key at the start of a line (`key: value`, `key = value`, `"key": "value"`): account, host, server. */
export function valuesOf(...keys: string[]): Names {
  return matches(new RegExp(`^[ \\t]*"?(?:${keys.join('|')})"?[ \\t]*[:=][ \\t]*["']?([^\\s"',;]{1,200})`, 'gim'));
}

/** Names of the properties of the object at `path` in a JSON file. */
export function keysAt(...path: string[]): Names {
  return content => {
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch {
      return [];
    }
    for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    return isObject(value)
      ? presentable(
          Object.keys(value).map(name => withoutUser(name.replace(/^https?:\/\//, '').replace(/\/.*$/, '')) ?? name),
        )
      : [];
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `<id>` of the servers in Maven's settings. */
export const mavenServers: Names = content => {
  const text = content.slice(0, LIMIT);
  const start = text.indexOf('<servers>');
  const end = text.indexOf('</servers>', start);
  return start < 0 || end < 0 ? [] : matches(/<id>[ \t\n]*([^<\s]{1,100})[ \t\n]*<\/id>/g)(text.slice(start, end));
};
