namespace KsLottery.Tests.Support;

/// <summary>What a page is looked over for, in its own browser.</summary>
internal static class PageAudit
{
    /// <summary>
    /// Gives a sentence for each fault: two texts on each other, text outside of its card or drawing, text smaller than 11 pixels or of
    /// less contrast than 4.5 to 1, a page that scrolls sideways.
    /// </summary>
    public const string Script = """
        (() => {
          const faults = [], boxes = [];
          const clip = (r, by) => ({ left: Math.max(r.left, by.left), top: Math.max(r.top, by.top),
            right: Math.min(r.right, by.right), bottom: Math.min(r.bottom, by.bottom) });
          const color = text => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number).concat(1).slice(0, 4);
          const over = (a, b, alpha) => [0, 1, 2].map(i => alpha * a[i] + (1 - alpha) * b[i]);
          const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
          const luminance = c => .2126 * linear(c[0] / 255) + .7152 * linear(c[1] / 255) + .0722 * linear(c[2] / 255);
          const contrast = (a, b) => { const x = luminance(a), y = luminance(b); return (Math.max(x, y) + .05) / (Math.min(x, y) + .05); };
          const ground = element => { for (let e = element; e; e = e.parentElement) {
            const c = color(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255]; };
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let node; node = walker.nextNode();) {
            const parent = node.parentElement, text = node.data.trim();
            if (!text || parent.closest("script,style,title") || !parent.checkVisibility()) continue;
            const svg = parent.closest("svg"), style = getComputedStyle(parent), shown = `“${text.slice(0, 40)}”`;
            const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
            if (parseFloat(style.fontSize) * scale < 10.95) faults.push(`${shown} is ${parseFloat(style.fontSize) * scale} pixels high`);
            const scroller = parent.closest(".wide,.tall");
            const card = svg || parent.closest("figure,.card,.tiles li,section,header,nav");
            const range = document.createRange(); range.selectNodeContents(node);
            let back = ground(parent);
            for (const whole of range.getClientRects()) {
              if (whole.width < 1) continue;
              if (!scroller && card) {
                const c = card.getBoundingClientRect();
                if (whole.left < c.left - 1 || whole.right > c.right + 1 || whole.top < c.top - 2 || whole.bottom > c.bottom + 2)
                  faults.push(`${shown} leaves its card`);
              }
              const seen = scroller ? clip(whole, scroller.getBoundingClientRect()) : whole;
              const part = (seen.bottom - seen.top) * .18;
              const box = { left: seen.left + 1, right: seen.right - 1, top: seen.top + part, bottom: seen.bottom - part, node, shown };
              if (box.right > box.left && box.bottom > box.top) boxes.push(box);
              if (svg) for (const cell of svg.querySelectorAll("rect.cell")) {
                const r = cell.getBoundingClientRect(), x = (whole.left + whole.right) / 2, y = (whole.top + whole.bottom) / 2;
                if (x > r.left && x < r.right && y > r.top && y < r.bottom) {
                  const s = getComputedStyle(cell); back = over(color(s.fill), back, s.fillOpacity * s.opacity);
                }
              }
            }
            const fore = color(svg ? style.fill : style.color), ratio = contrast(over(fore, back, fore[3]), back);
            if (!(ratio >= 4.5)) faults.push(`${shown} has a contrast of ${ratio.toFixed(2)}`);
          }
          boxes.sort((a, b) => a.top - b.top);
          boxes.forEach((a, i) => { for (let j = i + 1; j < boxes.length && boxes[j].top < a.bottom; j++) {
            const b = boxes[j];
            if (b.node !== a.node && b.left < a.right && a.left < b.right) faults.push(`${a.shown} and ${b.shown} lie on each other`);
          } });
          const wide = document.documentElement.scrollWidth;
          if (wide > innerWidth) faults.push(`the page is ${wide} pixels wide`);
          if (boxes.length < 20) faults.push(`only ${boxes.length} texts were seen`);
          return [...new Set(faults)].slice(0, 30);
        })()
        """;

    /// <summary>What axe-core finds that is serious or critical, once its own script has run; contrast, which takes it longest,
    /// the other script measures.</summary>
    public const string Axe = """
        axe.run(document, { resultTypes: ["violations"], rules: { "color-contrast": { enabled: false } } }).then(found => found.violations
          .filter(v => v.impact === "serious" || v.impact === "critical")
          .map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 5).map(n => n.target.join(" ")).join("; ")}`))
        """;
}
