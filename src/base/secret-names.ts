/**
 * What a variable's name says about its value. Names alone are judged: values are never looked at. A name is split into
 * words (`GITHUB_TOKEN`, `apiKey` → `API`, `KEY`), and the words decide.
 */

/** Words that name a secret wherever they stand, unless the last word says that it is only about one. */
const SECRET_WORDS = new Set([
  'TOKEN',
  'SECRET',
  'SECRETS',
  'PASSWORD',
  'PASSWORDS',
  'PASSWD',
  'PASSPHRASE',
  'PASSCODE',
  'CREDENTIAL',
  'CREDENTIALS',
  'CREDS',
  'APIKEY',
  'MNEMONIC',
  'JWT',
]);

/** Words that name a secret only at the end. */
const SECRET_ENDS = new Set(
  'PASS PAT SALT PEPPER TOKENS AUTHTOKEN BEARER COOKIE COOKIES SESSION PIN PINCODE OTP TOTP'.split(' '),
);

/** What stands before SESSION when it is a desktop's or a terminal's, and before PIN when it is a wire's or a version's. */
const PLAIN_ENDS: Record<string, ReadonlySet<string>> = {
  SESSION: new Set(
    'DESKTOP XDG TERM TERMINAL ITERM TMUX WINDOW GDM DBUS WAYLAND GNOME KDE PLASMA USER LOGIN'.split(' '),
  ),
  PIN: new Set('GPIO LED RESET VERSION DATA CLOCK INPUT OUTPUT'.split(' ')),
};

/** Last words by which a name is about a secret rather than one: where it is, how long, how often, for whom. */
const ABOUT = new Set(
  `FILE FILES PATH DIR DIRECTORY FOLDER URL URI ENDPOINT ID IDS NAME NAMES HEADER TYPE KIND LENGTH LEN SIZE LIMIT MAX MIN COUNT
   TTL EXPIRY EXPIRES EXPIRATION LIFETIME AGE TIMEOUT MS SECONDS SECS MINUTES HOURS DAYS INTERVAL ENABLED DISABLED ENABLE
   DISABLE REQUIRED OPTIONAL ALG ALGORITHM FORMAT PREFIX SUFFIX POLICY PROVIDER PROVIDERS MANAGER BACKEND STORE HELPER COMMAND
   CMD PROGRAM PROMPT VERSION REGION ARN USER USERNAME EMAIL HOST PORT SOCK SOCKET ISSUER AUDIENCE SCOPE SCOPES ROTATION
   SOURCE MODE LEVEL PARALLELISM REGEX PATTERN CHARS CHARSET STRENGTH ROUNDS FIELD LABEL HINT TTY SERVICE STATUS`.split(
    /\s+/,
  ),
);

/** What stands before KEY when it opens nothing. */
const HARMLESS_KEYS = new Set(
  `PUBLIC PUB PUBLISHABLE ANON SITE CACHE PRIMARY SORT PARTITION FOREIGN ROUTING OBJECT BUCKET INDEX MAP GROUP SHIFT CTRL META
   MODIFIER LEADER PREFIX NAV ESC HOT TRANSLATION I18N DOCUMENT GPG LESS BACKSPACE DELETE SWITCH CONFIG REGISTRY PAGE ISSUE
   PROJECT LOOKUP HASH ROW COLUMN KNOWN MENU COMPOSE`.split(/\s+/),
);

/** What stands before TOKEN when it is a piece of text, not a pass. */
const TEXT_TOKENS = new Set('PAD EOS BOS UNK MASK SEP CLS STOP START END SPECIAL IMAGE NEXT'.split(' '));

/** With one of these, TOKENS are counted, not kept. */
const COUNTED = new Set(
  'MAX MIN NUM TOTAL OUTPUT INPUT THINKING COMPLETION CONTEXT LIMIT BUDGET COUNT USED PER PROMPT GENERATED NEW'.split(
    ' ',
  ),
);

/** What stands before PWD when it is a password and no working folder. */
const PWD_OWNERS =
  /^(DB|DATABASE|MYSQL|MARIADB|PG|POSTGRES|SQL|SQLSERVER|MSSQL|SA|ADMIN|ROOT|USER|SMTP|MAIL|EMAIL|REDIS|MONGO|LDAP|FTP|SFTP|ORACLE|KEYSTORE|APP|SERVICE)$/;

/** Addresses that carry a login in them. */
const ADDRESS_OWNER =
  /(^|_)(DB|DATABASE|POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|MONGO|MONGODB|REDIS|VALKEY|AMQP|RABBITMQ|CLOUDAMQP|CLICKHOUSE|COCKROACH|COCKROACHDB|SQLALCHEMY|SQLSERVER|MSSQL|ORACLE|BROKER|NEO4J|NEON|SMTP|MAILER|CLOUDINARY|LDAP|JAWSDB|CLEARDB)(_[A-Z0-9]+){0,3}_(URL|URI|DSN|CONN)(_|$)/;
const CONNECTION = /(^|_)(CONNECTION_?STRING|CONN_?STR|CONNECTIONSTRINGS?|DSN)(_|$)/;

/** Who knows the address of a chat's hook may write there. */
const HOOK = /(^|_)WEBHOOKS?(_(URL|URI|URLS|ADDRESS|ENDPOINT))?$/;

/** Whole names that the words would get wrong, with what they are. */
const KNOWN: Record<string, boolean> = {
  // A path of the task's own credentials endpoint: whoever has it has the role.
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: true,
  // Both are paths of files, which are tried as files.
  GOOGLE_APPLICATION_CREDENTIALS: false,
  CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: false,
  REDISCLI_AUTH: true,
  NPM_AUTH: true,
  _AUTH: true,
  COMPOSER_AUTH: true,
  DOCKER_AUTH_CONFIG: true,
  BASIC_AUTH: true,
  HTTP_AUTH: true,
  VAULT_SECRET_ID: true,
  APPROLE_SECRET_ID: true,
  SEED_PHRASE: true,
  KUBECONFIG_DATA: true,
  KUBE_CONFIG_DATA: true,
  PGPASSFILE: false,
  SENTRY_DSN: false,
  GITHUB_TOKEN_PERMISSIONS: false,
};

/** Variables of the build that browsers get to see, and npm's own about the package. */
const PUBLISHED = /^(NEXT_PUBLIC|VITE|REACT_APP|EXPO_PUBLIC|NUXT_PUBLIC|GATSBY|PUBLIC|VUE_APP)_/;
const NPM_OWN = /^npm_(package|lifecycle|node|execpath|command)(_|$)/;

/** Whether a variable's name says that its value is a secret: a password, token, key, or an address with a login in it. */
export function secretLookingName(name: string): boolean {
  if (name.length > 200 || NPM_OWN.test(name)) return false;
  if (/^npm_config_/i.test(name)) return /(_auth|_?authtoken|_password|_otp)$/i.test(name);
  const upper = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
  const known = Object.hasOwn(KNOWN, upper) ? KNOWN[upper] : undefined;
  if (known !== undefined) return known;
  if (PUBLISHED.test(upper)) return false;
  if (ADDRESS_OWNER.test(upper) || CONNECTION.test(upper)) return !/_(FILE|PATH)$/.test(upper);
  if (HOOK.test(upper)) return true;

  const words = upper.split('_').filter(Boolean);
  const last = words.at(-1) ?? '';
  if (ABOUT.has(last)) return false;
  if (words.includes('PUBLIC')) return false;
  return words.some((word, at) => namesSecret(words, word, at));
}

function namesSecret(words: readonly string[], word: string, at: number): boolean {
  const before = words[at - 1] ?? '';
  const isLast = at === words.length - 1;
  if (word === 'TOKEN' && TEXT_TOKENS.has(before)) return false;
  if (word === 'TOKENS') return isLast && !words.some(other => COUNTED.has(other));
  if (SECRET_WORDS.has(word) || /(?:PASSWORD|PASSWD|APIKEY|AUTHTOKEN)$/.test(word)) return true;
  if (word === 'PWD') return isLast && PWD_OWNERS.test(before);
  if (word === 'KEY') return at > 0 && !HARMLESS_KEYS.has(before) && !/^\d+$/.test(before) && !keyIsMiddle(words, at);
  if (word === 'KEYS') return isLast && /^(API|SECRET|PRIVATE|ACCESS|SIGNING|ENCRYPTION)$/.test(before);
  return isLast && SECRET_ENDS.has(word) && !PLAIN_ENDS[word]?.has(before);
}

/** `KEY` inside a name counts with what makes it a secret one before it, or a number or a place after it: `SECRET_KEY_BASE`, `API_KEY_2`. */
function keyIsMiddle(words: readonly string[], at: number): boolean {
  if (at === words.length - 1) return false;
  return !/^(API|SECRET|PRIVATE|ACCESS|SIGNING|ENCRYPTION|MASTER|ACCOUNT|SERVICE|ROLE|DEPLOY)$/.test(
    words[at - 1] ?? '',
  );
}
