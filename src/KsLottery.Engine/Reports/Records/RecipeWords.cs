using System.Text.RegularExpressions;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>Says what the line of a recipe asks for.</summary>
internal static partial class RecipeWords
{
    /// <summary>The parts of a recipe, each with its words.</summary>
    public static IReadOnlyList<(string Name, string Value)> Of(UnitTicketSummary ticket)
    {
        Match line = Form().Match(ticket.Recipe);
        if (!line.Success) return [("recipe", ticket.Recipe)];
        Dictionary<string, string> terms = TermsOf(line);
        string tensors = line.Groups["tensors"].Value;
        return
        [
            ("tensors", tensors == "embedding" ? "the input embedding" : tensors),
            ("units", UnitWords(ticket)),
            ("score", ScoreWords(ticket.Score)),
            ("chosen", SelectionWords(terms)),
            .. terms.TryGetValue("without", out string? mask) ? ((string, string)[])[("left out", $"what the mask {mask} holds")] : [],
            ("payload", PayloadWords(ticket.Payload)),
        ];
    }

    /// <summary>The names and values behind the tensors in the line of a recipe; none where it has another form.</summary>
    public static Dictionary<string, string> TermsOf(string recipe) => TermsOf(Form().Match(recipe));

    private static Dictionary<string, string> TermsOf(Match line) => line.Groups["term"].Captures.Select(term => term.Value.Split(':', 2))
        .DistinctBy(term => term[0]).ToDictionary(term => term[0], term => term[1]);

    [GeneratedRegex(@"^(?<score>[^|]+)\|unit:(?<unit>[^|]+)\|tensors:(?<tensors>.*?)"
        + @"(\|(?<term>(method|alpha|adj|top|share|share_per_tensor|share_per_row|pattern|seed|data|without|payload):[^|]*))*$",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();

    private static string UnitWords(UnitTicketSummary ticket) =>
        ticket.Unit == TicketUnit.Rows ? "rows: a token of an embedding, an output channel of a weight"
        : ticket.Unit == TicketUnit.Elements ? "elements: single weights"
        : ticket.Unit == TicketUnit.Columns ? "columns: input channels of a weight"
        : ticket.Unit.ToString();

    private static string ScoreWords(string name) => TicketScore.Names.Contains(name)
        ? $"{name}: {TicketScore.Named(name).Meaning}" : name;

    private static string SelectionWords(Dictionary<string, string> terms)
    {
        string drawn = terms.TryGetValue("seed", out string? seed) ? $", drawn by the seed {seed}" : "";
        return terms.TryGetValue("top", out string? top) ? $"the {top} best of all tensors together{drawn}"
            : terms.TryGetValue("share", out string? share) ? $"the best {share} of all tensors together{drawn}"
            : terms.TryGetValue("share_per_tensor", out string? each) ? $"the best {each} of each tensor{drawn}"
            : terms.TryGetValue("share_per_row", out string? row) ? $"the best {row} of each row"
            : terms.TryGetValue("pattern", out string? pattern) ? $"of every {pattern.Split(':')[^1]} neighbours in a row the best "
                + pattern.Split(':')[0]
            : terms.TryGetValue("alpha", out string? alpha) ? $"p < {alpha} ({terms.GetValueOrDefault("method")}), correction: "
                + terms.GetValueOrDefault("adj")
            : "by a rule that this version does not know";
    }

    private static string PayloadWords(TicketPayload payload) => payload switch
    {
        TicketPayload.Replace => "replace: units get the tuned values",
        TicketPayload.Delta => "delta: tuned − base is added to units",
        TicketPayload.Keep => "keep: all values of these tensors outside of the ticket become 0",
        TicketPayload.Drop => "drop: units become 0",
        TicketPayload.Sign => "sign: units get the tuned values’ signs",
        TicketPayload.Share => "share: units read their values from one short array",
        _ => throw new System.Diagnostics.UnreachableException($"{payload} has no words"),
    };
}
