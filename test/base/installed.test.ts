import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installedVersion } from '../../src/base/installed.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'installed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text = ''): string {
  const place = join(folder, path);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, text);
  chmodSync(place, 0o755);
  return place;
}

describe('the version of a program that is not run', () => {
  it('is told by the metadata of its environment for Python, as pipx and uv lay it', async () => {
    put('venvs/aider-chat/lib/python3.12/site-packages/aider_chat-0.86.1.dist-info/METADATA');
    put('venvs/aider-chat/lib/python3.12/site-packages/aider_chat_more-9.0.dist-info/METADATA');
    const real = put('venvs/aider-chat/bin/aider');
    const link = join(folder, 'aider');
    symlinkSync(real, link);
    expect(await installedVersion(link, { python: 'aider-chat' })).toBe('0.86.1');
    expect(await installedVersion(link, { python: 'other' })).toBeUndefined();
    expect(await installedVersion(link, {})).toBeUndefined();
  });
  it('is told by the folder of an installer that keeps several', async () => {
    expect(await installedVersion(put('mise/installs/gitleaks/8.30.1/bin/gitleaks'), {})).toBe('8.30.1');
    expect(await installedVersion(put('Cellar/block-goose-cli/1.9.0/bin/goose'), {})).toBe('1.9.0');
    expect(await installedVersion(put('installs/gitleaks/latest/bin/gitleaks'), {})).toBeUndefined();
  });
  it('is told by the bundle of an app', async () => {
    put(
      'Cursor.app/Contents/Info.plist',
      '<plist><dict><key>CFBundleShortVersionString</key>\n\t<string>1.7.52</string></dict></plist>',
    );
    expect(await installedVersion(put('Cursor.app/Contents/Resources/app/bin/cursor'), {})).toBe('1.7.52');
  });
  it('is not told by what is no version', async () => {
    put('venv/lib/python3.12/site-packages/aider_chat-\u001b[31m.dist-info/METADATA');
    expect(await installedVersion(put('venv/bin/aider'), { python: 'aider-chat' })).toBeUndefined();
    put('X.app/Contents/Info.plist', '<key>CFBundleShortVersionString</key><string>$(id)</string>');
    expect(await installedVersion(put('X.app/Contents/MacOS/x'), {})).toBeUndefined();
  });
});
