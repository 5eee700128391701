import type { SocketPlace } from './types.ts';

export const socketPlaces: readonly SocketPlace[] = [
  {
    id: 'docker',
    title: 'Docker engine',
    paths: { linux: ['/var/run/docker.sock'], darwin: ['/var/run/docker.sock'] },
    variable: 'DOCKER_HOST',
    greeting: 'docker',
    opens: 'root on this machine',
    severity: 'critical',
    group: 'way-out',
    source: 'https://docs.docker.com/engine/security/protect-access/',
  },
  {
    id: 'ssh-agent',
    title: 'SSH agent',
    paths: { linux: ['/tmp/ssh-*/agent.*'], darwin: [] },
    variable: 'SSH_AUTH_SOCK',
    greeting: 'ssh-agent',
    opens: 'everything that the loaded SSH keys open',
    severity: 'critical',
    group: 'secrets',
    source: 'https://man.openbsd.org/ssh-agent.1',
  },
];
