import { basename } from 'node:path';
import { connectionAddresses } from './address.ts';
import { environmentOfFile } from './environments.ts';
import { hostVariable } from './host-variables.ts';
import { IMAGES, type Mention, mention, usesOf } from './mention.ts';

/** Folders in which files for a cluster are kept; their names alone say little. */
const FOLDERS =
  /(^|\/)(k8s|kube|kubernetes(-manifests)?|manifests?|deploy(ments?)?|kustomize|overlays|base|helm(-charts?)?|charts?|argocd|gitops|flux|clusters?)\/(.*\/)?[^/]+\.ya?ml$/i;

export const isClusterFile = (path: string): boolean => FOLDERS.test(path) && !/^values/.test(basename(path));

/** Whether a text is made of objects of a cluster. */
export const isManifest = (text: string): boolean => /^apiVersion:/m.test(text);

const LIMIT = 100;

/** Hosts within the cluster are reached from nowhere else. */
const isOutside = (host: string): boolean => host.includes('.') && !/\.(svc|local|internal)$|\.svc\./.test(host);

/** `KEY: value` of a ConfigMap, or `- name: KEY` with `value:` on the next line. */
function* settings(lines: readonly string[]): Generator<{ name: string; value: string; index: number }> {
  for (const [index, line] of lines.entries()) {
    const [, name, value = ''] =
      /^\s+(?:- name:\s*["']?)?([A-Z][A-Z0-9_]{1,100})["']?(?::\s+["']?([^\s"'#]{1,500}))?["']?\s*$/.exec(
        line.slice(0, 800),
      ) ?? [];
    if (name === undefined) continue;
    const below = /^\s+value:\s+["']?([^\s"'#]{1,500})/.exec(lines[index + 1]?.slice(0, 800) ?? '')?.[1];
    const told = value || below;
    if (told) yield { name, value: told, index };
  }
}

/** Systems outside the cluster that a manifest names by their address. By lines: charts are no YAML before they are rendered. */
export function readClusterFile(path: string, text: string): Mention[] {
  const lines = text.split(/\r?\n/);
  const all = new Map([...settings(lines)].map(({ name, value }) => [name, value]));
  const pairs = [...settings(lines)].flatMap(({ name, value, index }) => {
    const address = hostVariable(name, value, all);
    return address && isOutside(address.host) ? [mention(path, index + 1, address, [path, name])] : [];
  });
  const urls = lines.flatMap((line, index) =>
    /^\s*#/.test(line)
      ? []
      : connectionAddresses(line)
          .filter(({ host }) => isOutside(host))
          .map(address => mention(path, index + 1, address, [path])),
  );
  return [...pairs, ...urls].slice(0, LIMIT);
}

/** Images that are named after a server and are none. */
const BESIDE = /export|operator|express|admin|backup|proxy|commander|insight|client|migrat/;

/** Database servers that run in the cluster, by their images, and services that stand for a host outside. */
export function clusterUses(path: string, text: string): Mention[] {
  if (!isManifest(text)) return [];
  const environment = environmentOfFile(path);
  const found: Mention[] = [];
  let name: string | undefined;
  let head = '';
  for (const [index, full] of text.split(/\r?\n/).entries()) {
    const line = full.slice(0, 500);
    if (/^---/.test(line)) name = undefined;
    if (/^\S/.test(line)) head = line;
    if (name === undefined && head.startsWith('metadata:')) name = /^ {2}name:\s*["']?([\w.-]{1,60})/.exec(line)?.[1];
    const image = /^\s*(?:- )?image:\s*["']?([\w./-]{1,200})/.exec(line)?.[1]?.toLowerCase();
    const server =
      image === undefined || BESIDE.test(image) ? undefined : IMAGES.find(([pattern]) => pattern.test(image));
    if (server && found.length < LIMIT)
      found.push(usesOf(server[1], name ?? server[1], { path, line: index + 1 }, environment));
    const outside = /^\s+externalName:\s*["']?([\w.-]{1,253})/.exec(line)?.[1];
    if (outside !== undefined && isOutside(outside) && found.length < LIMIT)
      found.push(usesOf('other', name ?? outside, { path, line: index + 1 }, environment));
  }
  return found;
}
