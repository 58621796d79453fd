using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class ExcludedRowsTests
{
    private static readonly RowKinds[] Kinds = [RowKinds.Special, RowKinds.Byte, RowKinds.Degenerate | RowKinds.Byte | RowKinds.Unused];

    [Test]
    public void Rows_of_a_kind_cannot_win_and_others_keep_what_they_have([ValueSource(nameof(Kinds))] RowKinds exclude)
    {
        Ticket all = Find(new BelowAlpha(), RowKinds.None), some = Find(new BelowAlpha(), exclude);
        string[] words = [.. RowKindNames.NamesOf(exclude)];
        TicketEntry[] expected = [.. all.Entries.Where(e => !e.Category.Split(',').Intersect(words).Any())];
        Assert.That(some.Entries, Is.EqualTo(expected));
        Assert.That((some.Tested, some.CriticalCount, some.Changed), Is.EqualTo((all.Tested, all.CriticalCount, all.Changed)));
        Assert.That(some.Signature.ToString(), Does.Contain($"|exclude:{string.Join(',', words)}|"));
    }

    [Test]
    public void Others_take_their_places_where_a_number_is_asked_for()
    {
        Ticket all = Find(new TopUnits(512), RowKinds.None), some = Find(new TopUnits(40), RowKinds.Byte);
        Assert.That(all.Entries.Take(40).Count(e => e.Category.EndsWith(",byte", StringComparison.Ordinal)), Is.Positive);
        Assert.That(some.Entries, Is.EqualTo(all.Entries.Where(e => !e.Category.EndsWith(",byte", StringComparison.Ordinal)).Take(40)));
    }

    [Test]
    public void The_file_keeps_the_kinds_and_refuses_others()
    {
        using TemporaryFolder folder = new();
        Ticket ticket = Find(new BelowAlpha(), RowKinds.Byte | RowKinds.Special);
        TicketFile.Write(folder.File("t"), ticket);
        Assert.That(TicketFile.Read(folder.File("t")).Exclude, Is.EqualTo(ticket.Exclude));
        File.WriteAllText(folder.File("t"), File.ReadAllText(folder.File("t")).Replace("\"byte\"", "\"bytes\"", StringComparison.Ordinal));
        Assert.That(() => TicketFile.Read(folder.File("t")), Throws.TypeOf<InvalidDataException>().With.Message.Contains("exclude"));
    }

    [Test]
    public void Every_field_of_the_file_is_on_the_page_of_formats()
    {
        using TemporaryFolder folder = new();
        TicketFile.Write(folder.File("t"), Find(new BelowAlpha(), RowKinds.Byte));
        string page = File.ReadAllText(Path.Combine(SharedData.Root, "docs", "formats.md"));
        using System.Text.Json.JsonDocument ticket = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(folder.File("t")));
        string[] fields = [.. ticket.RootElement.EnumerateObject().Select(p => p.Name),
            .. ticket.RootElement.GetProperty("entries")[0].EnumerateObject().Select(p => p.Name)];
        Assert.That(fields.Where(field => !page.Contains($"`{field}`", StringComparison.Ordinal)), Is.Empty);
    }

    private static Ticket Find(TicketSelection selection, RowKinds exclude)
    {
        using Checkpoint before = Checkpoint.Open(SharedData.Path("models", "hf", "stories260K_hf")),
            after = Checkpoint.Open(SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1"));
        RowTokens tokens = new(TokenTable.Open(SharedData.Path("tokenizers", "tok512", "tok512.model")), before.Config);
        return TicketFinder.FindRows(before, after, new() { Selection = selection, Exclude = exclude, Tokens = tokens }).Ticket;
    }
}
