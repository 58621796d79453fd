using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Certificates;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <summary>Prints what <c>kslottery certify</c> found, as text or as JSON.</summary>
internal sealed class CertifyReport(ConsoleUi ui, Certificate certificate, Tokenizer tokenizer, int maxViolations)
{
    private const int ContextTokens = 10;
    private const int ContextColumns = 44;
    private const int TokenColumns = 16;

    /// <summary>How long the whole work took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The names of the files that were written.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Their folder.</summary>
    public string? Out { get; init; }

    /// <summary>What ended the texts that were scored; null where none were, or where a certificate was checked.</summary>
    public StopTokens? Stops { get; init; }

    /// <summary>The certificate that was checked; null where one was made.</summary>
    public string? Checked { get; init; }

    public void Write()
    {
        if (ui.IsJson)
        {
            ui.WriteJson(WriteJson);
            return;
        }
        WriteHead();
        WriteForms();
        WriteAgreement();
        WriteViolations();
        if (certificate.Sweep.Count > 0) WriteSweep();
        WriteClaims();
        if (Files.Count > 0) ui.WriteLine($"written  {string.Join(", ", Files)} in {ConsoleUi.OneLine(Out!)}");
        if (Checked is { } path)
            ui.WriteLine($"checked  {ConsoleUi.OneLine(path)}: every number follows from its files, {NumberText.Seconds(Elapsed)}");
    }

    private int Total => certificate.Positions.Count;

    private void WriteHead()
    {
        string model = certificate.Mode == TicketMode.Transfer ? "Partial Transfer: the base with the embed-tuned rows of the ticket"
            : "Partial Tuning: the base with the ticket's rows trained again";
        FactList facts = new();
        Ticket ticket = certificate.Ticket;
        string alpha = $"alpha {NumberText.Real(ticket.Selection.Alpha)}", tau = $"tau = {NumberText.Fixed(certificate.Threshold, 4)}";
        facts.Add("ticket", $"{Sizes.Count(ticket.Entries.Count, "row")} of {Sizes.Count(ticket.Origin.Rows)}, "
            + (ticket.IsByRank ? $"by rank, {Sizes.Count(ticket.BelowAlpha)} of them below {alpha}; {tau} for that alpha"
            : $"{alpha}; {tau}")
            + $" at d = {Sizes.Count(certificate.Width)}");
        facts.Add("model", model);
        facts.Add("data", $"{Sizes.Count(Total, "target position")} of {Sizes.Count(certificate.Pairs.Count, "pair")}, "
            + "the right beginning given"
            + (certificate.LeftOut == 0 ? "" : $"; {Sizes.Count(certificate.LeftOut)} left out"));
        facts.Add("read", certificate.ReadsAllRows
            ? $"all {Sizes.Count(certificate.Ticket.Origin.Rows)} rows at every position, for the output head is the input embedding"
            : "at each position the rows of the tokens before it");
        facts.WriteTo(ui);
        if (certificate.RowsAboveThreshold > 0)
            ui.WriteAlarm($"{Sizes.Count(certificate.RowsAboveThreshold, "row")} outside the ticket moved further than tau (largest D "
                + $"{NumberText.Fixed((double)certificate.LargestCountOutside / certificate.Width, 4)}): what the dataset form takes for "
                + "granted does not hold.");
        ui.WriteLine();
    }

    private void WriteForms()
    {
        TextTable table = new("form", "certified where", ">certified", ">and right", ">violations");
        foreach (FormResult form in certificate.Forms)
            table.Add(CertificateFile.NameOf(form.Form), Condition(form.Form), Share(form.Certified), Share(form.CertifiedRight),
                form.Violations == 0 ? "0"
                    : $"{Sizes.Count(form.Violations)}, {Percent((double)form.Violations / form.Certified)} of certified");
        ui.Write(table);
        foreach (FormResult form in certificate.Forms.Where(form => form.Certified == 0))
            ui.WriteLine($"The {CertificateFile.NameOf(form.Form)} form certifies nothing here: it speaks neither for the "
                + "ticket nor against it.");
        ui.WriteLine();
    }

    private void WriteAgreement()
    {
        TextTable table = new("predicts as the embed-tuned model", ">share", ">count",
            $">{NumberText.Real(100 * certificate.Confidence)} % interval", ">right");
        Add("ticket model", certificate.Agreement, Share(certificate.TicketRight));
        Add("base without the ticket", certificate.BaseAgreement, Share(certificate.BaseRight));
        Add("ticket model, whole pairs", certificate.PairAgreement, "");
        table.Add("embed-tuned model", "", "", "", Share(certificate.TunedRight));
        ui.Write(table);
        if (certificate.Mode == TicketMode.Transfer && certificate.Agreement.Interval.Low <= certificate.BaseAgreement.Share)
            ui.WriteAlarm("The interval does not lie above the base's own agreement: these data do not show that "
                + "the ticket does anything.");
        ui.WriteLine();

        void Add(string name, Proportion p, string right) =>
            table.Add(name, Percent(p.Share), $"{Sizes.Count(p.Count)} of {Sizes.Count(p.Total)}",
            $"{Percent(p.Interval.Low)} to {Percent(p.Interval.High)}", right);
    }

    private void WriteViolations()
    {
        (int Index, CertifiedPosition Position, string Forms)[] found = [.. certificate.Positions.Index()
            .Select(p => (p.Index, p.Item, string.Join(", ", Enum.GetValues<CertificateForm>()
                .Where(form => p.Item.IsViolation(form, certificate.Threshold, certificate.Width)).Select(CertificateFile.NameOf))))
            .Where(p => p.Item3.Length > 0)];
        if (found.Length == 0)
        {
            ui.WriteLine(certificate.Forms.All(form => form.Certified == 0) ? "Nothing certified, so nothing violated."
                : "No violation: wherever a form certified, the ticket model predicts what the embed-tuned model predicts.");
            ui.WriteLine();
            return;
        }
        string[] falsified = [.. certificate.Forms.Where(form => form.Violations > 0).Select(form => CertificateFile.NameOf(form.Form))];
        ui.WriteAlarm($"VIOLATIONS: {Sizes.Count(found.Length, "position")} certified, and the ticket model predicts otherwise. "
            + $"This falsifies {Join(falsified)} for "
            + $"{(certificate.Mode == TicketMode.Transfer ? "Partial Transfer" : "Partial Tuning")} on these data.");
        TextTable table = new TextTable(">idx", ">line", ">target", "the target so far", "embed-tuned", ">p", "ticket model", ">margin/2",
            ">bound", "certified by")
            .Limit(3, ContextColumns).Limit(4, TokenColumns).Limit(6, TokenColumns);
        foreach ((int index, CertifiedPosition p, string forms) in found.OrderByDescending(p => p.Position.Margin).Take(maxViolations))
        {
            CertificateForm strictest = Enum.GetValues<CertificateForm>()
                .Last(form => p.IsViolation(form, certificate.Threshold, certificate.Width));
            table.Add(Text(index), Text(certificate.Pairs[p.Sample].Line), Text(p.Target), Context(index, p),
                tokenizer.Names.Visible(p.Tuned.First), NumberText.Fixed(p.Tuned.FirstProbability, 3),
                tokenizer.Names.Visible(p.TicketPrediction), NumberText.Fixed(p.Margin / 2, 3),
                NumberText.Fixed(p.Bound(strictest, certificate.Threshold, certificate.Width), 3), forms);
        }
        foreach (string line in table.Lines()) ui.WriteAlarm(line);
        if (found.Length > table.Count)
            ui.WriteAlarm($"… and {Sizes.Count(found.Length - table.Count)} more of smaller margin: --show 0 shows all");
        ui.WriteLine();
    }

    private void WriteSweep()
    {
        bool hasScores = certificate.TunedScores is not null;
        TextTable table =
            new([">alpha", ">tau", ">rows", .. Enum.GetValues<CertificateForm>().Select(form => $">{CertificateFile.NameOf(form)}"),
            ">violations of each", ">agreement", .. hasScores ? (string[])[">BLEU", ">1st line"] : []]);
        foreach (SweepPoint point in certificate.Sweep)
            table.Add([NumberText.Real(point.Alpha), NumberText.Fixed(point.Threshold, 4), Sizes.Count(point.Rows),
                .. point.Forms.Select(form => Share(form.Certified)),
                string.Join(" / ", point.Forms.Select(form => Sizes.Count(form.Violations))),
                Percent(point.Agreement.Share),
                .. point.Scores is { } s
                    ? (string[])[NumberText.Fixed(s.Raw.Bleu.Score, 2), NumberText.Fixed(s.FirstLine.Bleu.Score, 2)]
                    : []]);
        ui.WriteLine("Partial Transfer of the ticket of each alpha, each holding those of the smaller ones:");
        ui.Write(table);
        if (certificate.TunedScores is { } tuned)
            ui.WriteLine($"the embed-tuned model itself: BLEU {NumberText.Fixed(tuned.Raw.Bleu.Score, 2)}, first line "
                + $"{NumberText.Fixed(tuned.FirstLine.Bleu.Score, 2)}");
        ui.WriteLine();
    }

    private void WriteClaims()
    {
        ui.WriteLine($"What is certified: {Claims.Certified}");
        ui.WriteLine(Claims.Origin);
        foreach (CertificateForm form in Enum.GetValues<CertificateForm>())
            ui.WriteLine($"- {CertificateFile.NameOf(form)}: {Claims.Of(form)}");
        if (Claims.Of(certificate.Mode) is { } more) ui.WriteLine($"- {more}");
        if (certificate.Ticket.Origin.IsResized) ui.WriteLine($"- {Claims.Resized}");
        foreach (string assumption in Claims.Assumptions) ui.WriteLine($"- {assumption}");
        ui.WriteLine("- The intervals take positions to be independent; those of one pair are not, so look at whole pairs too.");
        ui.WriteLine();
    }

    /// <summary>The reference tokens before a position, the last few of them.</summary>
    private string Context(int index, CertifiedPosition position)
    {
        int count = Math.Min(position.Target, ContextTokens);
        string text = string.Concat(certificate.Positions.Skip(index - count).Take(count).Select(p => tokenizer.Names.Visible(p.Label)));
        return position.Target > count ? "…" + text : text;
    }

    private static string Condition(CertificateForm form) => form switch
    {
        CertificateForm.Dataset => "tau < margin/2",
        CertificateForm.Max => "max(tau, largest D read) < margin/2",
        _ => "sum of D read < margin/2",
    };

    private static string Join(string[] forms) => forms.Length == 1 ? $"the {forms[0]} form" : $"the forms {string.Join(" and ", forms)}";

    private string Share(long count) => Percent((double)count / Total);

    private static string Percent(double share) =>
        NumberText.Fixed(100 * share, share is >= 0.9995 and < 1 or > 0 and < 0.0005 ? 3 : 1) + " %";

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private void WriteJson(Utf8JsonWriter json)
    {
        CertificateFile.WriteSummary(json, certificate);
        json.WriteString("checked", Checked);
        if (Stops is { } stops) StopOptions.WriteJson(json, stops, tokenizer);
        json.WriteNumber("seconds", Elapsed.TotalSeconds);
        json.WriteStrings("files", Files.Select(file => Path.Combine(Out!, file)));
    }
}
