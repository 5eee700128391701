/** The style sheet of the page. It stands in the page itself, which allows only this very text, by its hash. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --box: #f5f6f8; --text: #1a1d21; --quiet: #565d66; --line: #d5d9de;
  --bad: #b3261e; --warn: #7a4b00; --good: #1b6b35; --link: #0b57a4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --box: #1f2329; --text: #e6e8eb; --quiet: #a3abb5; --line: #3a4149;
    --bad: #ff8a80; --warn: #f2c063; --good: #7fd69a; --link: #8ec2ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 62rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; overflow-wrap: anywhere;
}
header p, footer { color: var(--quiet); }
header p, h1 { margin: 0.25rem 0; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 1.75rem 0 0.5rem; font-size: 1.05rem; border-bottom: 1px solid var(--line); padding-bottom: 0.25rem; }
a { color: var(--link); }
code { font: 0.92em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
/* A command stays on one line, and one click marks all of it: nobody copies half of one. */
.command {
  display: inline-block; max-width: 100%; vertical-align: bottom; overflow-x: auto; white-space: pre; user-select: all;
}
.whole { white-space: nowrap; }
ul, ol, dl { margin: 0; padding: 0; list-style: none; }
dd { margin: 0; }
.bad { color: var(--bad); }
.warn { color: var(--warn); }
.good { color: var(--good); }
.said { margin: 1.25rem 0; }
.said li { margin: 0.4rem 0; padding: 0.5rem 0.75rem; border-left: 0.25rem solid var(--warn); background: var(--box); }
.rows > li {
  display: grid; grid-template-columns: 1.25rem minmax(0, 1.1fr) minmax(0, 1fr) 3.5rem; gap: 0 0.75rem;
  padding: 0.4rem 0; border-bottom: 1px solid var(--line);
}
.rows .mark { font-weight: 700; }
.what { color: var(--quiet); }
.rows .fix { text-align: right; }
.new { font-weight: 700; font-size: 0.8rem; border: 1px solid; border-radius: 0.25rem; padding: 0 0.3rem; }
details { margin: 0.25rem 0; }
summary { cursor: pointer; color: var(--link); }
.counts { display: flex; flex-wrap: wrap; gap: 0.5rem; margin-top: 1.75rem; }
.counts div { background: var(--box); border-radius: 0.375rem; padding: 0.4rem 0.75rem; }
.counts dt { color: var(--quiet); font-size: 0.85rem; }
.counts dd { font-weight: 700; }
.fixes > li { margin: 0.5rem 0; padding: 0.6rem 0.75rem; background: var(--box); border-radius: 0.375rem; }
.fixes p { margin: 0.25rem 0 0; color: var(--quiet); }
.tries li { padding: 0.25rem 0; border-bottom: 1px solid var(--line); }
footer { margin-top: 2rem; font-size: 0.9rem; }
footer p { margin: 0.35rem 0; }
@media (max-width: 40rem) {
  .rows > li { grid-template-columns: 1.25rem minmax(0, 1fr) auto; }
  .rows .what { grid-column: 2 / -1; grid-row: 2; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #ffffff; --box: #ffffff; --text: #000000; --quiet: #333333; --line: #999999;
    --bad: #8c1d18; --warn: #5c3900; --good: #0f5223; --link: #000000;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .command { white-space: pre-wrap; overflow-wrap: normal; }
  li, .counts div { break-inside: avoid; }
  h2 { break-after: avoid; }
  .rows details::details-content { content-visibility: visible; block-size: auto; }
  .counts div, .fixes > li { border: 1px solid var(--line); }
}
`;
