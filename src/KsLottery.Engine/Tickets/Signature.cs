using System.Globalization;
using System.Text;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>One line that says all that a ticket depends on, in the manner of sacreBLEU's signatures.</summary>
/// <remarks>
/// <c>KS|d:4096|alt:two-sided|method:exact|alpha:0.05|adj:none|rows:32000|dtype:BF16/BF16|base:sha256:…|tuned:sha256:…|v:0.1.0</c>.
/// Two runs with the same full line name the same rows. Its <c>dtype</c> is base/tuned, <c>top:K</c> stands in place of
/// <c>alpha</c> and <c>adj</c> where rows won by rank, and the fingerprints are left out of a line that covers many tensors.
/// </remarks>
public sealed record Signature
{
    private const int ShortDigits = 8;

    /// <summary>d; null in a line that covers tensors of several widths.</summary>
    public int? Width { get; init; }

    /// <summary>Method, level, correction and top; <see cref="KsMethod.Auto"/> where tensors differ in what it came to.</summary>
    public required TicketSelection Selection { get; init; }

    /// <summary>Whether rows won by rank, <see cref="TicketSelection.Top"/>: alpha and correction have no say then.</summary>
    public bool IsByRank { get; init; }

    /// <summary>The kinds of rows that could not win; the line then has <c>exclude:special,byte</c>.</summary>
    public RowKinds Exclude { get; init; }

    /// <summary>The number of rows compared.</summary>
    public required long Rows { get; init; }

    /// <summary>The rows of the tuned tensor, where they are not the same; the line then has <c>rows:base/tuned|pairs:id</c>, or
    /// <c>text</c>.</summary>
    public int? TunedRows { get; init; }

    /// <summary>Whether the text of tokens paired the rows.</summary>
    public bool IsPairedByText { get; init; }

    /// <summary>The element type of the base; null in a line that covers tensors of several types.</summary>
    public ElementType? BaseType { get; init; }

    /// <summary>The element type of the tuned tensor.</summary>
    public ElementType? TunedType { get; init; }

    /// <summary>The fingerprint of the base tensor.</summary>
    public string? BaseFingerprint { get; init; }

    /// <summary>The fingerprint of the tuned tensor.</summary>
    public string? TunedFingerprint { get; init; }

    /// <summary>The fingerprint of the scale of the base's codes; the line then has <c>base_scale:sha256:…</c>.</summary>
    public string? BaseScaleFingerprint { get; init; }

    /// <summary>The fingerprint of the scale of the tuned tensor's codes; the line then has <c>tuned_scale:sha256:…</c>.</summary>
    public string? TunedScaleFingerprint { get; init; }

    /// <summary>The version that did the work.</summary>
    public string Version { get; init; } = LibraryVersion.Current;

    /// <summary>The whole line, as files store it.</summary>
    public override string ToString() => Compose(fingerprint => fingerprint);

    /// <summary>The line for a terminal: of each fingerprint the first 8 digits.</summary>
    public string ToShortString() => Compose(fingerprint =>
    {
        int digits = fingerprint.LastIndexOf(':') + 1;
        return fingerprint[..Math.Min(fingerprint.Length, digits + ShortDigits)];
    });

    private string Compose(Func<string, string> fingerprint)
    {
        StringBuilder line = new("KS");
        void Add(string key, string value) => line.Append('|').Append(key).Append(':').Append(value);

        if (Width is { } width) Add("d", width.ToString(CultureInfo.InvariantCulture));
        Add("alt", "two-sided");
        Add("method", Selection.Method.ToName());
        if (!IsByRank)
        {
            Add("alpha", Selection.Alpha.ToString("R", CultureInfo.InvariantCulture));
            Add("adj", Selection.Adjustment.ToName());
        }
        if (Selection.Top is { } top) Add("top", top.ToString(CultureInfo.InvariantCulture));
        if (Exclude != RowKinds.None) Add("exclude", string.Join(',', RowKindNames.NamesOf(Exclude)));
        Add("rows", Rows.ToString(CultureInfo.InvariantCulture) + (TunedRows is { } tuned ? string.Create(CultureInfo.InvariantCulture,
            $"/{tuned}") : ""));
        if (TunedRows is not null) Add("pairs", IsPairedByText ? TicketFile.ByText : TicketFile.ById);
        if (BaseType is { } baseType && TunedType is { } tunedType) Add("dtype", $"{baseType.ToName()}/{tunedType.ToName()}");
        if (BaseFingerprint is not null) Add("base", fingerprint(BaseFingerprint));
        if (TunedFingerprint is not null) Add("tuned", fingerprint(TunedFingerprint));
        if (BaseScaleFingerprint is not null) Add("base_scale", fingerprint(BaseScaleFingerprint));
        if (TunedScaleFingerprint is not null) Add("tuned_scale", fingerprint(TunedScaleFingerprint));
        Add("v", Version);
        return line.ToString();
    }
}
