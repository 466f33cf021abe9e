"""How the page looks: one style sheet, light and dark, on screen and on paper."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#1c2330;--dim:#5b6575;--line:#d9dee6;--paper:#fff;--tile:#f3f5f8;
--before:#b9c4d4;--after:#2f6fb5;--target:#c4472b;--good:#1d7a46;--bad:#b3261e;--sell:#b3261e;--buy:#1d7a46}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--dim:#9aa5b5;--line:#343c49;--paper:#14181f;--tile:#1e242e;
--before:#4b586b;--after:#6ea8e8;--target:#ff8a65;--good:#6fcf97;--bad:#ff8a80;--sell:#ff8a80;--buy:#6fcf97}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:860px;margin:0 auto;padding:24px 20px 48px}
section{margin-bottom:56px}
h1{font-size:28px;line-height:1.2;margin:0}
h2{font-size:18px;margin:34px 0 8px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:14px;margin:16px 0 4px;color:var(--dim)}
.sub,footer,small,.legend{color:var(--dim)}
.sub{margin:2px 0 18px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:10px}
.tiles div{background:var(--tile);border-radius:8px;padding:12px 14px}
.tiles b{display:block;font-size:19px;font-variant-numeric:tabular-nums;white-space:nowrap}
.tiles span{color:var(--dim);font-size:13px}
.proof{font-weight:600;margin:16px 0 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:4px 0 12px}
th{font-weight:500;color:var(--dim);text-align:left;font-size:13px}
th,td{padding:5px 14px 5px 0;vertical-align:top;border-bottom:1px solid var(--line)}
th.n,td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.sell{color:var(--sell)}.buy{color:var(--buy)}.bad{color:var(--bad)}
ul{margin:4px 0;padding-left:18px}
.checks{list-style:none;padding:0}
.checks .good::first-letter{color:var(--good)}
svg{display:block}
svg text{font-size:12px;fill:var(--ink);font-variant-numeric:tabular-nums}
svg text.n{text-anchor:end;fill:var(--dim)}
rect.before{fill:var(--before)}rect.after{fill:var(--after)}
line.target{stroke:var(--target);stroke-width:2}
.legend i{display:inline-block;width:14px;height:8px;margin:0 4px 0 10px}
.legend i:first-child{margin-left:0}
.legend .before{background:var(--before)}.legend .after{background:var(--after)}
.legend .target{width:2px;height:14px;vertical-align:middle;background:var(--target)}
footer{font-size:13px;border-top:1px solid var(--line);padding-top:12px}
a{color:var(--after)}
@media print{:root{color-scheme:light;--ink:#000;--dim:#444;--line:#ccc;--paper:#fff;--tile:#f3f5f8;--before:#b9c4d4;
--after:#2f6fb5;--target:#c4472b;--good:#1d7a46;--bad:#b3261e;--sell:#b3261e;--buy:#1d7a46}
body{font-size:11px}main{max-width:none;padding:0}section{break-after:page}tr,svg g{break-inside:avoid}
h2,h3{break-after:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
