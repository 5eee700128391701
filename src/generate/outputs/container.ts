import { parse, stringify } from 'yaml';
import { COMPOSE_FILE, SERVICE, WORKSPACE, WORKSPACE_TEXT } from '../../isolation/docker/settings.ts';
import { GIT_PARTS } from '../../isolation/git.ts';
import type { Output, RenderContext } from '../types.ts';
import { commentText, composeText, devcontainerText } from './encode.ts';
import { boxesInContainer, guardsLaid } from './guards.ts';
import { hiddenFiles } from './hidden.ts';

const IMAGE = 'mcr.microsoft.com/devcontainers/javascript-node:22-bookworm';
const PROXY_IMAGE = 'ubuntu/squid:latest';
const PROXY_PORT = 3128;
const HOME = '/home/agent';
/** Lies over hidden files; a device in its place could be written without an error. */
const EMPTY = 'empty';

/** As a path of the host and of the box: a missing source would keep the box from starting. */
function guardMounts(context: RenderContext): string[] {
  const ofGit = context.facts.git.present ? ['.git/hooks', '.git/config'] : [];
  return [...ofGit, ...guardsLaid(context).map(guard => guard.replace(/\/$/, ''))];
}

/**
 * The hidden files that the container covers: those that are here, and those that the file covers already, which lie in
 * somebody's other clone. Otherwise a clone without them, as CI's is, would ask for another file than the one that was
 * committed. Where the root is read-only in the container nothing can be laid over what is missing, so there they go.
 */
function coveredFiles(context: RenderContext): string[] {
  const { posture, facts } = context;
  const here = hiddenFiles(context);
  const write = posture.isolation?.files?.write ?? ['.'];
  if (!write.includes('.') && !write.includes('./')) return here;
  const known = new Set(facts.secretFiles.map(({ path }) => path));
  const elsewhere = hiddenFiles({
    posture,
    facts: {
      ...facts,
      secretFiles: laidOver(context)
        .filter(path => !known.has(path))
        .map(path => ({ path })),
    },
  });
  return [...new Set([...here, ...elsewhere])].sort();
}

/** What our own compose file has covered, by the manifest. */
function laidOver({ laid }: RenderContext): string[] {
  const text = laid?.(COMPOSE_FILE);
  const file = (text === undefined ? {} : parse(text)) as {
    services?: Record<string, { volumes?: { source?: unknown; target?: unknown }[] } | undefined>;
  } | null;
  const volumes = file?.services?.[SERVICE]?.volumes ?? [];
  const inside = `${WORKSPACE_TEXT}/`;
  return volumes.flatMap(({ source, target }) =>
    source === `./${EMPTY}` && typeof target === 'string' && target.startsWith(inside)
      ? [target.slice(inside.length).replaceAll('$$', '$')]
      : [],
  );
}

function composeFile(context: RenderContext): string {
  const { posture } = context;
  const allow = posture.isolation?.network?.allow;
  const proxied = allow !== undefined && allow.length > 0;
  const proxy = `http://egress:${PROXY_PORT}`;
  const bind = (source: string, target: string, readOnly: boolean) => ({
    type: 'bind',
    source: composeText(source),
    target,
    read_only: readOnly,
  });
  // Single places that may be written are laid when the container is started by us, as they are then.
  const write = posture.isolation?.files?.write ?? ['.'];
  const whole = write.includes('.') || write.includes('./');
  const inside = (path: string) => `${WORKSPACE_TEXT}/${composeText(path)}`;
  const agent = {
    image: composeText(posture.isolation?.image ?? IMAGE),
    init: true,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: compose replaces it; whose files these are is known at start.
    user: '${AGENT_UID:-1000}:${AGENT_GID:-1000}',
    working_dir: WORKSPACE_TEXT,
    command: ['sleep', 'infinity'],
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    pids_limit: 4096,
    environment: {
      HOME,
      ...(proxied
        ? {
            HTTP_PROXY: proxy,
            HTTPS_PROXY: proxy,
            http_proxy: proxy,
            https_proxy: proxy,
            NO_PROXY: 'localhost,127.0.0.1',
            no_proxy: 'localhost,127.0.0.1',
            NODE_USE_ENV_PROXY: '1',
          }
        : {}),
    },
    tmpfs: [`${HOME}:exec,mode=1777`, '/tmp:exec,mode=1777'],
    volumes: [
      bind('..', WORKSPACE_TEXT, !whole),
      // A mount point cannot be renamed: without these, .git with the guards in it could be moved away or be no git folder.
      ...(context.facts.git.present && whole
        ? ['.git', ...GIT_PARTS.map(name => `.git/${name}`)].map(path => bind(`../${path}`, inside(path), false))
        : []),
      ...guardMounts(context).map(guard => bind(`../${guard}`, inside(guard), true)),
      ...coveredFiles(context).map(file => bind(`./${EMPTY}`, inside(file), true)),
    ],
    ...(allow === undefined ? {} : proxied ? { networks: ['box'], depends_on: ['egress'] } : { network_mode: 'none' }),
  };
  const egress = {
    image: PROXY_IMAGE,
    init: true,
    cap_drop: ['ALL'],
    cap_add: ['SETUID', 'SETGID'],
    security_opt: ['no-new-privileges:true'],
    volumes: [bind('./squid.conf', '/etc/squid/squid.conf', true)],
    networks: ['box', 'outside'],
  };
  return stringify(
    {
      services: { [SERVICE]: agent, ...(proxied ? { egress } : {}) },
      ...(proxied ? { networks: { box: { internal: true }, outside: {} } } : {}),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

/** Hosts for squid: a leading dot stands for all names below; `dstdomain` takes names and addresses alike. */
function squidFile(allow: readonly string[]): string {
  const lines = allow.flatMap((entry, index) => {
    const match = /^(\[[0-9a-f:.]+\]|[a-z0-9*][a-z0-9._*-]*)(?::(\d+))?$/i.exec(entry);
    const host = match?.[1]?.replace(/^\[|\]$/g, '').replace(/^\*\./, '.');
    if (host === undefined || (host.includes('*') && host !== '*')) return [];
    const address = /^[\d.]+$|:/.test(host);
    return [
      host === '*' ? `acl host${index} dst all` : `acl host${index} ${address ? 'dst' : 'dstdomain'} ${host}`,
      `acl port${index} port ${match?.[2] ?? '80 443'}`,
      ...(address ? [] : ['http_access deny inner']).map(rule => `${rule} host${index}`),
      `http_access allow host${index} port${index}`,
    ];
  });
  return [
    '# The hosts of isolation.network.allow; everything else is refused.',
    `http_port ${PROXY_PORT}`,
    'acl inner dst 0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 198.18.0.0/15 224.0.0.0/3 ::1 fc00::/7 fe80::/10',
    ...lines,
    'http_access deny all',
    'cache deny all',
    'access_log none',
    'pid_filename none',
    'shutdown_lifetime 0 seconds',
    'forwarded_for delete',
    '',
  ].join('\n');
}

export const container: Output = {
  id: 'container',
  title: 'a container for the agent: compose file and devcontainer',
  safeguards: ['ISO-1', 'ISO-3'],
  templateVersion: 2,
  guard: true,
  render(context) {
    const { posture } = context;
    if (!boxesInContainer(context)) return [];
    const allow = posture.isolation?.network?.allow ?? [];
    const devcontainer = {
      name: devcontainerText(commentText(posture.project)),
      dockerComposeFile: 'compose.yaml',
      service: SERVICE,
      workspaceFolder: WORKSPACE,
      // Otherwise the editor would carry the user's SSH agent and git credentials into the box.
      remoteEnv: { SSH_AUTH_SOCK: '', GIT_ASKPASS: '' },
    };
    return [
      { mode: 'owned', path: COMPOSE_FILE, content: composeFile(context) },
      {
        mode: 'owned',
        path: '.devcontainer/devcontainer.json',
        content: `${JSON.stringify(devcontainer, null, 2)}\n`,
      },
      ...(coveredFiles(context).length > 0
        ? [{ mode: 'owned' as const, path: `.devcontainer/${EMPTY}`, content: '' }]
        : []),
      ...(allow.length > 0
        ? [{ mode: 'owned' as const, path: '.devcontainer/squid.conf', content: squidFile(allow) }]
        : []),
    ];
  },
};
