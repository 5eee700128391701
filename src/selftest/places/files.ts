import type { FilePlace } from './types.ts';

export const filePlaces: readonly FilePlace[] = [
  {
    id: 'ssh-keys',
    title: 'SSH keys',
    paths: { linux: ['~/.ssh/id_*', '!*.pub'], darwin: ['~/.ssh/id_*', '!*.pub'], win32: ['~/.ssh/id_*', '!*.pub'] },
    attempt: 'read',
    opens: 'servers and repositories that know this key',
    severity: 'critical',
    group: 'secrets',
    source: 'https://man.openbsd.org/ssh.1#FILES',
  },
  {
    id: 'aws-credentials',
    title: 'AWS',
    paths: { linux: ['~/.aws/credentials'], darwin: ['~/.aws/credentials'], win32: ['~/.aws/credentials'] },
    variable: 'AWS_SHARED_CREDENTIALS_FILE',
    attempt: 'read',
    opens: 'AWS accounts',
    severity: 'critical',
    group: 'secrets',
    source: 'https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html',
  },
];
