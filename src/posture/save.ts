import { parseDocument, stringify } from 'yaml';
import type { PostureEdit } from './model.ts';

/** The posture's text with the edits made. */
export function editPosture(text: string, edits: readonly PostureEdit[]): string {
  const document = parseDocument(text);
  for (const { path, value } of edits) {
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, document.createNode(value));
  }
  return document.toString({ flowCollectionPadding: true, lineWidth: 0 });
}

/** The text of a fresh posture. */
export function newPosture(project: string): string {
  return [
    '# yaml-language-server: $schema=./node_modules/agent-posture/schema/posture-1.json',
    'version: 1',
    stringify({ project }, { lineWidth: 0 }),
  ].join('\n');
}
