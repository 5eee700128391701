import { basename } from 'node:path';

// Names are compared in lower case: a pattern that ignores case takes Node milliseconds to make.
// A line end in a name, which `.` does not match and a listing hides, must not keep a file from being one of them.
const lowerName = (path: string): string =>
  basename(path)
    .toLowerCase()
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '_');

/** Examples and templates: they name variables and hold no values of worth. */
const EXAMPLE = /(^|[._-])(example|examples|sample|template|tmpl|tpl|dist|defaults?|schema|skel(eton)?)([._-]|$)/;

/** Names of files that hold secrets, or data that should not leave. */
const SECRET_NAMES: readonly RegExp[] = [
  /^\.env(rc)?$/,
  /^\.env[._-].+/,
  /^[\w.-]+\.env$/,
  /^\.dev\.vars(\..+)?$/,
  /^id_(rsa|dsa|ecdsa|ed25519)(_sk)?$/,
  /\.(p12|pfx|jks|keystore|p8|ppk|kdbx)$/,
  /\.tfstate(\.backup|\.\d+\.backup)?$/,
  /\.tfvars(\.json)?$/,
  /^(.*[-_.])?service[-_]?account.*\.json$/,
  /^(.*[-_.])?(credentials|client_secret[^/]*|firebase-adminsdk[^/]*|gcp-key|google-key)\.json$/,
  /^\.?secrets?(\.[\w-]+)?\.(ya?ml|json|toml|properties|ini)$/,
  /^\.(netrc|pgpass|pypirc|git-credentials|htpasswd|vault_pass(\.txt)?|vault-token|my\.cnf|s3cfg|boto)$/,
  /^(vault_pass|vault-pass)(word)?(\.txt)?$/,
  /^(.*\.)?kubeconfig(\..+)?$/,
  /^local\.settings\.json$/,
  /^wp-config\.php$/,
  /(dump|backup)[\w.-]*\.sql(\.(gz|bz2|xz|zst))?$|\.sql\.(gz|bz2|xz|zst)$|\.(pg)?dump$|^dump\.rdb$/,
];

/** Keys: secret by their ending, unless the name says that it is the public part. */
const KEY = /\.(pem|key)$/;
const PUBLIC_PART =
  /(^|[-_.])(ca|cacert|cert|certs|certificate|chain|fullchain|public|pub|bundle|root|roots|intermediate|dhparam|csr)([-_.]|\d*\.)/;

/** Folders of tests, whose keys and dumps are made for them. */
const TEST_FOLDER =
  /(^|\/)(tests?|spec|specs|fixtures?|__fixtures__|__tests__|testdata|test-data|mocks?|__mocks__|examples?)\//;

/** Whether a repository-relative path (with `/`, in lower case) lies in a folder of tests or examples. */
export function isTestData(path: string): boolean {
  return TEST_FOLDER.test(path);
}

/** Whether a repository-relative path (with `/`) is an example of a file that would hold secrets. */
export function isExample(path: string): boolean {
  return EXAMPLE.test(lowerName(path));
}

/** Whether a repository-relative path (with `/`) names a file that holds secrets. By name alone. */
export function isSecretFile(path: string): boolean {
  const original = originalOf(path);
  return !isExample(original) && [path, original].some(isSecretName);
}

/** Whose swap or backup file it is, as Vim, Emacs, nano and people name them; otherwise the path itself. */
function originalOf(path: string): string {
  const name = basename(path);
  const original = name
    .replace(/^\.(.+)\.sw[a-p]$/, '$1')
    .replace(/^#(.+)#$/, '$1')
    .replace(/(~|\.(bak|orig|old|save))$/, '');
  return path.slice(0, path.length - name.length) + original;
}

function isSecretName(path: string): boolean {
  const name = lowerName(path);
  if (isExample(name) || name === '.env.vault' || name.endsWith('.pub')) return false;
  if (/(^|\/)\.(aws|docker)\/(credentials|config\.json)$/.test(path)) return true;
  const environmentFile = /(^\.env|\.env$|^\.dev\.vars)/.test(name);
  if (!environmentFile && isTestData(path.toLowerCase())) return false;
  return SECRET_NAMES.some(pattern => pattern.test(name)) || (KEY.test(name) && !PUBLIC_PART.test(name));
}

const ENVIRONMENT =
  /^(\.env(rc)?([._-].+)?|[\w.-]+\.env([._-][\w-]+)?|\.dev\.vars(\..+)?|env\.(example|sample|template))$/;

/** Whether a path is an environment file, example or not. */
export function isEnvironmentFile(path: string): boolean {
  const name = lowerName(path);
  return ENVIRONMENT.test(name) && name !== '.env.vault';
}
