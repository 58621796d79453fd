using System.Text;

namespace KsLottery.Engine.Reports;

/// <summary>Puts the page together: one HTML file that needs no other, and that any XML reader takes as well.</summary>
internal sealed class Page
{
    /// <summary>What a page of ours holds near its beginning.</summary>
    public const string Mark = "<meta name=\"generator\" content=\"kslottery\"/>";

    private const int MaxNumbers = 40;

    private readonly ReportContent _content;
    private readonly List<(string Id, string Title, IReadOnlyList<Figure> Figures, Action<StringBuilder>? WriteText)> _sections = [];

    public Page(ReportContent content)
    {
        _content = content;
        if (content.Arms.Count > 0) Add("arms", "What the ticket is worth", html => ArmSections.Write(html, content));
        if (content.Positions.Count + content.Sweep.Count > 0 || content.Certificate is not null)
            Add("certificate", "What is certified", html => CertificateSections.Write(html, content));
        if (content.Rows is { } rows) AddTicket(rows);
        if (content.Units is { } units)
            Add("units", content.Rows is null ? "The ticket" : "The ticket of units", html => UnitSections.Write(html, units));
        if (content.Tickets.Count > 1 || content.Masks.Count > 1 || content.Findings.Count > 0)
            Add("tickets", content.Tickets.Count > 1 || content.Masks.Count > 1 || content.Findings.Count > 1 ? "Tickets compared"
                : "What the ticket is made of", html => PageSections.WriteTickets(html, content.Findings));
        if (content.Trainings.Count > 0) Add("training", "Training");
        if (content.Sparsities.Count > 0) Add("sparsity", "Pruning");
        if (content.Tensors.Count > 0) Add("tensors", "The whole model");
    }

    /// <summary>All charts, in their order.</summary>
    public IEnumerable<Figure> Figures => _sections.SelectMany(s => s.Figures);

    /// <summary>The ids of the sections.</summary>
    public IEnumerable<string> Sections => _sections.Select(s => s.Id);

    /// <summary>Writes the page.</summary>
    /// <param name="hasFiles">Whether the files of the charts stand beside it, so that it can point to them.</param>
    public string ToHtml(bool hasFiles)
    {
        string title = $"{PageHead.Title(_content)} · kslottery";
        StringBuilder html = new();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n").Append(Mark).Append('\n')
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"").Append(Markup.Encode(PageStyle.Policy)).Append("\"/>\n")
            .Append("<title>").Append(Markup.Encode(title)).Append("</title>\n")
            .Append("<style>\n").Append(PageStyle.Css).Append('\n').Append(ChartStyle.Css).Append("\n</style>\n</head>\n<body>\n");
        WriteHeader(html);
        html.Append("<main>\n");
        foreach ((string id, string name, IReadOnlyList<Figure> figures, Action<StringBuilder>? writeText) in _sections)
        {
            html.Append("<section id=\"").Append(id).Append("\">\n<h2>").Append(Markup.Encode(name)).Append("</h2>\n");
            writeText?.Invoke(html);
            if (figures.Count > 0)
            {
                html.Append("<div class=\"figures\">\n");
                foreach (Figure figure in figures) WriteFigure(html, figure, hasFiles);
                html.Append("</div>\n");
            }
            html.Append("</section>\n");
        }
        WriteManifest(html);
        return html.Append("</main>\n").Append("<script>").Append(PageStyle.Script).Append("</script>\n</body>\n</html>\n").ToString();
    }

    private void AddTicket(TestedRows rows)
    {
        bool isEmpty = rows.Ticket.Entries.Count == 0;
        string name = _content.Tickets.Count > 0 ? _content.Tickets[0].Name : _content.Name;
        Add("ticket", _content.Tickets.Count > 1 ? $"One ticket: {name}" : "The ticket", html =>
        {
            if (_content.Tickets.Count > 1)
                html.Append("<p>").Append(Markup.Encode($"{Chosen(isEmpty)} of {Digits.Count(_content.Tickets.Count)}, by the names of "
                    + $"their folders; kslottery report on {string.Join(", ", _content.Tickets.Skip(1).Select(t => t.Name))} shows "
                    + $"{(_content.Tickets.Count == 2 ? "the other" : "the others")}. {PageSections.Summary(rows)}")).Append("</p>\n");
            else if (_content.Arms.Count > 0 || _content.Certificate is not null || _content.Positions.Count > 0)
                html.Append("<p>").Append(Markup.Encode(PageSections.Summary(rows))).Append("</p>\n");
            if (isEmpty && rows.Best.Count > 0)
                html.Append("<p>No row is below α. The table shows the rows that come nearest; they are no ticket.</p>\n");
            if (rows.Best.Count > 0) PageSections.WriteTicket(html, rows);
            html.Append("<p class=\"soft\">D is the largest distance between a row’s values before and after, as distributions; h = d·D is "
                + "a whole number, and p depends on it alone. Before and after are one row twice and not two samples: p is a score to "
                + "choose by, not the chance of an error. A row marked degenerate was constant or nearly zero before, and gets a large D "
                + "from any noise.</p>\n");
        });
    }

    private static string Chosen(bool isEmpty) => isEmpty ? "The first" : "The first that is not empty";

    private void Add(string id, string title, Action<StringBuilder>? writeText = null) =>
        _sections.Add((id, title, [.. PageCharts.Draw(id, _content)], writeText));

    private void WriteHeader(StringBuilder html)
    {
        html.Append("<header>\n<h1>").Append(Markup.Encode(PageHead.Title(_content))).Append("</h1>\n");
        foreach (string paragraph in PageHead.Lede(_content))
            html.Append("<p class=\"lede\">").Append(Markup.Encode(paragraph)).Append("</p>\n");
        if (PageHead.Tiles(_content).ToArray() is { Length: > 0 } tiles)
        {
            html.Append("<ul class=\"tiles\">");
            foreach ((string number, string what) in tiles)
                html.Append("<li><b><bdi>").Append(Markup.Encode(number)).Append("</bdi></b><span>").Append(Markup.Encode(what))
                    .Append("</span></li>");
            html.Append("</ul>\n");
        }
        html.Append("</header>\n<nav aria-label=\"Sections\"><ul>");
        foreach ((string id, string title, _, _) in _sections)
            html.Append("<li><a href=\"#").Append(id).Append("\">").Append(Markup.Encode(title)).Append("</a></li>");
        html.Append("<li><a href=\"#manifest\">Where this comes from</a></li></ul></nav>\n");
    }

    private static void WriteFigure(StringBuilder html, Figure figure, bool hasFiles)
    {
        html.Append("<figure id=\"").Append(figure.Name).Append("\">\n<h3>").Append(Markup.Encode(figure.Title)).Append("</h3>\n")
            .Append(figure.Chart.ToSvg(isFile: false)).Append("<figcaption>").Append(Markup.Encode(figure.Caption));
        if (hasFiles)
            html.Append(" <span class=\"files\"><a href=\"").Append(figure.Name).Append(".svg\">drawing</a> · <a href=\"")
                .Append(figure.Name)
                .Append(".tsv\">numbers</a></span>");
        html.Append("</figcaption>\n");
        if (figure.Numbers.Rows.Count is > 0 and <= MaxNumbers)
        {
            html.Append("<details><summary>Numbers</summary>");
            figure.Numbers.WriteHtml(html, $"Numbers: {figure.Title}");
            html.Append("</details>\n");
        }
        html.Append("</figure>\n");
    }

    private void WriteManifest(StringBuilder html)
    {
        html.Append("<section id=\"manifest\">\n<h2>Where this comes from</h2>\n");
        if (_content.Origin.Count > 0) WriteFacts(html, _content.Origin.Select(fact => (fact.Key, fact.Value)));
        foreach (string remark in _content.Remarks) html.Append("<p class=\"soft\">").Append(Markup.Encode(remark)).Append("</p>\n");
        foreach (FactGroup group in _content.Facts)
        {
            bool isOpen = group == _content.Facts[0] && group.Name.EndsWith(": ticket", StringComparison.Ordinal);
            html.Append("<details").Append(isOpen ? " open=\"open\"" : "").Append("><summary>")
                .Append(Markup.Encode(group.Name))
                .Append("</summary>");
            WriteFacts(html, group.Values);
            html.Append("</details>\n");
        }
        html.Append("</section>\n");
    }

    private static void WriteFacts(StringBuilder html, IEnumerable<(string Name, string Value)> facts)
    {
        html.Append("<dl>");
        foreach ((string name, string value) in facts)
            html.Append("<dt>").Append(Markup.Encode(name)).Append("</dt><dd><code>").Append(Markup.Encode(value)).Append("</code></dd>");
        html.Append("</dl>\n");
    }
}
