// Makes a job summary readable without GitHub: Markdown in, one HTML file out that needs nothing else.
//   node script/render-summary.ts summary.md summary.html
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { marked } from 'marked';

/** A page that shows Markdown about as GitHub does, its Mermaid charts drawn by a copy of Mermaid inside the page. */
export async function renderPage(markdown: string): Promise<string> {
  const mermaid = await readFile(fileURLToPath(import.meta.resolve('@mermaid-js/tiny')), 'utf8');
  const body = await marked.parse(markdown, { gfm: true });
  const nonce = randomUUID();
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'; img-src data:`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>Job summary</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}</main>
<script nonce="${nonce}">${mermaid.replaceAll('</script', '<\\/script')}</script>
<script nonce="${nonce}">${DRAW}</script>
</body>
</html>
`;
}

// As GitHub does it: a block of code in the language mermaid becomes its picture.
const DRAW = `
const dark = matchMedia('(prefers-color-scheme: dark)').matches;
mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme: dark ? 'dark' : 'default' });
const blocks = [...document.querySelectorAll('pre > code.language-mermaid')].map((code) => {
  const chart = document.createElement('div');
  chart.className = 'mermaid';
  chart.textContent = code.textContent;
  code.parentElement.replaceWith(chart);
  return chart;
});
mermaid.run({ nodes: blocks }).then(
  () => { document.body.dataset.charts = 'drawn'; },
  (error) => { document.body.dataset.charts = String(error); },
);
`;

const STYLE = `
:root { color-scheme: light dark; --line: #d1d9e0; --soft: #f6f8fa; --text: #1f2328; --page: #fff; --link: #0969da; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3d444d; --soft: #151b23; --text: #f0f6fc; --page: #0d1117; --link: #4493f8; }
}
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 24px 32px 64px; }
h2 { padding-bottom: .3em; border-bottom: 1px solid var(--line); font-size: 1.5em; line-height: 1.25; }
h3 { font-size: 1.25em; margin: 24px 0 16px; }
a { color: var(--link); }
table { border-collapse: collapse; margin: 0 0 16px; display: block; overflow: auto; }
th, td { border: 1px solid var(--line); padding: 6px 13px; }
tr:nth-child(even) td { background: var(--soft); }
code { background: color-mix(in srgb, var(--line) 45%, transparent); border-radius: 6px; padding: .2em .4em; font: 85%/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--soft); border-radius: 6px; padding: 16px; overflow: auto; }
pre code { background: none; padding: 0; }
code { overflow-wrap: anywhere; }
details { margin: 0 0 16px; }
summary { cursor: pointer; }
.mermaid { background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 16px; margin: 0 0 16px; }
`;

if (import.meta.main) {
  const [source, target] = process.argv.slice(2);
  if (source === undefined || target === undefined) {
    console.error('usage: node script/render-summary.ts summary.md summary.html');
    process.exit(2);
  }
  await writeFile(target, await renderPage(await readFile(source, 'utf8')));
}
