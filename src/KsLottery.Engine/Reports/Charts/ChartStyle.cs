namespace KsLottery.Engine.Reports;

/// <summary>How drawings look, on a light page and on a dark one.</summary>
/// <remarks>The first six colours are Okabe and Ito's, which people with any common form of colour blindness tell apart, darker on a
/// light page and lighter on a dark one until their text has a contrast of 4.5 and more.</remarks>
internal static class ChartStyle
{
    /// <summary>The number of colours, classes <c>c0</c> and on.</summary>
    public const int ColorCount = 10;

    /// <summary>The number of kinds of lines: one without dashes, classes <c>d1</c> and on.</summary>
    public const int DashCount = 5;

    /// <summary>The colour of pictures, which has to suit both pages: 0xRRGGBB.</summary>
    public const int PictureColor = 0x2B83C6;

    /// <summary>The colour of pictures of what a drawing is about.</summary>
    public const int StrongPictureColor = 0xCC6A1E;

    /// <summary>The rules for everything inside a drawing.</summary>
    public const string Css = """
        .chart{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;color:#1d2329}
        .chart text{fill:currentColor}
        .chart .paper{fill:#fff}
        .chart .grid{stroke:#e3e6ea}
        .chart .axis{stroke:#9aa3ad}
        .chart .frame{fill:none;stroke:#9aa3ad}
        .chart .tick,.chart .name{fill:#5a646e}
        .chart .title{font-size:15px;font-weight:600}
        .chart .c0{color:#0067a5}.chart .c1{color:#b84a00}.chart .c2{color:#007a55}
        .chart .c3{color:#9c3f79}.chart .c4{color:#8a5f00}.chart .c5{color:#2a6fd0}
        .chart .c6{color:#5b3fa8}.chart .c7{color:#8c3b2e}.chart .c8{color:#3d6b1f}.chart .c9{color:#006d77}
        .chart .quiet{color:#5a646e}
        .chart .picture{color:#2b83c6}.chart .picture.strong{color:#cc6a1e;stroke:none}
        .chart .line{fill:none;stroke:currentColor;stroke-width:1.7;stroke-linejoin:round}
        .chart .thin{stroke-width:1.1}
        .chart .line.wide{stroke-width:5.5;stroke-opacity:.45}
        .chart .d1{stroke-dasharray:6 3}.chart .d2{stroke-dasharray:2 2.5}.chart .d3{stroke-dasharray:9 3 2 3}
        .chart .d4{stroke-dasharray:4 6}
        .chart .fill{fill:currentColor}
        .chart .area{fill:currentColor;fill-opacity:.16}
        .chart .ring{fill:none;stroke:currentColor;stroke-width:1.4}
        .chart .cloud{fill:none;stroke:currentColor;stroke-width:3;stroke-linecap:round;stroke-opacity:.45}
        .chart .cloud.strong{stroke-width:6;stroke-opacity:1}
        .chart .cloud.small{stroke-width:3.2}
        .chart .range{stroke-width:5;stroke-opacity:.45;stroke-linecap:round}
        .chart .rule{stroke:currentColor;stroke-width:1.2;stroke-dasharray:4 3}
        .chart .note{fill:currentColor;paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
        .chart .number{font-variant-numeric:tabular-nums}
        @media (prefers-color-scheme:dark){
        .chart{color:#e4e7eb}
        .chart .paper{fill:#1a1e24}
        .chart .grid{stroke:#2f353d}
        .chart .axis,.chart .frame{stroke:#69727d}
        .chart .tick,.chart .name{fill:#a3adb8}
        .chart .c0{color:#5ab4ec}.chart .c1{color:#ff8f45}.chart .c2{color:#3ccfa0}
        .chart .c3{color:#e59ac6}.chart .c4{color:#e9b53e}.chart .c5{color:#8fb8ff}
        .chart .c6{color:#b9a2f0}.chart .c7{color:#f0958a}.chart .c8{color:#a5d07a}.chart .c9{color:#5fd0d8}
        .chart .quiet{color:#a3adb8}
        .chart .cell{opacity:.65}
        .chart .note{stroke:#1a1e24}
        }
        """;
}
