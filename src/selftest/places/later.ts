import { unix } from './place.ts';
import type { LaterPlace } from './types.ts';

const LATER = { severity: 'high' } as const;

/**
 * What is run or obeyed later by something outside a box: whoever can write there is out of the box as soon as it is. A
 * file is written in place where it is there; in a folder a file with a fresh name is made, which nothing obeys.
 */
export const laterPlaces: readonly LaterPlace[] = [
  {
    id: 'systemd-user-units',
    title: 'User services',
    folders: { linux: ['$XDG_CONFIG_HOME/systemd/user', '$XDG_DATA_HOME/systemd/user'] },
    // sd_booted(3).
    needs: ['/run/systemd/system'],
    without: 'no systemd here',
    opens: 'programs started outside the box, at your next login',
    ...LATER,
    source: 'https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html',
  },
  {
    id: 'environment-d',
    title: 'Environment of your session',
    folders: { linux: ['$XDG_CONFIG_HOME/environment.d'] },
    needs: ['/run/systemd/system'],
    without: 'no systemd here',
    opens: 'what your programs load, at your next login',
    ...LATER,
    source: 'https://www.freedesktop.org/software/systemd/man/latest/environment.d.html',
  },
  {
    id: 'autostart',
    title: 'Programs started with the desktop',
    folders: { linux: ['$XDG_CONFIG_HOME/autostart'] },
    needs: ['/usr/share/xsessions', '/usr/share/wayland-sessions'],
    without: 'no desktop here',
    opens: 'programs started outside the box, at your next login',
    ...LATER,
    source: 'https://specifications.freedesktop.org/autostart-spec/latest/',
  },
  {
    id: 'launch-agents',
    title: 'Launch agents',
    folders: { darwin: ['~/Library/LaunchAgents'] },
    opens: 'programs started outside the box, at your next login',
    ...LATER,
    source: 'https://developer.apple.com/library/archive/documentation/MacOSX/Conceptual/BPSystemStartup/',
  },
  {
    id: 'cron-folders',
    title: 'Cron of the machine',
    folders: { linux: ['/etc/cron.d', '/var/spool/cron/crontabs', '/var/spool/cron'] },
    writable: true,
    needs: ['/etc/cron.d', '/var/spool/cron'],
    without: 'no cron here',
    opens: 'programs started outside the box, within a minute',
    severity: 'critical',
    source: 'https://manpages.debian.org/stable/cron/cron.8.en.html',
  },
  {
    id: 'shell-startup',
    title: 'What your shells run first',
    files: unix(
      '~/.profile',
      '~/.bash_profile',
      '~/.bashrc',
      '~/.zshenv',
      '~/.zshrc',
      '$XDG_CONFIG_HOME/fish/config.fish',
    ),
    opens: 'whatever your next shell does, outside the box',
    ...LATER,
    source: 'https://www.gnu.org/software/bash/manual/html_node/Bash-Startup-Files.html',
  },
  {
    id: 'git-user-config',
    title: "Git's settings of yours",
    files: unix('~/.gitconfig', '$XDG_CONFIG_HOME/git/config'),
    opens: 'whatever your next git command runs, outside the box',
    ...LATER,
    source: 'https://git-scm.com/docs/git-config#FILES',
  },
  {
    id: 'ssh-authorized-keys',
    title: 'Who may log in as you',
    files: unix('~/.ssh/authorized_keys', '~/.ssh/rc'),
    opens: 'a login as you, where this machine takes SSH',
    ...LATER,
    source: 'https://man.openbsd.org/sshd.8#AUTHORIZED_KEYS_FILE_FORMAT',
  },
];
