import { everywhere, place, unix } from '../place.ts';
import type { FilePlace } from '../types.ts';

/** Browser profiles: one entry a browser. On macOS and Windows reading them looks like malware, so only with `--deep`. */
function chromium(id: string, title: string, linux: string[], darwin: string, win32: string): FilePlace[] {
  const files = (folder: string) => ['Login Data', 'Cookies', 'Network/Cookies'].map(name => `${folder}/*/${name}`);
  const about = {
    title,
    opens: 'every site you are signed in to',
    severity: 'critical' as const,
    source: 'https://chromium.googlesource.com/chromium/src/+/main/docs/user_data_dir.md',
  };
  return [
    place({ ...about, id, paths: { linux: linux.flatMap(files) } }),
    place({
      ...about,
      id: `${id}-desktop`,
      paths: {
        darwin: files(`~/Library/Application Support/${darwin}`),
        win32: files(`%LOCALAPPDATA%/${win32}/User Data`),
      },
      deep: true,
    }),
  ];
}

const MOZILLA = ['logins.json', 'key4.db', 'cookies.sqlite'];

/** Password managers, keyrings and browsers. */
export const storeFiles: readonly FilePlace[] = [
  place({
    id: 'one-password-cli',
    title: '1Password CLI accounts',
    paths: everywhere('$XDG_CONFIG_HOME/op/config', '~/.op/config'),
    opens: 'the names of your 1Password accounts',
    severity: 'low',
    source: 'https://developer.1password.com/docs/cli/config-directories/',
  }),
  place({
    id: 'bitwarden-cli',
    title: 'Bitwarden vault',
    paths: {
      linux: [
        '$BITWARDENCLI_APPDATA_DIR/data.json',
        '$XDG_CONFIG_HOME/Bitwarden CLI/data.json',
        '$XDG_CONFIG_HOME/Bitwarden/data.json',
      ],
      darwin: ['$BITWARDENCLI_APPDATA_DIR/data.json', '~/Library/Application Support/Bitwarden CLI/data.json'],
      win32: [
        '$BITWARDENCLI_APPDATA_DIR/data.json',
        '%APPDATA%/Bitwarden CLI/data.json',
        '%APPDATA%/Bitwarden/data.json',
      ],
    },
    opens: 'your passwords, for whoever has the session key or guesses the master password',
    severity: 'high',
    source: 'https://bitwarden.com/help/data-storage/',
  }),
  place({
    id: 'pass',
    title: 'pass',
    paths: unix('$PASSWORD_STORE_DIR', '~/.password-store'),
    attempt: 'list',
    opens: 'the names of all your passwords, and the passwords with your GnuPG key',
    severity: 'high',
    source: 'https://www.passwordstore.org/',
  }),
  place({
    id: 'gopass',
    title: 'gopass',
    paths: everywhere('$XDG_DATA_HOME/gopass/stores/root'),
    attempt: 'list',
    opens: 'the names of all your passwords, and the passwords with your key',
    severity: 'high',
    source: 'https://www.gopass.pw/',
  }),
  place({
    id: 'keepass',
    title: 'KeePass',
    paths: {
      linux: ['~/*.kdbx', '~/Documents/*.kdbx', '~/Dropbox/*.kdbx', '~/Nextcloud/*.kdbx'],
      darwin: ['~/*.kdbx'],
      win32: ['~/*.kdbx', '~/Documents/*.kdbx'],
    },
    opens: 'your passwords, for whoever guesses the master password',
    severity: 'high',
    source: 'https://keepass.info/help/base/index.html',
  }),
  place({
    id: 'keepass-documents-macos',
    title: 'KeePass in Documents',
    paths: { darwin: ['~/Documents/*.kdbx', '~/Desktop/*.kdbx'] },
    opens: 'your passwords, for whoever guesses the master password',
    severity: 'high',
    asks: true,
    source: 'https://support.apple.com/guide/security/controlling-app-access-to-files-secddd1d86a6/web',
  }),
  place({
    id: 'lastpass-cli',
    title: 'LastPass CLI',
    paths: unix('$LPASS_HOME/*', '$XDG_DATA_HOME/lpass/*', '~/.lpass/*'),
    opens: 'your passwords, while the CLI is signed in',
    severity: 'critical',
    source: 'https://github.com/lastpass/lastpass-cli',
  }),
  place({
    id: 'gnome-keyring',
    title: 'GNOME keyring',
    paths: { linux: ['$XDG_DATA_HOME/keyrings/*.keyring'] },
    opens: 'saved passwords, for whoever knows or guesses your login password',
    severity: 'high',
    source: 'https://wiki.gnome.org/Projects/GnomeKeyring',
  }),
  place({
    id: 'kwallet',
    title: 'KDE wallet',
    paths: { linux: ['$XDG_DATA_HOME/kwalletd/*.kwl'] },
    opens: 'saved passwords, for whoever knows or guesses the wallet password',
    severity: 'high',
    source: 'https://docs.kde.org/stable5/en/kwalletmanager/kwallet5/index.html',
  }),
  place({
    id: 'macos-keychain',
    title: 'macOS keychain files',
    paths: { darwin: ['~/Library/Keychains/*.keychain-db', '~/Library/Keychains/*/keychain-2.db'] },
    opens: 'saved passwords, for whoever knows or guesses your login password',
    severity: 'high',
    deep: true,
    source: 'https://support.apple.com/guide/security/keychain-data-protection-secb0694df1a/web',
  }),
  place({
    id: 'windows-dpapi',
    title: 'Windows credential store',
    paths: {
      win32: [
        '%APPDATA%/Microsoft/Credentials/*',
        '%LOCALAPPDATA%/Microsoft/Credentials/*',
        '%APPDATA%/Microsoft/Protect/*/*',
      ],
    },
    opens: 'saved passwords of Windows',
    severity: 'critical',
    deep: true,
    source: 'https://learn.microsoft.com/en-us/windows/win32/secauthn/credentials-management',
  }),
  ...chromium('chrome', 'Google Chrome', ['$XDG_CONFIG_HOME/google-chrome'], 'Google/Chrome', 'Google/Chrome'),
  ...chromium(
    'chromium',
    'Chromium',
    ['$XDG_CONFIG_HOME/chromium', '~/snap/chromium/common/chromium'],
    'Chromium',
    'Chromium',
  ),
  ...chromium(
    'brave',
    'Brave',
    ['$XDG_CONFIG_HOME/BraveSoftware/Brave-Browser'],
    'BraveSoftware/Brave-Browser',
    'BraveSoftware/Brave-Browser',
  ),
  ...chromium('edge', 'Microsoft Edge', ['$XDG_CONFIG_HOME/microsoft-edge'], 'Microsoft Edge', 'Microsoft/Edge'),
  ...chromium('vivaldi', 'Vivaldi', ['$XDG_CONFIG_HOME/vivaldi'], 'Vivaldi', 'Vivaldi'),
  place({
    id: 'firefox',
    title: 'Firefox',
    paths: {
      linux: [
        '~/.mozilla/firefox',
        '$XDG_CONFIG_HOME/mozilla/firefox',
        '~/snap/firefox/common/.mozilla/firefox',
      ].flatMap(folder => MOZILLA.map(name => `${folder}/*/${name}`)),
    },
    opens: 'every site you are signed in to, and saved passwords',
    severity: 'critical',
    source: 'https://support.mozilla.org/en-US/kb/profiles-where-firefox-stores-user-data',
  }),
  place({
    id: 'firefox-desktop',
    title: 'Firefox',
    paths: {
      darwin: MOZILLA.map(name => `~/Library/Application Support/Firefox/Profiles/*/${name}`),
      win32: MOZILLA.map(name => `%APPDATA%/Mozilla/Firefox/Profiles/*/${name}`),
    },
    opens: 'every site you are signed in to, and saved passwords',
    severity: 'critical',
    deep: true,
    source: 'https://support.mozilla.org/en-US/kb/profiles-where-firefox-stores-user-data',
  }),
  place({
    id: 'safari',
    title: 'Safari',
    paths: {
      darwin: [
        '~/Library/Cookies/Cookies.binarycookies',
        '~/Library/Containers/com.apple.Safari/Data/Library/Cookies/Cookies.binarycookies',
      ],
    },
    opens: 'every site you are signed in to',
    severity: 'critical',
    asks: true,
    source: 'https://support.apple.com/guide/security/controlling-app-access-to-files-secddd1d86a6/web',
  }),
  place({
    id: 'bitcoin',
    title: 'Bitcoin wallets',
    paths: {
      linux: ['~/.bitcoin/wallet.dat', '~/.bitcoin/wallets/*/wallet.dat', '~/.electrum/wallets/*'],
      darwin: ['~/Library/Application Support/Bitcoin/wallets/*/wallet.dat', '~/.electrum/wallets/*'],
      win32: ['%APPDATA%/Bitcoin/wallets/*/wallet.dat', '%APPDATA%/Electrum/wallets/*'],
    },
    opens: 'money',
    severity: 'critical',
    source: 'https://github.com/bitcoin/bitcoin/blob/master/doc/files.md',
  }),
  place({
    id: 'ethereum',
    title: 'Ethereum keys',
    paths: {
      linux: ['~/.ethereum/keystore/*', '~/.foundry/keystores/*'],
      darwin: ['~/Library/Ethereum/keystore/*', '~/.foundry/keystores/*'],
      win32: ['%LOCALAPPDATA%/Ethereum/keystore/*', '~/.foundry/keystores/*'],
    },
    opens: 'money',
    severity: 'critical',
    source: 'https://geth.ethereum.org/docs/fundamentals/account-management',
  }),
  place({
    id: 'solana',
    title: 'Solana keys',
    paths: everywhere('~/.config/solana/id.json', '~/.config/solana/*.json'),
    opens: 'money',
    severity: 'critical',
    source: 'https://solana.com/docs/intro/installation/solana-cli-basics',
  }),
  place({
    id: 'sui',
    title: 'Sui keys',
    paths: everywhere('~/.sui/sui_config/sui.keystore'),
    opens: 'money',
    severity: 'critical',
    source: 'https://docs.sui.io/references/cli/keytool',
  }),
];
