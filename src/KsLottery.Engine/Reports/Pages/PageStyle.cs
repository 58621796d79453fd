using System.Text;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Reports;

/// <summary>How the page looks, and the few lines of script that sort its tables.</summary>
internal static class PageStyle
{
    public const string Css = """
        :root{color-scheme:light dark;--page:#f6f5f2;--card:#fff;--ink:#1d2329;--soft:#5a646e;
        --rule:#dfe2e6;--tint:#eef3f8;--link:#0067a5;--warn:#b42318;--bar:#0072b2;--edge:#1d232940}
        @media (prefers-color-scheme:dark){:root{--page:#121519;--card:#1a1e24;--ink:#e4e7eb;--soft:#a3adb8;
        --rule:#323942;--tint:#20262e;--link:#7cc4f5;--warn:#ff8a7a;--bar:#5ab4ec;--edge:#0009}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);
        font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;-webkit-text-size-adjust:100%}
        main,header,footer,nav{max-width:80rem;margin:0 auto;padding:0 clamp(.9rem,3vw,2.2rem)}
        header{padding-top:clamp(1.4rem,4vw,3rem)}
        h1,h2{font-family:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,serif;font-weight:600;line-height:1.2;text-wrap:balance}
        h1{font-size:clamp(1.7rem,5vw,2.6rem);margin:0 0 .4rem;overflow-wrap:anywhere}
        h2{font-size:1.55rem;margin:2.8rem 0 .6rem;padding-top:.9rem;border-top:1px solid var(--rule)}
        h3{font-size:1rem;margin:0 0 .5rem;line-height:1.35;overflow-wrap:anywhere}
        p{margin:.5rem 0;max-width:68ch}
        .lede{font-size:1.1rem;max-width:80ch}
        ul.soft{max-width:75ch;padding-left:1.2rem;font-size:.92rem}
        .soft,figcaption{color:var(--soft)}
        p.soft{font-size:.92rem}
        a{color:var(--link);text-underline-offset:.15em}
        nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:1rem 0 0;padding:0;font-size:.95rem}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.2rem,1fr));gap:.7rem;margin:1.2rem 0 0;padding:0;list-style:none}
        .tiles li{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:.7rem .9rem}
        .tiles b{display:block;font-size:1.35rem;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .tiles span{font-size:.83rem;color:var(--soft);line-height:1.35;display:block;margin-top:.15rem;overflow-wrap:anywhere}
        .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19.5rem),1fr));gap:1.1rem;
        margin:1.2rem 0;align-items:start}
        figure{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:1rem 1rem .8rem;
        max-width:27rem;min-width:0}
        figure svg{display:block;width:100%;height:auto}
        figcaption{font-size:.86rem;line-height:1.5;margin-top:.5rem}
        .files{white-space:nowrap}
        details{font-size:.86rem;margin-top:.4rem}
        summary{cursor:pointer;color:var(--soft)}
        .card{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:.4rem .4rem;margin:1.2rem 0}
        .wide,.tall{overflow-x:auto;max-width:100%;background:
        linear-gradient(90deg,var(--card) 1.2rem,transparent) 0 0/2.4rem 100% no-repeat local,
        linear-gradient(270deg,var(--card) 1.2rem,transparent) 100% 0/2.4rem 100% no-repeat local,
        linear-gradient(var(--card) 1.2rem,transparent) 0 0/100% 2.4rem no-repeat local,
        linear-gradient(0deg,var(--card) 1.2rem,transparent) 0 100%/100% 2.4rem no-repeat local,
        linear-gradient(90deg,var(--edge),transparent) 0 0/.9rem 100% no-repeat scroll,
        linear-gradient(270deg,var(--edge),transparent) 100% 0/.9rem 100% no-repeat scroll,
        linear-gradient(var(--edge),transparent) 0 0/100% .9rem no-repeat scroll,
        linear-gradient(0deg,var(--edge),transparent) 0 100%/100% .9rem no-repeat scroll,var(--card)}
        .wide:focus-visible{outline:2px solid var(--link);outline-offset:2px}
        .tall{max-height:36rem;overflow:auto}
        .tall thead th{position:sticky;top:-.4rem;background:var(--card);box-shadow:0 1px var(--rule)}
        table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
        th,td{padding:.34rem .5rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
        thead th{font-weight:600;color:var(--soft);border-bottom-width:2px;vertical-align:bottom}
        tbody tr:last-child td{border-bottom:0}
        tbody tr:hover{background:var(--tint)}
        .left{text-align:left}
        td.long{white-space:normal;overflow-wrap:anywhere}
        th.left{min-width:min(calc(var(--n)*.62em + 1rem),48vw)}
        td code,dd code{font:.95em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
        unicode-bidi:isolate;white-space:pre-wrap;overflow-wrap:anywhere}
        td.best{font-weight:700}
        .part{display:inline-block;text-align:left;width:calc(var(--w)*1ch)}
        .gauge{display:inline-block;width:3rem;height:.7em;margin-left:.6rem;border-bottom:1px solid var(--rule);
        background:linear-gradient(90deg,var(--bar) var(--d),transparent 0)}
        th button{all:unset;font:inherit;color:inherit}
        .js th button{cursor:pointer}
        .js th button:focus-visible{outline:2px solid var(--link);outline-offset:2px}
        .js th button:hover{color:var(--link)}
        .js th button::after{content:"\2195";color:var(--soft);font-weight:400;margin-left:.25em}
        .js th[aria-sort] button::after{color:inherit}
        th[aria-sort=ascending] button::after{content:"▲"}
        th[aria-sort=descending] button::after{content:"▼"}
        .warn{color:var(--warn);font-weight:600}
        dl{display:grid;grid-template-columns:minmax(6rem,max-content) minmax(0,1fr);gap:.1rem 1rem;margin:.6rem 0;font-size:.86rem}
        dt{color:var(--soft);overflow-wrap:anywhere}
        dd{margin:0;overflow-wrap:anywhere}
        footer{padding-top:1.6rem;padding-bottom:3rem;font-size:.86rem}
        @media (max-width:30rem){figure{padding:.7rem .5rem .6rem}figcaption,figure h3,figure details{padding:0 .35rem}
        th,td{padding:.3rem .45rem}dl{grid-template-columns:1fr}dd{margin-bottom:.35rem}}
        @media print{.tall{max-height:none}body{background:#fff}figure,.card,.tiles li{break-inside:avoid}nav{display:none}}
        """;

    /// <summary>Sorts a table by the column whose title is pressed; the page loses nothing without it.</summary>
    public const string Script = """
        document.documentElement.classList.add("js");
        for (const table of document.querySelectorAll("table.sort")) table.tHead.addEventListener("click", event => {
          const title = event.target.closest("th");
          if (!title) return;
          const way = title.getAttribute("aria-sort") === "descending" ? 1 : -1;
          for (const other of title.parentNode.cells) other.removeAttribute("aria-sort");
          title.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
          const value = row => {
            const cell = row.cells[title.cellIndex];
            return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
          };
          const rows = [...table.tBodies[0].rows];
          rows.sort((a, b) => {
            const x = value(a), y = value(b);
            return way * (typeof x === "number" ? x - y || 0 : y.localeCompare(x));
          });
          table.tBodies[0].append(...rows);
        });
        """;

    /// <summary>What the page may do: show itself and run that one script. Whatever text got into it, nothing else runs or is
    /// fetched.</summary>
    public static string Policy { get; } = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action "
        + $"'none'; script-src 'sha256-{Convert.ToBase64String(ContentHash.Of(Encoding.UTF8.GetBytes(Script)))}'";
}
