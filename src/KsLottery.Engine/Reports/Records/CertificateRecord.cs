using System.Text.Json;
using KsLottery.Engine.Certificates;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Reports;

/// <summary>What a <c>certificate.json</c> says, as the terminal says it: forms, agreement, violations, assumptions.</summary>
/// <remarks>Taken as it stands there; <c>kslottery certify --check</c> derives it again.</remarks>
internal sealed record CertificateRecord
{
    private const int ContextTokens = 10;

    public required IReadOnlyList<CertificateFormLine> Forms { get; init; }

    /// <summary>Positions where the ticket's model predicts as the embed-tuned one.</summary>
    public required CertificateShare Agreement { get; init; }

    /// <summary>The same of the base without the ticket.</summary>
    public required CertificateShare BaseAgreement { get; init; }

    /// <summary>Pairs of which every position agrees.</summary>
    public required CertificateShare PairAgreement { get; init; }

    /// <summary>Positions where each model predicts the data's token.</summary>
    public required (long Tuned, long Ticket, long Base) Right { get; init; }

    public required long Positions { get; init; }

    public required long Pairs { get; init; }

    public required long PairsLeftOut { get; init; }

    /// <summary>Whether the ticket's rows are the embed-tuned ones.</summary>
    public required bool IsTransfer { get; init; }

    public required (long Ticket, long All, long Width) Rows { get; init; }

    public required bool IsByRank { get; init; }

    public required double Alpha { get; init; }

    public required double Tau { get; init; }

    /// <summary>Rows outside the ticket with D above τ, and the largest D of one.</summary>
    public required (long AboveTau, double LargestD) Outside { get; init; }

    /// <summary>Which rows a position reads, in words.</summary>
    public required string RowsRead { get; init; }

    public required string Signature { get; init; }

    /// <summary>What is certified, and under which assumptions, a sentence each.</summary>
    public required IReadOnlyList<string> Claims { get; init; }

    public required IReadOnlyList<CertificateViolation> Violations { get; init; }

    /// <summary>Why tokens are shown by their numbers; null where they have their names.</summary>
    public string? WhyNumbers { get; init; }

    /// <summary>Reads a file; null where it is none of a certificate.</summary>
    /// <exception cref="InvalidDataException">A value is missing or of another type; names the place.</exception>
    public static CertificateRecord? Read(string path)
    {
        using JsonDocument document = JsonFile.Parse(path);
        JsonPlace root = new(document.RootElement, (place, value, rule) =>
            new($"{path}: {place}{(value is null ? "" : $" is {value.Value.GetRawText()}")}; {rule}. {Remedy.FindAgain}."));
        if (root.Find("format") is not { Value: { ValueKind: JsonValueKind.String } format }
            || !format.ValueEquals(CertificateFile.Format) || !root.Has("forms")) return null;
        Dictionary<int, string> names = NamesOf(path, root, out string? whyNumbers);
        double width = root.Integer("width", 1, int.MaxValue);
        return new()
        {
            Forms = [.. root.Get("forms", JsonValueKind.Object).Value.EnumerateObject().Select(form => FormOf(root, form.Name))],
            Agreement = CertificateShare.Of(root.Get("agreement", JsonValueKind.Object)),
            BaseAgreement = CertificateShare.Of(root.Get("base_agreement", JsonValueKind.Object)),
            PairAgreement = CertificateShare.Of(root.Get("pair_agreement", JsonValueKind.Object)),
            Right = (Count(root, "tuned_right"), Count(root, "ticket_right"), Count(root, "base_right")),
            Positions = Count(root, "positions"),
            Pairs = Count(root, "pairs"),
            PairsLeftOut = Count(root, "pairs_left_out"),
            IsTransfer = root.Text("mode") == "transfer",
            Rows = (Count(root, "ticket_rows"), Count(root, "rows"), (long)width),
            IsByRank = root.Has("by_rank") && root.Truth("by_rank"),
            Alpha = root.Real("alpha"),
            Tau = root.Real("tau"),
            Outside = (Count(root, "rows_above_tau_outside"), Count(root, "largest_h_outside") / width),
            RowsRead = root.Text("rows_read"),
            Signature = root.Text("ticket_signature"),
            Claims = [root.Text("certifies"), root.Text("theory"), .. root.List("assumptions").Select(a => a.Text())],
            Violations = ViolationsOf(root, names),
            WhyNumbers = whyNumbers,
        };
    }

    private static CertificateFormLine FormOf(JsonPlace root, string name)
    {
        JsonPlace form = root.Get("forms", JsonValueKind.Object).Get(name, JsonValueKind.Object);
        return new(name, form.Text("condition"), Count(form, "certified"), Count(form, "certified_right"), Count(form, "violations"));
    }

    private static CertificateViolation[] ViolationsOf(JsonPlace root, Dictionary<int, string> names)
    {
        JsonPlace[] found = [.. root.List("violations")];
        if (found.Length == 0) return [];
        JsonPlace[] rows = [.. root.List("position_rows")];
        return [.. found.GroupBy(v => v.Integer("idx")).Select(forms =>
        {
            JsonPlace last = forms.Last();
            (int index, int target) = (forms.Key, last.Integer("target"));
            if (index < 0 || index >= rows.Length) throw last.Wrong("idx", $"it must be below the {rows.Length} positions");
            int count = Math.Clamp(target, 0, Math.Min(index, ContextTokens));
            string context = string.Concat(rows[(index - count)..index].Select(row => NameOf(names, row, 2)));
            return new CertificateViolation(string.Join(", ", forms.Select(v => v.Text("form"))), index, last.Integer("line"), target,
                target > count ? "…" + context : context, NameOf(names, rows[index], 2).TrimEnd(),
                NameOf(names, rows[index], 3).TrimEnd(), rows[index].Items().ElementAt(4).Real(),
                NameOf(names, rows[index], 7).TrimEnd(), last.Real("half_margin"), last.Real("bound"));
        }).OrderByDescending(v => v.HalfMargin)];
    }

    /// <summary>The names of the tokens of violations, by the tokenizer that the certificate names, where it is still there.</summary>
    private static Dictionary<int, string> NamesOf(string path, JsonPlace root, out string? why)
    {
        why = null;
        if (!root.List("violations").Any()) return [];
        string stored = root.Get("source", JsonValueKind.Object).Text("tokenizer");
        string file = Path.GetFullPath(stored, Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (!File.Exists(file))
        {
            why = $"Tokens are shown by their numbers: the tokenizer {stored}, as the certificate names it, is not there.";
            return [];
        }
        Tokenizer tokenizer = Tokenizer.Open(file);
        return root.List("position_rows").SelectMany(row => row.Items()).Where((_, i) => i % CertificateFile.Columns.Count is 2 or 3 or 7)
            .Select(cell => (int)cell.Integer(0, int.MaxValue)).Distinct().ToDictionary(id => id, id => tokenizer.Names.Visible(id));
    }

    private static string NameOf(Dictionary<int, string> names, JsonPlace row, int column) =>
        (int)row.Items().ElementAt(column).Integer(0, int.MaxValue) is var id && names.TryGetValue(id, out string? name) ? name : $"#{id} ";

    private static long Count(JsonPlace place, string key) => place.Integer(key, 0, long.MaxValue);
}

/// <summary>What one form of a certificate says.</summary>
internal readonly record struct CertificateFormLine(string Name, string Condition, long Certified, long Right, long Violations);

/// <summary>A share of positions or pairs, with its interval.</summary>
internal readonly record struct CertificateShare(long Count, long Total, double Share, double Low, double High)
{
    public static CertificateShare Of(JsonPlace place) => new(place.Integer("count", 0, long.MaxValue),
        place.Integer("of", 0, long.MaxValue), place.Real("share"), place.Real("low"), place.Real("high"));
}

/// <summary>A position that forms certified and where the ticket's model predicts another token.</summary>
/// <param name="Forms">The forms.</param>
/// <param name="Index">The position's number.</param>
/// <param name="Line">The line of its pair in the data.</param>
/// <param name="Target">Its place in the target.</param>
/// <param name="Context">The data's tokens before it, the last few.</param>
/// <param name="Label">The data's token.</param>
/// <param name="Tuned">The embed-tuned model's token.</param>
/// <param name="Probability">Its probability.</param>
/// <param name="Ticket">The ticket's model's token.</param>
/// <param name="HalfMargin">Half the margin.</param>
/// <param name="Bound">What the last of the forms asks it to exceed.</param>
internal readonly record struct CertificateViolation(string Forms, int Index, int Line, int Target, string Context, string Label,
    string Tuned, double Probability, string Ticket, double HalfMargin, double Bound);
