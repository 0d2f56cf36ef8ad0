/** A band with a line that leaves it, in the colours of the page. */
export const LANDING_ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f3a5f"/>' +
    '<path d="M3 17c5-7 9-7 13-3s8 5 13-1v9c-5 6-9 5-13 1s-8-4-13 3z" fill="#6ea8ff" opacity=".45"/>' +
    '<path d="M3 21c4-6 8-6 11-3l3 2 4-14 3 13 5-2" fill="none" stroke="#fff" stroke-width="2.2" stroke-linejoin="round" stroke-linecap="round"/>' +
    '<circle cx="21" cy="6.5" r="3" fill="#ff6b5e"/></svg>',
)}`;

export const LANDING_STYLE = `
:root{--bg:#f6f7f9;--card:#fff;--line:#e1e5ea;--text:#1b2430;--dim:#667284;--link:#1d5fbf;--ok:#1a8a4a;--wait:#a86d00;--bad:#c62f2f;--flag:#c4451c;--flagbg:#fdeee8;--badbg:#fdf0f0;--head:#1f3a5f}
@media(prefers-color-scheme:dark){:root{--bg:#11161d;--card:#1a212b;--line:#2b3541;--text:#e4e9ef;--dim:#95a2b2;--link:#7db1ff;--ok:#4cc38a;--wait:#e0a93b;--bad:#ff7b72;--flag:#ff9466;--flagbg:#3a241b;--badbg:#34201f;--head:#17273c}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header{background:var(--head);color:#fff;display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .75rem;padding:.7rem max(1rem,calc((100vw - 76rem)/2))}
h1{font-size:1.2rem;font-weight:650;margin:0;display:flex;align-items:center;gap:.55rem}
h1 img{display:block;border-radius:7px;outline:1px solid #ffffff40}
.version{opacity:.75;font-size:.85rem}
nav{margin-left:auto;display:flex;gap:1.1rem}
nav a{color:#fff;opacity:.9;text-decoration:none;padding:.3rem 0}
nav a:hover,nav a:focus-visible{text-decoration:underline;opacity:1}
main{max-width:78rem;margin:0 auto;padding:1rem}
.summary{display:flex;flex-wrap:wrap;gap:.75rem;margin-bottom:1rem}
.figure{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.6rem 1rem;min-width:7rem;flex:0 1 auto}
.figure strong{display:block;font-size:1.45rem;font-weight:650;line-height:1.2;font-variant-numeric:tabular-nums}
.figure span{color:var(--dim);font-size:.82rem}
.figure.ok strong{color:var(--ok)}.figure.wait strong{color:var(--wait)}.figure.bad strong{color:var(--bad)}
.figure.flag{background:var(--flagbg);border-color:var(--flag)}.figure.flag strong{color:var(--flag)}
.wide{background:var(--card);border:1px solid var(--line);border-radius:10px;overflow-x:auto}
.wide+.wide{margin-top:1rem}
caption{text-align:left;font-weight:600;font-size:.85rem;padding:.6rem .8rem .2rem}
caption a{font-weight:400;margin-left:.8rem}
.calm{color:var(--dim);font-size:.85rem;margin:0 .2rem 1rem}
.open{color:var(--flag);font-weight:650}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.6rem .8rem;font-weight:400}
thead th{color:var(--dim);font-size:.78rem;font-weight:600;white-space:nowrap;padding-bottom:.4rem}
.n{text-align:right;font-variant-numeric:tabular-nums}
.group th{background:var(--bg);border-top:1px solid var(--line);font-weight:600;font-size:.85rem;padding:.35rem .8rem}
.file{color:var(--dim);font-weight:400;margin-left:.7rem;overflow-wrap:anywhere}
tr.pipeline>*,tr.anomaly>*{border-top:1px solid var(--line)}
.name{font-weight:600;overflow-wrap:anywhere}
.about{display:block;color:var(--dim);font-size:.85rem}
code{font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
th code{display:block;color:var(--dim);max-width:26rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
tr.anomaly code{max-width:32rem;white-space:normal;overflow-wrap:anywhere}
td small{display:block;color:var(--dim);font-size:.78rem;white-space:nowrap}
time,.health{white-space:nowrap}
.health::before{content:"";display:inline-block;width:.6em;height:.6em;border-radius:50%;margin-right:.45em;background:currentColor}
.health.ok{color:var(--ok)}.health.wait{color:var(--wait)}.health.bad{color:var(--bad);font-weight:600}.health.off{color:var(--dim)}
.health.off::before{background:none;border:2px solid currentColor}
td.flag{color:var(--flag);font-weight:650}
.off .name,.dim{color:var(--dim)}
.engine{display:inline-block;white-space:nowrap;background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:0 .45rem;margin:0 .3rem .2rem 0;font-size:.82rem}
.engine b{font-weight:600;font-variant-numeric:tabular-nums}
.error td{padding-top:0;color:var(--bad);white-space:pre-wrap;overflow-wrap:anywhere;font-size:.88rem}
.empty{background:var(--card);border:1px dashed var(--line);border-radius:10px;padding:2rem;text-align:center;color:var(--dim)}
dl{display:flex;flex-wrap:wrap;gap:.4rem 2.2rem;margin:1rem .2rem;font-size:.85rem}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
a{color:var(--link)}
#lost{position:fixed;inset:auto 1rem 1rem;margin:0 auto;max-width:24rem;background:var(--bad);color:#fff;padding:.6rem 1rem;border-radius:8px;text-align:center}
@media(prefers-color-scheme:dark){#lost{color:#000}}
@media(max-width:52rem){
nav{margin-left:0;width:100%;flex-wrap:wrap;gap:0 1.1rem}
.summary{display:grid;grid-template-columns:repeat(3,1fr);gap:.5rem}
.figure{min-width:0;padding:.5rem .7rem}
.wide{border:0;background:none;overflow:visible}
table,caption,tbody,tr,th,td{display:block}
thead{display:none}
.group th{border:0;background:none;padding:.8rem .2rem .35rem}
tr.pipeline,tr.anomaly{background:var(--card);border:1px solid var(--line);border-radius:10px;margin-bottom:.6rem;padding:.3rem 0 .5rem;display:grid;grid-template-columns:repeat(3,minmax(0,1fr))}
td small{white-space:normal}
tr.pipeline>*,tr.anomaly>*{border:0!important;padding:.3rem .8rem;text-align:left}
tr.pipeline>th,tr.pipeline>td:last-child,tr.anomaly>th{grid-column:1/-1}
tr.pipeline>td::before,tr.anomaly>td::before{content:attr(data-name);display:block;color:var(--dim);font-size:.75rem;font-weight:400}
td.none{display:none!important}
th code,tr.anomaly code{max-width:calc(100vw - 4rem);white-space:normal;overflow-wrap:anywhere}
tr.error{margin:-.9rem 0 .6rem;background:var(--badbg);border:1px solid var(--bad);border-radius:0 0 10px 10px;position:relative}
tr.error td{padding:.6rem .8rem}
}
`;

/**
 * Puts a fresh copy of the content in place every few seconds: only while somebody looks, and not under a selection.
 * The scroll position and the rest of the page stay.
 */
export const LANDING_SCRIPT = `
const lost = document.getElementById('lost');
async function refresh() {
  if (document.hidden || !getSelection().isCollapsed) return;
  try {
    const answer = await fetch(location.href, { cache: 'no-store' });
    if (!answer.ok) throw new Error(answer.statusText);
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    document.querySelector('main').replaceWith(fresh.querySelector('main'));
    document.title = fresh.title;
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
}
setInterval(refresh, 10000);
document.addEventListener('visibilitychange', refresh);
`;
