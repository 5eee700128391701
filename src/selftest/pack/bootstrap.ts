/** Four factors; the tag that opens every line from the vantage is computed from them there, so an echo never has it. */
export type Challenge = readonly [number, number, number, number];

/** What the vantage must have computed. The factors are small enough for a shell with 32-bit arithmetic. */
export function tagOf([a, b, c, d]: Challenge): string {
  return `${a * b}x${c * d}`;
}

/** Name of the variable that the bootstrap sets: the permitted sibling of every `env` try. */
export const SIBLING = 'AGENT_POSTURE_SIBLING';
/** Carries NODE_OPTIONS past the start of our Node, for the programs that tries run. */
const KEPT = 'AGENT_POSTURE_KEPT';

/** Exit codes by which the loader tells the bootstrap: this Node is too old; the pack was changed on its way. */
const TOO_OLD = 97;
const CHANGED = 98;

/**
 * The first program that Node gets: reads the length-prefixed pack from descriptor 3, checks it, and runs it there.
 * Old syntax, so that an old Node can say that it is too old; no single quote, because it stands in a shell's quotes.
 */
function loader(tag: string, secret: string): string {
  return [
    '(function(){"use strict";',
    `var e=process.env,tag=${tag},fs=require("fs");`,
    `if(parseInt(process.versions.node,10)<18)process.exit(${TOO_OLD});`,
    `if(e.${KEPT})e.NODE_OPTIONS=e.${KEPT};else delete e.NODE_OPTIONS;delete e.${KEPT};`,
    'e.UV_THREADPOOL_SIZE=e.UV_THREADPOOL_SIZE||"32";',
    'var s,b=Buffer.alloc(0);',
    'try{s=new(require("net").Socket)({fd:3,readable:true,writable:false})}catch(x){s=fs.createReadStream(null,{fd:3})}',
    'function take(d){b=Buffer.concat([b,d]);var i=b.indexOf(10);if(i<0)return;',
    'var h=b.toString("latin1",0,i).split(" "),n=i+1+Number(h[0]);if(b.length<n)return;',
    's.removeListener("data",take);var t=b.subarray(i+1,n);',
    'if(require("crypto").createHash("sha256").update(t).digest("hex")!==h[1])',
    `{fs.writeSync(1,tag+" changed\\n");process.exit(${CHANGED})}`,
    `new Function("require","io",t.toString())(require,{tag:tag,secret:"${secret}",input:s,rest:b.subarray(n)})}`,
    's.on("data",take);s.on("error",function(){process.exit(0)});s.on("end",function(){process.exit(0)});',
    'fs.writeSync(1,tag+" want node "+process.versions.node+"\\n")})()',
  ].join('');
}

/**
 * What is sent first on the stdin of `sh -s`: one function and its call, so that the shell has read it whole before it
 * runs it and what follows on stdin is still there for Node, or for `read`. Understood by dash, bash and busybox ash.
 */
export function bootstrap(challenge: Challenge, sibling: string, secret: string, allowNode: boolean): string {
  const [a, b, c, d] = challenge;
  const node = `ap_node=$(command -v node) || ap_node=$(command -v nodejs) || ap_node=
if [ -n "$ap_node" ]; then
exec 4<&0
printf %s '${loader('"__TAG__"', secret).replace('__TAG__', `'"$ap_tag"'`)}' | ${KEPT}=$NODE_OPTIONS NODE_OPTIONS= "$ap_node" - 3<&4 4<&-
case $? in 0|${CHANGED}) exit;; esac
exec 4<&-
fi
`;
  return `agent_posture() {
ap_tag=$((${a} * ${b}))x$((${c} * ${d}))
ap_secret=${secret}
ap_nl='
'
${SIBLING}=${sibling}
export ${SIBLING}
printf '\\n%s hello\\n' "$ap_tag"
${allowNode ? node : ''}printf '%s want sh\\n' "$ap_tag"
ap_pack=
while IFS= read -r ap_line; do
[ "$ap_line" = "$ap_tag end" ] && break
ap_pack=$ap_pack$ap_line$ap_nl
done
[ -n "$ap_pack" ] && eval "$ap_pack"
}
agent_posture; exit
`;
}

/**
 * For a vantage without `sh`: one program for `node -`, which takes nothing after it. Each round is a program of its own,
 * with the pack and the lines of the tries inside.
 */
export function oneShot(
  challenge: Challenge,
  sibling: string,
  secret: string,
  pack: string,
  lines: readonly string[],
): string {
  const [a, b, c, d] = challenge;
  return [
    '(function(){"use strict";',
    `var tag=(${a}*${b})+"x"+(${c}*${d}),fs=require("fs");`,
    `process.env.${SIBLING}=${JSON.stringify(sibling)};`,
    'fs.writeSync(1,"\\n"+tag+" hello\\n");',
    `new Function("require","io",${JSON.stringify(pack)})(require,{tag:tag,secret:${JSON.stringify(secret)},lines:${JSON.stringify(lines)}})})()\n`,
  ].join('');
}
