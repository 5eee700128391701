import { type Node, parseTree } from 'jsonc-parser';

/** Where opencode's settings may hold a login: https://opencode.ai/docs/providers/ and https://opencode.ai/docs/mcp-servers/. */
const LOGINS: readonly RegExp[] = [
  /^provider\/[^/]+\/options\/(?!baseURL$)/,
  /^mcp\/[^/]+\/(?:headers|environment|oauth)\//,
];

/**
 * Settings of opencode without the logins that they may hold, and otherwise as they are, mistakes included: it is to be seen
 * whether it takes them. Undefined where what they hold cannot be told.
 */
export function withoutLogins(text: string): string | undefined {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  if (!tree) return text.trim() === '' ? text : undefined;
  const found = textsIn(tree, '').filter(({ path }) => LOGINS.some(login => login.test(path)));
  return found.reduceRight(
    (kept, { node }) => `${kept.slice(0, node.offset)}"removed"${kept.slice(node.offset + node.length)}`,
    text,
  );
}

/** Every text below, in the order in which they stand, with the keys that lead to it. */
function textsIn(node: Node, path: string): { path: string; node: Node }[] {
  if (node.type === 'string') return [{ path, node }];
  const children = node.children ?? [];
  if (node.type === 'array') return children.flatMap((child, index) => textsIn(child, `${path}/${index}`));
  return children.flatMap(({ children: [key, value] = [] }) =>
    key && value ? textsIn(value, path === '' ? `${key.value}` : `${path}/${key.value}`) : [],
  );
}
