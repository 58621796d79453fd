namespace KsLottery.Engine.Reports;

/// <summary>How drawings look, on a light page and on a dark one.</summary>
/// <remarks>The six colours are Okabe and Ito's, which people with any common form of colour blindness tell apart; lighter on
/// dark.</remarks>
internal static class ChartStyle
{
    /// <summary>The number of colours, classes <c>c0</c> to <c>c5</c>.</summary>
    public const int ColorCount = 6;

    /// <summary>The colour of pictures, which has to suit both pages: 0xRRGGBB.</summary>
    public const int PictureColor = 0x2B83C6;

    /// <summary>The rules for everything inside a drawing.</summary>
    public const string Css = """
        .chart{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;color:#1d2329}
        .chart text{fill:currentColor}
        .chart .paper{fill:#fff}
        .chart .grid{stroke:#e3e6ea}
        .chart .axis{stroke:#9aa3ad}
        .chart .tick,.chart .name{fill:#5a646e}
        .chart .title{font-size:15px;font-weight:600}
        .chart .c0{color:#0072b2}.chart .c1{color:#d55e00}.chart .c2{color:#00845f}
        .chart .c3{color:#b0568c}.chart .c4{color:#a87400}.chart .c5{color:#2a8fc4}
        .chart .quiet{color:#7b8590}
        .chart .line{fill:none;stroke:currentColor;stroke-width:1.7;stroke-linejoin:round}
        .chart .thin{stroke-width:1.1}
        .chart .dash{stroke-dasharray:5 3}
        .chart .fill{fill:currentColor}
        .chart .area{fill:currentColor;fill-opacity:.16}
        .chart .ring{fill:#fff;stroke:currentColor;stroke-width:1.6}
        .chart .cloud{fill:none;stroke:currentColor;stroke-width:3;stroke-linecap:round;stroke-opacity:.45}
        .chart .rule{stroke:currentColor;stroke-width:1.2;stroke-dasharray:4 3}
        .chart .note{fill:currentColor;font-size:12px;paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
        .chart .strong{font-weight:600}
        @media (prefers-color-scheme:dark){
        .chart{color:#e4e7eb}
        .chart .paper{fill:#1a1e24}
        .chart .grid{stroke:#2f353d}
        .chart .axis{stroke:#69727d}
        .chart .tick,.chart .name{fill:#a3adb8}
        .chart .c0{color:#5ab4ec}.chart .c1{color:#ff8f45}.chart .c2{color:#3ccfa0}
        .chart .c3{color:#e59ac6}.chart .c4{color:#e9b53e}.chart .c5{color:#9ad6ff}
        .chart .quiet{color:#8d97a2}
        .chart .ring{fill:#1a1e24}
        .chart .note{stroke:#1a1e24}
        }
        """;
}
