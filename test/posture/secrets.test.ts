import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { parsePosture } from '../../src/posture/load.ts';
import { secretShape } from '../../src/posture/secrets.ts';

const mixed = 'q7Rt2mXw9KdLs4Vb8Nz1Hc6Jf3Gp5Ya0Te';
// Put together here, so that no scanner takes this file for a leak.
const join = (...parts: string[]) => parts.join('');

const SECRETS: [string, string][] = [
  ['AWS access key', join('AKIA', 'Q3EGRIWJ5TRHN2PL')],
  ['AWS temporary key', join('ASIA', 'Q3EGRIWJ5TRHN2PL')],
  ['AWS secret key', join('wJalrXUtnFEMIK7MDENG', 'bPxRfiCYEXAMQ9zKEY81')],
  ['GitHub classic', join('ghp', '_', mixed, 'ab12')],
  ['GitHub server', join('ghs', '_', mixed, 'ab12')],
  ['GitHub fine-grained', join('github_pat', '_11ABCDEFG0', mixed)],
  ['GitLab', join('glpat', '-', mixed.slice(0, 20))],
  ['OpenAI', join('sk-', 'proj-', mixed)],
  ['Anthropic', join('sk-', 'ant-api03-', mixed)],
  ['Slack bot', join('xoxb', '-123456789012-', mixed.slice(0, 20))],
  ['Slack hook', join('https://hooks.slack.com', '/services/T01234567/B01234567/', mixed.slice(0, 24))],
  ['Google', join('AIza', mixed)],
  ['Stripe', join('sk_live', '_', mixed.slice(0, 24))],
  ['npm', join('npm', '_', mixed, 'ab')],
  ['Vault', join('hvs', '.', mixed)],
  ['private key', join('-----BEGIN ', 'OPENSSH PRIVATE KEY-----')],
  ['private key, PKCS 8', join('-----BEGIN ', 'PRIVATE KEY-----')],
  ['JWT', join('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxMjM0NTY3ODkwIn0.', mixed)],
  ['URL with a password', join('postgres://app:', 's3cretpw@db.example.com:5432/x')],
  ['URL with a password and no user', join('redis://:', 's3cretpw@cache:6379')],
  ['assignment', join('docker run -e DB_PASSWORD=', 'tr0ub4dor img')],
  ['flag', join('mysql --password=', 'tr0ub4dor')],
  ['bearer', join('curl -H "Authorization: Bearer ', mixed, '"')],
  ['hex', '9f86d081884c7d659a2feaa0c55ad015'],
  ['random', mixed],
  ['random base64', 'Zm9v8Q+x/Rt2mXw9KdLs4Vb8Nz1Hc6Jf3Gp='],
];

const NAMES: string[] = [
  "sh -c 'echo command >> /tmp/agent-posture-e2e-aB3xYz/home/ran'",
  'shop-api',
  'db.prod.example.com:5432',
  'a1b2c3d4e5f6.cluster-ro-c9akciq32rgm.eu-west-1.rds.amazonaws.com:5432',
  'https://vault.example.com:8200',
  'src/components/authentication/LoginFormController.spec.ts',
  'src/main/java/com/example/shop/order/OrderRepository2Impl.java',
  'arn:aws:iam::123456789012:role/ShopApiDeploymentRole2024',
  'projects/shop-production-4711/locations/europe-west3/clusters/main',
  'ghcr.io/example/agent@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'as of commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b',
  '123e4567-e89b-12d3-a456-426614174000',
  'SHA256:Zm9v8Qx1Rt2mXw9KdLs4Vb8Nz1Hc6Jf3Gp5Ya0TeKL',
  'DATABASE_URL',
  'AWS_SECRET_ACCESS_KEY',
  'docker run -e API_KEY=$API_KEY -e DB_PASSWORD=$' + '{DB_PASSWORD} img',
  'postgres://app:$' + '{PGPASSWORD}@db/x',
  'psql --password',
  'needs a token: rotates monthly, ask the platform team',
  'release/2026-11-23-hotfix-for-checkout-timeouts',
  'feature/SHOP-12345-add-oauth2-login-with-google-accounts',
  'select id, password_changed_at from users where token is null limit 1',
  '**/__snapshots__/**/*.snap',
  '!.env*.example',
  'risk-management-service-for-european-customers',
  'sk-learn-pipelines-for-pricing-of-orders',
  'shop-agent@example.com',
  'customers_2026_partition_eu_central_1_backup',
  'secret/{environment}/database/orders',
  'read-only token of the mirror, no write rights',
  'XMLHttpRequestFactoryBuilderV2ForInternalUse',
  'i18n/messages_deDE/CheckoutV2Page/ErrorMessages',
];

describe('secretShape', () => {
  it.each(SECRETS)('%s is a secret, and nothing of it is said', (_, value) => {
    const shape = secretShape(value);
    expect(shape).toBeDefined();
    expect(value).not.toContain(shape as string);
  });
  it.each(NAMES)('%s is none', value => {
    expect(secretShape(value)).toBeUndefined();
  });
});

describe('a posture with a secret in it', () => {
  it.each(SECRETS)('is refused (%s), without the value, with where to put it', (_, value) => {
    for (const text of [
      `version: 1\nproject: x\naccepted:\n  - { safeguard: SEC-1, target: x, owner: y, until: 2027-01-31, reason: ${JSON.stringify(value)} }\n`,
      `version: 1\nproject: ${JSON.stringify(value)}\n`,
      `version: 1\nproject: x\nenvironments: { a: { agentAccess: ${JSON.stringify(value)} } }\n`,
      `version: 1\nproject: x\n${JSON.stringify(value)}: 1\n`,
    ]) {
      let message = '';
      try {
        parsePosture(text, 'p.yaml');
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        message = (error as UserError).message;
      }
      expect(message).toMatch(/p\.yaml:\d+:\d+: this looks like /);
      expect(message).toContain('secrets manager');
      for (let i = 0; i + 12 <= value.length; i += 4) expect(message).not.toContain(value.slice(i, i + 12));
    }
  });

  it('is found in a comment, and in broken YAML', () => {
    const token = join('ghp', '_', mixed, 'ab12');
    for (const text of [`version: 1\nproject: x # ${token}\n`, `version: 1\nproject: [ "${token}\n`]) {
      expect(() => parsePosture(text, 'p')).toThrow('looks like a GitHub token');
      try {
        parsePosture(text, 'p');
      } catch (error) {
        expect((error as Error).message).not.toContain(mixed.slice(0, 10));
      }
    }
  });

  it('an unknown key named for a secret says where that goes', () => {
    expect(() => parsePosture('version: 1\nproject: x\npassword: hunter2\n', 'p')).toThrow(
      /unknown key "password"[\s\S]*secrets manager/,
    );
  });

  it('a list of true and false positives: none missed, none wrong', () => {
    expect(SECRETS.filter(([, value]) => !secretShape(value))).toEqual([]);
    expect(NAMES.filter(value => secretShape(value))).toEqual([]);
  });
});
