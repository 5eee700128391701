import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { defaultTreeAdapter as dom, html, parse, type DefaultTreeAdapterTypes as Tree } from 'parse5';
import { SaxesParser } from 'saxes';

export const SCHEMAS = join(import.meta.dirname, '../fixtures/schemas');

/** The validator of the official schema of SARIF 2.1.0. */
export function sarifSchema(): ValidateFunction {
  // It is written in draft 4, of which Ajv knows all but the two names at its head.
  const { $schema, id, ...schema } = JSON.parse(readFileSync(join(SCHEMAS, 'sarif-2.1.0.json'), 'utf8'));
  const formats = {
    uri: (text: string) => URL.canParse(text) && /^[\x21-\x7e]+$/.test(text),
    'uri-reference': (text: string) => /^(?:[\w\-.~!$&'()*+,;=:@/?#]|%[0-9A-F]{2})*$/.test(text),
    'date-time': (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text),
  };
  // A pattern of the schema is none with the flag `u`.
  return new Ajv({ strict: false, allErrors: true, formats, unicodeRegExp: false }).compile(schema);
}

export interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/** The root of an XML text. Throws where it is not well-formed. */
export function parseXml(text: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('error', error => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  parser.on('text', found => {
    const element = open.at(-1);
    if (element) element.text += found;
  });
  for (const kind of ['cdata', 'comment', 'processinginstruction', 'doctype'] as const)
    parser.on(kind, () => {
      throw new Error(`there is a ${kind}`);
    });
  parser.write(text).close();
  return root.children[0] as Element;
}

/** Every element of a page, as a browser reads it. Throws, where it is strict, at what the standard counts as an error. */
export function parseHtml(text: string, { strict = true } = {}): Element[] {
  const document = parse(text, {
    onParseError: ({ code, startLine }) => {
      if (strict) throw new Error(`${code} in line ${startLine}`);
    },
  });
  const all: Element[] = [];
  const visit = (node: Tree.Node): string => {
    if (dom.isTextNode(node)) return node.value;
    if (dom.isCommentNode(node)) throw new Error('there is a comment');
    if (!('childNodes' in node)) return '';
    if (!dom.isElementNode(node)) return node.childNodes.map(visit).join('');
    if (node.namespaceURI !== html.NS.HTML) throw new Error(`${node.tagName} is of ${node.namespaceURI}`);
    const attributes = Object.fromEntries(node.attrs.map(({ name, value }) => [name, value]));
    const element: Element = { name: node.tagName, attributes, children: [], text: '' };
    all.push(element);
    element.text = node.childNodes.map(visit).join('');
    return element.text;
  };
  visit(document);
  return all;
}
