/** For a screen and for A4: what is a card on the one is a page on the other. */
export const STYLE = `
:root { color-scheme: light; --ink: #1b1f26; --quiet: #59616e; --line: #d5dae1; --head: #f1f3f6;
  --good: #17733f; --good-ground: #dff3e6; --bad: #b3201c; --bad-ground: #fbe3e1; --odd: #7d5200; --odd-ground: #fbeed3; --none-ground: #e9ecf0; }
* { box-sizing: border-box; }
html { background: #eceff3; }
body { margin: 24px auto; max-width: 860px; padding: 48px 56px; background: #fff; color: var(--ink); font: 14px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; line-height: 1.25; margin: 4px 0 2px; }
h2 { font-size: 17px; margin: 34px 0 8px; padding-bottom: 4px; border-bottom: 2px solid var(--ink); break-after: avoid; }
h3 { font-size: 14px; margin: 18px 0 4px; break-after: avoid; }
p { margin: 6px 0; }
.quiet, caption { color: var(--quiet); }
.brand { color: var(--quiet); font-weight: 600; }
code { font: 12px ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 8px 0; font-size: 12.5px; }
th { text-align: left; background: var(--head); font-weight: 600; }
th, td { border-bottom: 1px solid var(--line); padding: 4px 8px; vertical-align: top; overflow-wrap: break-word; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr { break-inside: avoid; }
thead { display: table-header-group; }
dl { display: grid; grid-template-columns: 190px 1fr; margin: 8px 0; gap: 2px 12px; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
ul { margin: 6px 0; padding-left: 20px; }
nav ol { columns: 2; margin: 6px 0; padding-left: 22px; }
a { color: #0b57c2; }
.badge { display: inline-block; padding: 0 7px; border-radius: 4px; font-size: 11px; font-weight: 600; white-space: nowrap; }
.good { color: var(--good); background: var(--good-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.odd { color: var(--odd); background: var(--odd-ground); }
.none { color: var(--quiet); background: var(--none-ground); }
.verdict { padding: 16px 20px; border-radius: 8px; margin: 18px 0; }
.verdict strong { font-size: 24px; display: block; }
.verdict p, .verdict ul { color: var(--ink); }
.lines { white-space: pre-line; }
.sign { display: grid; grid-template-columns: 1fr 1fr; gap: 40px; margin: 40px 0 10px; break-inside: avoid; }
.sign div { border-top: 1px solid var(--ink); padding-top: 4px; color: var(--quiet); }
@page { size: A4; margin: 18mm 16mm 20mm; @bottom-left { content: var(--report-id); font: 9px system-ui, sans-serif; color: #59616e; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 9px system-ui, sans-serif; color: #59616e; } }
@media print { html { background: none; } body { margin: 0; max-width: none; padding: 0; font-size: 11.5px; } table { font-size: 10.5px; }
  code { font-size: 10px; } a { color: inherit; text-decoration: none; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
.heat0 { background: var(--odd-ground); } .heat1 { background: #e3edfb; } .heat2 { background: #bdd5f5; } .heat3 { background: #8db7ee; }
.hash { white-space: nowrap; } .heat td { border: 1px solid var(--line); } .heat thead tr:first-child th[colspan] { text-align: center; text-transform: capitalize; }
`;
