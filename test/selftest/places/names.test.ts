import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { filePlaces } from '../../../src/selftest/places/index.ts';
import { presentable } from '../../../src/selftest/places/names.ts';

const names = (id: string, content: string) => {
  const place = filePlaces.find(entry => entry.id === id);
  if (!place?.names) throw new Error(`${id} has no names`);
  return place.names(content);
};

describe('the names that may be shown of a credential file', () => {
  it.each([
    [
      'aws-credentials',
      '[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n[prod]\n',
      ['default', 'prod'],
    ],
    [
      'aws-config',
      '[default]\nregion=eu-west-1\n[profile staging]\n[sso-session corp]\n',
      ['default', 'staging', 'corp'],
    ],
    [
      'kubeconfig',
      'apiVersion: v1\nclusters:\n- cluster:\n    server: https://k.example.com\n  name: c1\ncontexts:\n- context:\n    cluster: c1\n    user: u1\n  name: prod-eu\n- context:\n    cluster: c1\n  name: "dev"\ncurrent-context: dev\nusers:\n- name: u1\n  user:\n    token: abc\n',
      ['prod-eu', 'dev'],
    ],
    [
      'gh',
      'github.com:\n    user: alice\n    oauth_token: gho_16C7e42F292c6912E7710c838347Ae178B4a\nghe.example.com:\n    user: alice\n',
      ['github.com', 'ghe.example.com'],
    ],
    [
      'npm',
      '//npm.example.com/:_authToken=npm_abcdefghijklmnopqrstuvwxyz0123456789\n//npm.corp.example:8443/path/:_password=eA==\nfund=false\n',
      ['npm.example.com', 'npm.corp.example:8443'],
    ],
    [
      'netrc',
      'machine api.example.com login alice password hunter2\nmachine git.example.com\n  login bob\n  password s3cr3t\n',
      ['api.example.com', 'git.example.com'],
    ],
    [
      'docker-config',
      '{"auths":{"https://index.docker.io/v1/":{"auth":"YWxpY2U6aHVudGVyMg=="},"ghcr.io":{}}}',
      ['index.docker.io', 'ghcr.io'],
    ],
    [
      'pgpass',
      '# comment\ndb.prod.example.com:5432:orders:app:hunter2\n*:*:*:me:pw\n',
      ['db.prod.example.com:5432/orders', '*:*/*'],
    ],
    [
      'git-credentials',
      'https://alice:hunter2@github.com\nhttps://x-token:p%40ss@git.example.com:8443/x\n',
      ['github.com', 'git.example.com:8443'],
    ],
    ['ssh-config', 'Host prod bastion *.internal\n  HostName 10.0.0.1\nHost *\n  User a\n', ['prod', 'bastion']],
    [
      'maven-settings',
      '<settings><profiles><profile><id>p</id></profile></profiles><servers><server><id>nexus</id><password>x</password></server></servers></settings>',
      ['nexus'],
    ],
    ['rclone', '[gdrive]\ntype = drive\ntoken = {"access_token":"x"}\n[s3prod]\n', ['gdrive', 's3prod']],
    ['terraform-credentials', '{"credentials":{"app.terraform.io":{"token":"x.atlasv1.y"}}}', ['app.terraform.io']],
    ['mysql-options', '[client]\nhost = db.example.com\npassword = hunter2\n', ['db.example.com']],
  ])('%s', (id, content, expected) => {
    expect(names(id, content)).toEqual(expected);
  });

  it('drops what looks like a value in the place of a name', () => {
    expect(
      presentable([
        'prod',
        'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
        'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY0',
        'AKIAIOSFODNN7EXAMPLE',
      ]),
    ).toEqual(['prod']);
    expect(names('netrc', 'machine ghp_16C7e42F292c6912E7710c838347Ae178B4a login x')).toEqual([]);
  });
  it('keeps the names of hosts that providers make', () => {
    const hosts = [
      'orders.c9akciq32.eu-west-1.rds.amazonaws.com',
      'ep-cool-darkness-123456-pooler.eu-central-1.aws.neon.tech',
    ];
    expect(presentable(hosts)).toEqual(hosts);
  });
  it('lets no escape, control or reordering mark through', () => {
    expect(names('aws-credentials', '[\u001b[31mred\u202e]\n[a\u0007b]\n').join('')).not.toMatch(
      /[\u0000-\u001f\u007f\u202e]/,
    );
  });

  const place = fc.constantFrom(...filePlaces.filter(entry => entry.names));
  property.prop([place, fc.string({ unit: 'binary', maxLength: 400 })])(
    'takes any text',
    ({ names: extract }, content) => {
      const shown = extract?.(content) ?? [];
      expect(shown.length).toBeLessThanOrEqual(20);
      for (const name of shown) {
        expect(name.length).toBeLessThanOrEqual(100);
        expect(name).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }
    },
  );
  it('is quick on files made to be slow', () => {
    const hostile = [
      '[',
      '[profile ',
      'machine ',
      'Host ',
      '//a:',
      'a:',
      'https://',
      '<servers><id>',
      'contexts:\n  name:',
      ':',
      '\\:',
      '"host": ',
      ' ',
      '\n',
      '\u001b',
    ].map(part => part.repeat(Math.ceil(1_000_000 / part.length)));
    for (const { id, names: extract } of filePlaces)
      for (const content of extract ? hostile : []) {
        const started = performance.now();
        extract?.(content);
        expect(performance.now() - started, `${id} on ${JSON.stringify(content.slice(0, 12))}`).toBeLessThan(500);
      }
  });
});
