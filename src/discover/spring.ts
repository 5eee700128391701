import { basename } from 'node:path';
import { isMap, isScalar, LineCounter, type YAMLMap } from 'yaml';
import type { SystemKind } from '../posture/schema.ts';
import { hostAndPort } from './address.ts';
import { type Mention, mention, readLines } from './mention.ts';
import { keyOf, lineOf, yamlMap } from './yaml.ts';

export const isSpringFile = (path: string): boolean =>
  /^(application|bootstrap)([.-][\w-]+)?\.(properties|ya?ml)$/.test(basename(path));

/** Servers by the property that names their host: https://docs.spring.io/spring-boot/appendix/application-properties/ */
const HOSTS: readonly [property: RegExp, kind: SystemKind, port: number][] = [
  [/^spring\.(data\.)?redis\.host$/, 'redis', 6379],
  [/^spring\.data\.mongodb\.host$/, 'mongodb', 27017],
  [/^spring\.rabbitmq\.host$/, 'queue', 5672],
  [/^spring\.kafka\.bootstrap-servers$/, 'queue', 9092],
  [/^spring\.mail\.host$/, 'email', 25],
];

interface Property {
  name: string;
  value: string;
  line: number;
}

/** The servers of a Spring application, by their own properties and by connection addresses. */
export function readSpringFile(path: string, text: string): Mention[] {
  const properties = path.endsWith('.properties') ? fromLines(text) : fromYaml(text);
  const byName = new Map(properties.map(({ name, value }) => [name, value]));
  const found = properties.flatMap(({ name, value, line }): Mention[] => {
    const known = HOSTS.find(([property]) => property.test(name));
    if (!known) return [];
    const [, kind, usual] = known;
    const port = Number(settled(byName.get(name.replace(/host$/, 'port')) ?? ''));
    return settled(value)
      .split(',')
      .slice(0, 20)
      .flatMap(part => {
        const place = hostAndPort(part.trim(), port || usual);
        return place ? [mention(path, line, { kind, ...place, database: undefined }, [path])] : [];
      });
  });
  return [...readLines(path, text), ...found];
}

/** `${REDIS_HOST:localhost}` is `localhost` where the variable is not set. */
const settled = (value: string): string => value.replace(/^\$\{[\w.-]{1,100}:([^{}]{0,300})\}$/, '$1');

function fromLines(text: string): Property[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const [, name, value] = /^\s*(spring\.[\w.-]{1,100})\s*[=:]\s*(\S{1,500})\s*$/.exec(line.slice(0, 800)) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value, line: index + 1 }];
  });
}

const DEPTH = 6;

function fromYaml(text: string): Property[] {
  const lines = new LineCounter();
  const walk = (map: YAMLMap, prefix: string, depth: number): Property[] =>
    map.items.flatMap(pair => {
      const name = `${prefix}${keyOf(pair)}`;
      if (isMap(pair.value)) return depth < DEPTH ? walk(pair.value, `${name}.`, depth + 1) : [];
      return isScalar(pair.value) ? [{ name, value: String(pair.value.value), line: lineOf(pair, lines) }] : [];
    });
  const top = yamlMap(text, lines);
  const spring = top?.items.filter(pair => keyOf(pair).split('.')[0] === 'spring') ?? [];
  return spring.flatMap(pair => (isMap(pair.value) ? walk(pair.value, `${keyOf(pair)}.`, 0) : []));
}
