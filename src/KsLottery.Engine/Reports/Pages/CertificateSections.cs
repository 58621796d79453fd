using System.Text;

namespace KsLottery.Engine.Reports;

/// <summary>What a page says of a certificate: all that the terminal says.</summary>
internal static class CertificateSections
{
    private const int MaxViolations = 500, MaxShown = 40;

    /// <summary>What was found, a paragraph each.</summary>
    public static IEnumerable<string> Summary(CertificateRecord certificate)
    {
        long all = certificate.Positions;
        CertificateFormLine[] broken = [.. certificate.Forms.Where(f => f.Violations > 0)];
        string forms = string.Join(", ", certificate.Forms.Select(f => $"{f.Name} {Share(f.Certified, all)}"));
        yield return $"Of {Digits.Count(all, "target position")} the forms certify: {forms}. "
            + (broken.Length > 0 ? $"{Digits.Count(certificate.Violations.Count, "position")} certified and yet decided otherwise: this "
                + $"falsifies {(broken.Length == 1 ? "the form" : "the forms")} {Digits.List([.. broken.Select(f => f.Name)])} here."
            : certificate.Forms.All(f => f.Certified == 0) ? "Nothing certified, so nothing violated."
            : "No violation: wherever a form certified, the ticket’s model predicts as the embed-tuned one.");
        CertificateShare own = certificate.Agreement, without = certificate.BaseAgreement;
        yield return $"The ticket’s model predicts as the embed-tuned one at {Digits.Percent(own.Share)} of positions, the base without "
            + $"the ticket at {Digits.Percent(without.Share)}."
            + (certificate.IsTransfer && own.Low <= without.Share
                ? " The interval does not lie above the base’s own agreement: these data do not show that the ticket does anything." : "");
    }

    /// <summary>The same of the table of positions alone.</summary>
    public static string Summary(IReadOnlyList<PositionMargin> positions) =>
        $"{Digits.Count(positions.Count(p => p.IsCertified))} of {Digits.Count(positions.Count, "position")} are certified by the max "
        + $"form, {Digits.Count(positions.Count(p => p.IsCertified && p.IsCorrect))} of them with the data’s token; at "
        + $"{Digits.Count(positions.Count(p => p.Agrees))} the ticket’s model agrees with the embed-tuned one.";

    public static IEnumerable<(string, string)> Tiles(CertificateRecord certificate)
    {
        foreach (CertificateFormLine form in certificate.Forms)
            yield return (Share(form.Certified, certificate.Positions), $"of positions certified by the {form.Name} form");
        yield return (Digits.Count(certificate.Violations.Count), certificate.Violations.Count == 1 ? "violation" : "violations");
        yield return (Digits.Percent(certificate.Agreement.Share), "of positions agree with the embed-tuned model");
    }

    /// <summary>The section.</summary>
    public static void Write(StringBuilder html, ReportContent content)
    {
        if (content.Certificate is { } certificate)
        {
            WriteForms(html, certificate);
            WriteAgreement(html, certificate);
            WriteViolations(html, certificate);
            WriteFacts(html, certificate);
        }
        else if (content.Positions.Count > 0)
        {
            WriteViolations(html, content.Positions);
            html.Append("<p class=\"soft\">Certified is agreement with the embed-tuned model under stated assumptions, reconstructed from "
                + "what is public of the paper; not the quality of a translation.</p>\n");
        }
    }

    private static void WriteForms(StringBuilder html, CertificateRecord certificate)
    {
        html.Append("<h3>What each form certifies</h3>\n");
        PageTable table = new("<form", "<certified where", "certified", "share", "and right", "violations");
        foreach (CertificateFormLine form in certificate.Forms)
            table.Add(new(form.Name), new(form.Condition), PageCell.Of(form.Certified), Share2(form.Certified, certificate.Positions),
                Share2(form.Right, certificate.Positions), PageCell.Of(form.Violations));
        table.WriteHtml(html, "Forms of the certificate");
        foreach (CertificateFormLine form in certificate.Forms.Where(f => f.Certified == 0))
            html.Append("<p class=\"soft\">").Append(Markup.Encode($"The {form.Name} form certifies nothing here: it speaks neither for "
                + "the ticket nor against it.")).Append("</p>\n");
        if (certificate.Outside.AboveTau > 0)
            html.Append("<p class=\"warn\">").Append(Markup.Encode($"{Digits.Count(certificate.Outside.AboveTau, "row")} outside the "
                + $"ticket moved farther than τ (largest D {Digits.Fixed(certificate.Outside.LargestD, 4)}): what the dataset form takes "
                + "for granted does not hold.")).Append("</p>\n");
    }

    private static void WriteAgreement(StringBuilder html, CertificateRecord certificate)
    {
        html.Append("<h3>Who predicts as the embed-tuned model</h3>\n");
        PageTable table = new("<model", "agrees", "of", "share", "interval from", "to", "right");
        Add("ticket’s model", certificate.Agreement, certificate.Right.Ticket);
        Add("base without the ticket", certificate.BaseAgreement, certificate.Right.Base);
        Add("ticket’s model, whole pairs", certificate.PairAgreement, null);
        table.Add(new("embed-tuned model"), new("–"), new("–"), new("–"), new("–"), new("–"),
            Share2(certificate.Right.Tuned, certificate.Positions));
        table.WriteHtml(html, "Agreement with the embed-tuned model");
        html.Append("<p class=\"soft\">Right: predicts the data’s token. The intervals take positions to be independent; those of one pair "
            + "are not, so look at whole pairs too.</p>\n");

        void Add(string name, CertificateShare share, long? right) => table.Add(new(name), PageCell.Of(share.Count),
            PageCell.Of(share.Total), Share2(share.Count, share.Total), new(Digits.Fixed(100 * share.Low, 1) + " %", share.Low),
            new(Digits.Fixed(100 * share.High, 1) + " %", share.High),
            right is { } count ? Share2(count, certificate.Positions) : new("–"));
    }

    private static void WriteViolations(StringBuilder html, CertificateRecord certificate)
    {
        html.Append("<h3>Violations</h3>\n");
        if (certificate.Violations.Count == 0)
        {
            html.Append("<p>No position was certified and yet decided otherwise.</p>\n");
            return;
        }
        PageTable table = new("position", "line", "target", "`the target so far", "`data", "`embed-tuned", "p", "`ticket’s model",
            "margin/2", "bound", "<certified by");
        foreach (CertificateViolation v in certificate.Violations.Take(MaxViolations))
            table.Add(PageCell.Of(v.Index), PageCell.Of(v.Line), PageCell.Of(v.Target), PageCell.Token(v.Context), PageCell.Token(v.Label),
                PageCell.Token(v.Tuned), PageCell.Of(v.Probability, 3), PageCell.Token(v.Ticket), PageCell.Of(v.HalfMargin, 3),
                PageCell.Of(v.Bound, 3), new(v.Forms));
        table.WriteHtml(html, "Violations");
        if (certificate.WhyNumbers is { } why) html.Append("<p class=\"soft\">").Append(Markup.Encode(why)).Append("</p>\n");
        if (certificate.Violations.Count > MaxViolations)
            html.Append("<p class=\"soft\">").Append(Digits.Count(certificate.Violations.Count - MaxViolations))
                .Append(" more, of smaller margin, stand in certificate.json.</p>\n");
    }

    private static void WriteViolations(StringBuilder html, IReadOnlyList<PositionMargin> positions)
    {
        PositionMargin[] violations = [.. positions.Where(p => p.IsViolation)];
        if (violations.Length == 0)
        {
            html.Append("<p>No position was certified and yet decided otherwise.</p>\n");
            return;
        }
        string shown = string.Join(", ", violations.Take(MaxShown).Select(v => v.Position));
        html.Append("<p class=\"warn\">").Append(Markup.Encode($"{Digits.Count(violations.Length, "violation")}: certified, and yet the "
            + "ticket’s model decides otherwise. This falsifies the form of the certificate: "
            + $"position {shown}{(violations.Length > MaxShown ? $", and {Digits.Count(violations.Length - MaxShown)} more" : "")}."))
            .Append("</p>\n");
    }

    private static void WriteFacts(StringBuilder html, CertificateRecord c)
    {
        string by = c.IsByRank ? "chosen by rank; " : "";
        (string, string)[] facts =
        [
            ("ticket", $"{Digits.Count(c.Rows.Ticket, "row")} of {Digits.Count(c.Rows.All)}, {by}α = {Digits.Real(c.Alpha)}, "
                + $"τ = {Digits.Fixed(c.Tau, 4)} at d = {Digits.Count(c.Rows.Width)}"),
            ("model", c.IsTransfer ? "Partial Transfer: the base with the embed-tuned rows of the ticket"
                : "Partial Tuning: the base with the ticket’s rows trained again"),
            ("data", $"{Digits.Count(c.Positions, "target position")} of {Digits.Count(c.Pairs, "pair")}"
                + (c.PairsLeftOut == 0 ? "" : $"; {Digits.Count(c.PairsLeftOut)} left out")),
            ("rows read", c.RowsRead),
            ("signature", c.Signature),
        ];
        html.Append("<dl>");
        foreach ((string name, string value) in facts)
            html.Append("<dt>").Append(name).Append("</dt><dd>").Append(Markup.Encode(value)).Append("</dd>");
        html.Append("</dl>\n<h3>What this means</h3>\n<ul class=\"soft\">");
        foreach (string claim in c.Claims) html.Append("<li>").Append(Markup.Encode(claim)).Append("</li>");
        html.Append("</ul>\n");
    }

    private static string Share(long count, long of) => of == 0 ? "–" : Digits.Fixed(100.0 * count / of, 1) + " %";

    private static PageCell Share2(long count, long of) => new(Share(count, of), of == 0 ? null : (double)count / of);
}
