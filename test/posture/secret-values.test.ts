import { describe, expect, it } from 'vitest';
import { secretLookingValue } from '../../src/posture/secret-values.ts';
import { variableProbes } from '../../src/selftest/probes/machine.ts';

// Made up, and put together here so that no scanner takes them for real ones.
const random = 'aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5';
const SECRET = [
  'postgres://app:hunter2@db.example.com/shop',
  `https://${random}@git.example.com/x.git`,
  `https://api.example.com/v1?x=1&access_token=${random}`,
  `https://store.blob.example.net/c?sv=1&sig=${random}`,
  'Server=db;Database=shop;User Id=sa;Password=hunter2;',
  'host=db user=app password=hunter2 dbname=shop',
  `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${random}==`,
  `https://hooks.slack.com/services/T0001/B0001/${random}`,
  `https://x.webhook.office.com/webhookb2/${random}`,
  `https://api.telegram.org/bot123456:${random}`,
  `ghp_${random}`,
  `sk-${random}`,
  `xoxb-1234567890-${random}`,
  `AKIA${'ABCDEFGHIJ234567'}`,
  `eyJ${'hbGciOiJIUzI1NiJ9'}.eyJ${'zdWIiOiIxIn0xx'}.${random}`,
  `Bearer ${random}`,
];
const HARMLESS = [
  '',
  '1',
  '/usr/local/bin:/usr/bin',
  'https://example.com/path?page=2&key=a',
  'https://example.com:8443/',
  'https://user@example.com/x',
  'ssh://git@github.com/x/y.git',
  'git@github.com:x/y.git',
  'postgres://app:$PASSWORD@db/shop',
  'host=db user=app password=$PGPASSWORD',
  'rs=0:di=01;34:ln=01;36',
  '--max-old-space-size=4096',
  '/nix/store/0c4l9p2f8qv3x1wz7b6n5m4k3j2h1g0f-nodejs-20.20.2',
  'Mozilla/5.0 (X11; Linux x86_64)',
  '6c9a3f1e-2b4d-4c8a-9f00-1234567890ab',
  'en_US.UTF-8',
  'basic',
];

describe('secretLookingValue', () => {
  it('finds what opens something, whatever the variable is called', () => {
    expect(SECRET.filter(value => !secretLookingValue(value))).toEqual([]);
  });

  it('leaves what opens nothing', () => {
    expect(HARMLESS.filter(secretLookingValue)).toEqual([]);
  });

  it('takes no more than linear time', () => {
    const start = performance.now();
    for (const unit of ['a://', 'x?token=', 'password =', 'a:', 'bearer ', '@', ';pwd=', 'eyJaaaaaaaa.'])
      secretLookingValue(unit.repeat(100_000));
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('variables of the environment', () => {
  it('are tried by the self-test where their value is a secret, under their name alone', () => {
    const env = {
      BACKEND: 'Server=db;Password=hunter2',
      EDITOR: 'vi',
      npm_config_registry: 'https://a:hunter2@x.example',
    };
    const probes = variableProbes({ env } as unknown as Parameters<typeof variableProbes>[0]);
    expect(probes.map(({ target }) => target)).toEqual(['BACKEND']);
    for (const { subject, ...told } of probes) expect(JSON.stringify(told)).not.toContain('hunter2');
  });
});
